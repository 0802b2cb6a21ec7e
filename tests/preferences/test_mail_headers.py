"""What every non-essential mail bears on the wire (RFC 2369, RFC 2919, RFC 8058), read from the raw bytes that a server got."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.actor import Actor
from privacycenter.mail import kinds
from privacycenter.mail.domain import queue_message
from privacycenter.mail.enums import MessageState
from privacycenter.mail.guards import Outgoing
from privacycenter.mail.kinds import MessageKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences import mail_guard
from privacycenter.preferences.domain import choose, stop_all_marketing
from privacycenter.preferences.links import link_with
from privacycenter.preferences.mail_headers import list_id
from privacycenter.preferences.models import LinkToken, Suppression, Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.domain import merge_subjects
from tests.factories.preferences import PERSON, STAFF, make_person, make_topic, presented
from tests.mail.helpers import delivered, html_of, text_of
from tests.services.parts import MailServer

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("D-05")]

ADA = "ada@example.com"
LONG = "https://preferences.customer-communication.department-of-privacy.a-company-with-a-rather-long-name.example:8443"


@pytest.fixture(autouse=True)
def _news() -> Any:
    made = make_topic()
    Topic.objects.filter(pk=made.pk).update(title="Product news")
    choose(party_of(make_person(ADA)), on=[Scope("news_and_offers", "product_news", "email")], presented=presented(), actor=PERSON)
    with kinds.temporarily(
        MessageKind("test.news", "News", essential=False, template="preferences/link", purpose="news_and_offers", topic="product_news")
    ):
        yield


@pytest.fixture
def over_smtp(settings: Any, smtp_server: MailServer) -> MailServer:
    """The real backend over a real connection."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", urlsplit(smtp_server.url).port
    return smtp_server


def send(**further: Any) -> OutboxMessage:
    return queue_message("test.news", to=ADA, context={"link": "x"}, actor=Actor.system("test"), **further)


@pytest.mark.services
@pytest.mark.parametrize("site", ["http://localhost:8000", "https://privacy.example.com", "https://bücher.example", LONG])
def test_the_headers_are_whole_in_the_bytes_that_arrive(over_smtp: MailServer, settings: Any, site: str) -> None:
    settings.SITE_URL = site
    message = send()
    run_until_idle()

    [(_recipients, raw)] = over_smtp.received
    head, _, _body = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    ascii_site = site.replace("bücher", "xn--bcher-kva").encode()
    host = urlsplit(ascii_site.decode()).hostname
    [unsubscribe] = [line for line in lines if line.lower().startswith(b"list-unsubscribe:")]
    assert re.fullmatch(rb"List-Unsubscribe: <" + re.escape(ascii_site) + rb"/u/[A-Za-z0-9_-]{22}>", unsubscribe)
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert f"List-Id: <product_news.lists.{host}>".encode() in lines
    assert b"List-Help: <" + ascii_site + b"/preferences/>" in lines
    assert b"List-Owner: <mailto:hi@synorexcloud.com>" in lines
    assert [line for line in lines if b"=?" in line and line.lower().startswith(b"list-")] == []
    # no header begins with an empty line, and none is broken in the middle
    assert all(re.fullmatch(rb"[A-Za-z-]+: \S.*|[ \t]+\S.*", line) for line in lines)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998  # RFC 5322, 2.1.1
    message.refresh_from_db()
    assert (message.state, message.headers, message.topic) == (MessageState.SENT, "", "product_news")


def test_the_link_of_the_header_is_that_of_the_footer_and_works() -> None:
    send(campaign="C-1")
    [message] = delivered(ADA)

    address = str(message["List-Unsubscribe"]).strip("<>")
    assert f"Unsubscribe from Product news: {address}" in text_of(message)
    assert f'<a href="{address}">Unsubscribe from Product news</a>' in html_of(message)
    preferences = re.search(r"Choose what we may send you, or pause it: (http\S+)", text_of(message))
    assert preferences is not None
    assert Client().get(urlsplit(preferences[1]).path).status_code == 200
    found = link_with(address.rpartition("/")[2])
    assert found is not None
    assert (found.topic, found.campaign) == ("product_news", "C-1")
    assert Client().post(urlsplit(address).path).status_code == 200
    assert Suppression.objects.get().topic == "product_news"


def test_each_message_has_links_of_its_own_and_nothing_of_them_stays_in_the_outbox() -> None:
    first, second = send(), send()
    assert first.headers != second.headers
    delivered()

    assert set(OutboxMessage.objects.values_list("headers", flat=True)) == {""}
    assert LinkToken.objects.count() == 4


def test_a_message_about_no_topic_offers_to_stop_all_marketing() -> None:
    with kinds.temporarily(MessageKind("test.any", "Any", essential=False, template="preferences/link", purpose="marketing_improvement")):
        queue_message("test.any", to=ADA, context={"link": "x"}, actor=Actor.system("test"))
        [message] = delivered(ADA)

    assert "Unsubscribe from all marketing: http" in text_of(message)
    assert message["List-Id"] == "<marketing.lists.localhost>"


def test_a_title_adds_no_header_and_no_line() -> None:
    Topic.objects.update(title="News\r\nBcc: eve@example.com\n\nHello: http://localhost:8000/evil")
    send()
    [message] = delivered(ADA)

    assert message["Bcc"] is None
    assert [line for line in text_of(message).splitlines() if line.startswith("Bcc")] == []
    assert html_of(message).count('href="http://localhost:8000/evil"') == 0


def test_essential_mail_bears_none_of_it() -> None:
    queue_message("preferences.link", to=ADA, context={"link": "http://localhost:8000/p/x/"}, actor=Actor.system("test"))
    [message] = delivered(ADA)

    assert [name for name in message if name.startswith("List-")] == []
    assert "Unsubscribe" not in text_of(message)


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("http://127.0.0.1:8000", "news.lists.localhost"),
        ("http://[::1]:8000", "news.lists.localhost"),
        ("https://privacy.example.com", "news.lists.privacy.example.com"),
    ],
)
def test_the_name_of_a_list_is_a_domain_name(settings: Any, site: str, expected: str) -> None:
    settings.SITE_URL = site

    assert list_id("news") == expected


def test_the_gate_is_asked_about_the_person_into_whom_the_reader_was_merged() -> None:
    gone, kept = make_person("bea@example.com"), make_person("cleo@example.com")
    choose(party_of(kept), on=[Scope("news_and_offers", "product_news", "email")], presented=presented(), actor=PERSON)
    outgoing = Outgoing("test.news", ADA, str(gone.public_id), "news_and_offers", "product_news")
    merge_subjects(kept, gone, reason="same person", actor=STAFF)
    assert mail_guard.allows(outgoing)

    stop_all_marketing(party_of(kept), presented=presented(), actor=PERSON)
    assert not mail_guard.allows(outgoing)
