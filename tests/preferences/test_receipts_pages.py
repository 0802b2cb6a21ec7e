"""Checking receipts in public: yes or no, what and when, and never whose."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from privacycenter.preferences.domain import Choice, record_choice
from privacycenter.preferences.enums import Channel, EventKind
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.receipt_words import control_words, method_words
from privacycenter.preferences.receipts import canonical, kept_receipt
from privacycenter.preferences.scopes import GPC, PARTNERS, Scope
from tests.factories.preferences import PERSON, make_person, make_topic, presented

pytestmark = pytest.mark.django_db

ADDRESS = "somebody.private@example.com"


@pytest.fixture
def event() -> ConsentEvent:
    make_topic(title="Product news")
    party = party_of(make_person(ADDRESS))
    scope = Scope("news_and_offers", "product_news", Channel.EMAIL)
    return record_choice(party, Choice(scope, EventKind.GIVEN), presented=presented(), actor=PERSON)


def address_of(digest: str) -> str:
    return reverse("preferences:receipt", args=[digest])


@pytest.mark.obligation("L-02")
def test_a_hash_that_we_know_is_confirmed_with_the_exact_text_and_nothing_personal(client, event):
    answer = client.get(address_of(event.receipt_sha256))
    page = answer.content.decode()

    assert answer.status_code == 200
    for words in ("this receipt is genuine", "Given", "News and offers", "Product news", "E-mail", "Do you want this?", event.text.sha256):
        assert words in page, words
    for secret in (ADDRESS, event.party_hash, str(event.record_id), str(event.event_id), event.party_key_id + "-"):
        assert secret not in page, secret


@pytest.mark.parametrize("digest", ["0" * 64, "x", "A" * 64, "0" * 63, "0" * 65, "%00", "١" * 64])
def test_any_other_hash_is_a_plain_no(client, event, digest):
    answer = client.get(f"/receipts/{digest}/")

    assert answer.status_code == 404
    assert "No: we have no receipt with this hash" in answer.content.decode()


def test_a_hash_in_capitals_is_the_same_hash(client, event):
    assert client.get(address_of(event.receipt_sha256.upper())).status_code == 200


def test_a_signal_has_a_page_though_its_purpose_is_not_in_the_data_map(client):
    event = record_choice(party_of(make_person()), Choice(Scope(GPC), EventKind.OBJECTED), presented=presented(), actor=PERSON)

    assert "Global Privacy Control" in client.get(address_of(event.receipt_sha256)).content.decode()


@pytest.mark.obligation("L-02")
def test_a_receipt_is_found_pasted_or_as_a_file_however_it_is_laid_out(client, event):
    kept = kept_receipt(event)
    assert kept is not None
    pasted = ({"receipt": text} for text in (event.receipt_sha256, f"  {event.receipt_sha256.upper()}\n", json.dumps(kept, indent=2)))
    file = {"file": SimpleUploadedFile("receipt.json", canonical(kept), "application/json")}

    for data in (*pasted, file):
        answer = client.post(reverse("preferences:receipts"), data)
        assert (answer.status_code, answer["Location"]) == (302, address_of(event.receipt_sha256))


def test_a_receipt_with_a_change_is_not_found(client, event):
    kept = kept_receipt(event)
    assert kept is not None

    answer = client.post(reverse("preferences:receipts"), {"receipt": json.dumps({**kept, "event_type": "refused"})}, follow=True)

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "{", "null", '{"a": NaN}', '{"a": "\\ud800"}', "\x00", "é" * 100, '{"a": ' + "9" * 5_000 + "}"]
)
def test_whatever_is_pasted_is_answered(client, text):
    assert client.post(reverse("preferences:receipts"), {"receipt": text}, follow=True).status_code in {200, 404}


def test_bytes_that_are_no_text_are_answered(client):
    file = SimpleUploadedFile("x.json", bytes(range(256)))

    assert client.post(reverse("preferences:receipts"), {"file": file}, follow=True).status_code == 404


@pytest.mark.parametrize("data", [{}, {"receipt": "  "}, {"receipt": "a" * 70_000}])
def test_nothing_and_too_much_are_said(client, data):
    answer = client.post(reverse("preferences:receipts"), data)

    assert answer.status_code == 200
    assert "field__error" in answer.content.decode()


def test_a_file_that_is_too_large_is_refused(client):
    answer = client.post(reverse("preferences:receipts"), {"file": SimpleUploadedFile("x.json", b"a" * 70_000)})

    assert "too large" in answer.content.decode()


def test_the_form_needs_no_account_and_keeps_to_forgery_protection():
    assert Client().get(reverse("preferences:receipts")).status_code == 200
    assert Client(enforce_csrf_checks=True).post(reverse("preferences:receipts"), {"receipt": "0" * 64}).status_code == 403


@pytest.mark.obligation("L-02")
def test_a_receipt_can_be_made_again_after_the_operator_is_renamed(event, settings):
    before = kept_receipt(event)
    settings.OPERATOR_NAME, settings.OPERATOR_COUNTRY = "Renamed", "DE"
    later = record_choice(party_of(make_person()), Choice(Scope("support"), EventKind.GIVEN), presented=presented(), actor=PERSON)

    after, newer = kept_receipt(event), kept_receipt(later)

    assert before == after
    assert newer is not None
    assert newer["pii_controllers"][0]["name"] == "Renamed"


def test_an_event_that_was_changed_fits_its_hash_no_more(client, event):
    event.kind = EventKind.REFUSED

    assert kept_receipt(event) is None


def test_a_choice_about_partners_and_its_way_read_in_words(client):
    event = record_choice(party_of(make_person()), Choice(Scope(PARTNERS), EventKind.REFUSED), presented=presented(), actor=PERSON)
    page = client.get(address_of(event.receipt_sha256)).content.decode()

    assert "<dd>Partners</dd>" in page
    assert method_words(event.method) in page
    assert [control_words(each) for each in ("off", "refuse:statistics", "", "btn-7")] == [
        "You unticked the box",
        "You refused a whole category",
        "",
        "Button or box: btn-7",
    ]
