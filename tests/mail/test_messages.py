"""What a message says, and what can't be slipped into it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import gettext_lazy

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.mail.domain import Paragraphs, new_message_id, queue_message
from privacycenter.mail.errors import UnfitTemplate, UnknownMessageKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.rendering import render_words
from tests.mail.helpers import code_in, delivered, html_of, link_in, text_of

pytestmark = pytest.mark.django_db

ACTOR = Actor.system("test")
LINK = "http://localhost:8000/requests/R-1/"


def send(**context: Any) -> OutboxMessage:
    values = {"name": "Ada", "code": "ABCD-2345", "link": LINK} | context
    return queue_message("test.hello", to="ada@example.com", context=values, actor=ACTOR)


def test_a_message_says_the_same_in_both_parts() -> None:
    send()
    [message] = delivered("ada@example.com")

    assert message["Subject"] == "A code for Ada"
    assert message["To"] == "ada@example.com"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert (code_in(message), link_in(message)) == ("ABCD-2345", LINK)
    html = html_of(message)
    assert f'<a href="{LINK}">{LINK}</a>' in html
    assert '<p class="code">ABCD-2345</p>' in html
    assert "<ul><li>first &lt;point&gt;</li><li>second point</li></ul>" in html
    for line in text_of(message).splitlines():
        words = line.strip().removeprefix("- ").replace("<", "&lt;").replace(">", "&gt;")
        assert words == "--" or words in html
    assert "Synorex sent this message automatically" in text_of(message)


def test_nothing_in_a_message_comes_from_elsewhere_or_tracks() -> None:
    send()
    [message] = delivered()

    for word in ("<img", "<script", "src=", "url(", "@import", "http://www", "https://"):
        assert word not in html_of(message)


def test_its_headers_say_that_a_machine_wrote_it_and_in_which_language() -> None:
    row = send()
    [message] = delivered()

    assert message["Message-ID"] == row.message_id
    assert row.message_id.endswith("@localhost>")
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "en")
    assert message["Date"].datetime == row.queued_at.replace(microsecond=0)


@pytest.mark.parametrize(
    "name",
    [
        "Ada\r\nBcc: eve@example.com",
        "Ada\nBcc: eve@example.com",
        "Ada\rBcc: eve@example.com",
        "Ada\u2028Bcc: eve@example.com",
        "Ada\x0bBcc: eve@example.com\x00\x1b",
        "Ada\n\n<a href='http://evil.example'>x</a>",
        "Ada\u202egnp.exe",
        "Ada " * 2000,
    ],
)
def test_a_value_adds_no_header_no_paragraph_and_no_markup(name: str) -> None:
    send(name=name)
    [message] = delivered()

    assert message["Bcc"] is None
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert len(message["Subject"]) <= 150
    assert text_of(message).startswith("Hello Ada")
    assert text_of(message).splitlines()[1:3] == ["", "here is your code:"]
    assert "<a href='http://evil" not in html_of(message)
    assert not {"\x00", "\x1b", "\u202e"} & set(text_of(message))


def test_a_card_number_is_masked() -> None:
    send(note=Paragraphs("My card is 4111 1111 1111 1111"))
    [message] = delivered()

    assert "[card number ending 1111]" in text_of(message)
    assert "4111 1111" not in str(message)


def test_what_a_colleague_wrote_keeps_its_paragraphs() -> None:
    send(note=Paragraphs("One.\n\nTwo."))
    [message] = delivered()

    assert "One.\n\nTwo.\n" in text_of(message)
    assert "<p>One.</p>\n<p>Two.</p>" in html_of(message)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_only_plain_values_reach_a_template(value: Any) -> None:
    with pytest.raises(TypeError):
        send(name=value)


def test_lazy_words_and_numbers_are_plain_values() -> None:
    assert render_words("mail/test/hello.txt", {"name": gettext_lazy("Ada"), "code": 7}, language="en").subject == "A code for Ada"


@pytest.mark.parametrize("kind", ["test.no_subject", "test.no_body"])
def test_a_template_without_subject_or_body_is_refused(kind: str) -> None:
    with pytest.raises(UnfitTemplate):
        queue_message(kind, to="ada@example.com", context={}, actor=ACTOR)


def test_an_unknown_kind_and_an_impossible_address_are_refused() -> None:
    with pytest.raises(UnknownMessageKind):
        queue_message("test.unknown", to="ada@example.com", context={}, actor=ACTOR)
    for address in ("ada", "ada@example.com\nBcc: eve@example.com", "ada@example.com, eve@example.com", ""):
        with pytest.raises(InvalidIdentifier):
            queue_message("test.hello", to=address, context={"name": "Ada"}, actor=ACTOR)
    assert OutboxMessage.objects.count() == 0


@pytest.mark.parametrize(
    ("site", "domain"), [("https://privacy.example.com", "privacy.example.com"), ("https://bücher.example", "xn--bcher-kva.example")]
)
def test_message_ids_are_of_our_own_domain_and_never_the_same(settings: Any, site: str, domain: str) -> None:
    settings.SITE_URL = site
    first, second = new_message_id(), new_message_id()

    assert first != second
    assert first.endswith(f"@{domain}>")
