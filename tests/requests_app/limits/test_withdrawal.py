"""Withdrawal of consent as a request: at once, without staff, with a receipt for each."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from privacycenter.jobs.domain import run_due
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences import domain, gate
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from requests_app.enums import Outcome, Status
from requests_app.models import Request
from tests.factories.accounts import make_account, signed_in
from tests.factories.preferences import PERSON, make_person, make_topic, presented
from tests.requests_app.limits.helpers import asked

pytestmark = pytest.mark.django_db
NEWS = Scope("news_and_offers", "product_news")
OTHER = Scope("news_and_offers", "events")


@pytest.fixture
def topics() -> None:
    make_topic(title="Product news")
    make_topic("events", title="Events")


def agreed(person: object) -> None:
    domain.choose(party_of(person), on=[NEWS, OTHER], presented=presented(), actor=PERSON)


@pytest.mark.obligation("L-02")
def test_all_that_stands_is_taken_back_at_once_and_the_request_closes_itself(topics: None) -> None:
    user = make_account(password=None)
    agreed(user.subject)

    request = asked("withdrawal", user)

    assert (request.status, request.outcome, request.decided_by) == (Status.CLOSED, Outcome.FULFILLED, None)
    assert not gate.may(user.subject, "news_and_offers", topic="product_news", channel="email").allowed
    events = ConsentEvent.objects.filter(event_id__in=request.choices["events"])
    assert {(event.topic, event.kind) for event in events} == {("product_news", "withdrawn"), ("events", "withdrawn")}
    page = signed_in(user).get(reverse("requests:detail", args=[request.ref])).content.decode()
    assert "stays lawful" in page
    assert "product_news" not in page
    assert "Product news" in page
    assert all(reverse("portal:receipt", args=[event.event_id]) in page for event in events)


@pytest.mark.obligation("L-02")
def test_a_signed_in_person_chooses_among_their_own_consents(topics: None) -> None:
    user = make_account(password=None)
    agreed(user.subject)
    client = signed_in(user, fresh=True)
    page = client.get(reverse("requests:new") + "?kind=withdrawal").content.decode()
    record = str(ConsentEvent.objects.get(topic="events").record_id)
    assert record in page

    stranger = make_person("bob@example.com")
    agreed(stranger)
    theirs = str(ConsentEvent.objects.filter(topic="events").latest("id").record_id)
    assert client.post(reverse("requests:new"), {"kind": "withdrawal", "asked-records": [theirs]}).status_code == 422
    client.post(reverse("requests:new"), {"kind": "withdrawal", "asked-records": [record]})

    assert gate.may(user.subject, "news_and_offers", topic="product_news", channel="email").allowed
    assert not gate.may(user.subject, "news_and_offers", topic="events", channel="email").allowed


def test_where_no_consent_stands_the_answer_says_so() -> None:
    request = asked("withdrawal")

    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.NOTHING_HELD)


def test_who_has_agreed_to_nothing_is_told_before_they_send_it_and_what_else_they_can_do(topics: None, client: Client) -> None:
    user = make_account(password=None)
    page = signed_in(user).get(reverse("requests:new") + "?kind=withdrawal").content.decode()
    assert "No consent of yours stands at present" in page
    assert "?kind=objection" in page
    assert "No consent of yours" not in client.get(reverse("requests:new") + "?kind=withdrawal").content.decode()

    agreed(user.subject)

    assert "No consent of yours" not in signed_in(user).get(reverse("requests:new") + "?kind=withdrawal").content.decode()


@pytest.mark.obligation("L-02")
def test_without_an_account_it_counts_with_the_proof_of_the_address(topics: None, client: Client) -> None:
    person = make_person("ada@example.com")
    agreed(person)
    offered = client.get(reverse("requests:new") + "?kind=withdrawal").content.decode()
    assert "Product news" not in offered
    client.post(reverse("requests:new"), {"kind": "withdrawal", "address": "ada@example.com"})
    run_due(kinds=["requests.send_code"], reraise=True)
    assert gate.may(person, "news_and_offers", topic="product_news", channel="email").allowed

    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", OutboxMessage.objects.get(kind="requests.code").body)
    assert code is not None
    answer = client.post(reverse("requests:code"), {"code": code.group()}, follow=True).content.decode()

    assert not gate.may(person, "news_and_offers", topic="product_news", channel="email").allowed
    request = Request.objects.get()
    assert request.outcome == Outcome.FULFILLED
    receipt = ConsentEvent.objects.filter(event_id__in=request.choices["events"]).first()
    assert receipt is not None
    assert reverse("preferences:receipt", args=[receipt.receipt_sha256]) in answer
