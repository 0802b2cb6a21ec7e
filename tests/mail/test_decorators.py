"""What rooms above add to non-essential messages, and what they can't: addressing, broken lines, mail without a way out."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from privacycenter.kernel.actor import Actor
from privacycenter.mail import decorators, guards, kinds
from privacycenter.mail.decorators import Decoration, FooterLine
from privacycenter.mail.domain import queue_message
from privacycenter.mail.errors import NoWayOut, UnfitHeader
from privacycenter.mail.guards import Outgoing
from privacycenter.mail.kinds import MessageKind
from privacycenter.mail.models import OutboxMessage
from tests.mail.helpers import delivered, html_of, text_of

pytestmark = pytest.mark.django_db

OUT = {"List-Unsubscribe": "<http://localhost:8000/u/token>"}


def queue(kind: str = "test.news", **further: str) -> OutboxMessage:
    return queue_message(kind, to="Ada@example.com", context={"name": "Ada"}, actor=Actor.system("test"), **further)


def test_a_decorator_is_told_whom_and_what_the_message_is_about() -> None:
    told: list[Outgoing] = []

    def note(outgoing: Outgoing) -> Decoration:
        told.append(outgoing)
        return Decoration(OUT)

    with decorators.temporarily(note):
        message = queue(subject_key="7", topic="news", campaign="C-1")
        queue("test.hello")

    assert told == [Outgoing("test.news", "ada@example.com", "7", "news_and_offers", "news", "C-1")]
    assert (message.topic, message.campaign) == ("news", "C-1")


def test_headers_and_footer_lines_reach_both_parts() -> None:
    footer = (FooterLine("Stop\nBcc: eve@example.com", "http://localhost:8000/u/token"), FooterLine("A word: http://elsewhere.example/"))
    with decorators.temporarily(lambda outgoing: Decoration({**OUT, "List-Id": "<news>"}, footer)), guards.temporarily(lambda _: True):
        queue()
        [message] = delivered()

    assert (message["List-Unsubscribe"], message["List-Id"], message["Bcc"]) == (OUT["List-Unsubscribe"], "<news>", None)
    assert "Stop Bcc: eve@example.com: http://localhost:8000/u/token\n" in text_of(message)
    assert '<a href="http://localhost:8000/u/token">Stop Bcc: eve@example.com</a>' in html_of(message)
    assert 'href="http://elsewhere.example/"' not in html_of(message)
    assert text_of(message).index("Stop") > text_of(message).index("\n-- \n")


def test_without_a_way_out_nothing_is_queued() -> None:
    for added in ((), (lambda outgoing: Decoration({"List-Id": "<x>"}),)):
        with decorators.temporarily(*added), pytest.raises(NoWayOut):
            queue()
    assert OutboxMessage.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Bcc", "eve@example.com"),
        ("to", "eve@example.com"),
        ("Subject", "Other"),
        ("X-Bad:", "x"),
        ("X Bad", "x"),
        ("", "x"),
        ("X-Line", "one\r\nBcc: eve@example.com"),
        ("X-Line", "one\n two"),
        ("X-Word", "grün"),
        ("X-Empty", ""),
        ("X-Blank", " x"),
        ("X-Long", "x" * 901),
    ],
)
def test_a_header_that_addresses_or_breaks_a_line_is_refused(name: str, value: str) -> None:
    with decorators.temporarily(lambda outgoing: Decoration({**OUT, name: value})), pytest.raises(UnfitHeader):
        queue()
    assert OutboxMessage.objects.count() == 0


def test_headers_are_encrypted_while_they_wait() -> None:
    queue()
    with connection.cursor() as cursor:
        cursor.execute("SELECT headers FROM mail_outboxmessage")
        assert b"token" not in bytes(cursor.fetchone()[0])
    assert "token" in OutboxMessage.objects.get().headers


@pytest.mark.parametrize(
    "kind",
    [
        MessageKind("test.bare", "No purpose", essential=False),
        MessageKind("test.both", "Both", essential=True, purpose="news_and_offers"),
        MessageKind("test.topic", "Topic", essential=True, topic="news"),
    ],
)
def test_a_kind_is_essential_or_has_a_purpose(kind: MessageKind) -> None:
    with pytest.raises(ImproperlyConfigured), kinds.temporarily(kind):
        pass


def test_every_essential_kind_says_why_it_can_not_be_switched_off() -> None:
    essential = [kind for kind in kinds.all_kinds().values() if kind.essential]

    assert essential
    assert [kind.key for kind in essential if not str(kind.why).strip()] == []
