"""The page behind a mailed link: stops and pauses, shows nobody, and can't switch anything on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from privacycenter.preferences import gate
from privacycenter.preferences.domain import choose
from privacycenter.preferences.enums import LinkKind, Method
from privacycenter.preferences.links import make_link
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Suppression, Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from tests.factories.preferences import PERSON, make_person, make_topic, presented

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("D-05", "H-01")]

ADA = "ada@example.com"
KEYS = ("product_news", "events")


@pytest.fixture
def subject() -> Any:
    for key in KEYS:
        made = make_topic(key)
        Topic.objects.filter(pk=made.pk).update(title=f"Title of {key}")
    person = make_person(ADA)
    scopes = [Scope("news_and_offers", key, "email") for key in KEYS]
    choose(party_of(person), on=scopes, presented=presented(), actor=PERSON)
    return person


@pytest.fixture
def path(subject: Any) -> str:
    return make_link(party_of(("email", ADA)), kind=LinkKind.PREFERENCES, subject_key=str(subject.public_id))


def is_allowed(topic: str) -> bool:
    return gate.may(party_of(("email", ADA)), "news_and_offers", topic=topic, channel="email").allowed


def test_it_shows_topics_and_neither_a_name_nor_an_address_nor_what_is_on(path: str) -> None:
    before = Client().get(path)
    Client().post(path, {"action": "topics", "topics": ["events"]})
    after = Client().get(path)
    text = before.content.decode()

    assert before.status_code == 200
    assert "Title of product_news" in text
    assert "Title of events" in text
    assert before.content == after.content
    assert "checked" not in text
    for word in ("ada", "example.com", "csrfmiddlewaretoken", "<script"):
        assert word not in text
    assert before.cookies == {}


def test_what_is_ticked_stops_and_the_rest_stays(path: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(path, {"action": "topics", "topics": ["events"]})

    assert answer.status_code == 200
    assert "Title of events" in answer.content.decode()
    assert "Title of product_news" not in answer.content.decode()
    assert (is_allowed("product_news"), is_allowed("events")) == (True, False)
    event = ConsentEvent.objects.latest("pk")
    assert (event.method, event.page, event.text.text) == (Method.ONE_CLICK, "/p/", "Unsubscribe from Title of events")
    assert answer.cookies == {}


def test_all_marketing_and_pauses_are_offered(path: str) -> None:
    assert "Paused for 90 days" in Client().post(path, {"action": "pause-90"}).content.decode()
    assert DeliveryChoice.objects.count() == 1
    assert "no more marketing" in Client().post(path, {"action": "all"}).content.decode()
    assert Suppression.objects.filter(topic="", channel="").exists()
    assert not is_allowed("product_news")


@pytest.mark.parametrize(
    "data", [{}, {"action": "topics"}, {"action": "topics", "topics": ["unknown"]}, {"action": "on", "on": "events"}, {"topics": ["' --"]}]
)
def test_a_form_without_a_known_topic_is_shown_again_and_changes_nothing(path: str, data: dict[str, Any]) -> None:
    answer = Client().post(path, data)

    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    assert is_allowed("events")
    assert not Suppression.objects.exists()


def test_nothing_that_is_posted_can_switch_anything_on(path: str) -> None:
    Client().post(path, {"action": "topics", "topics": list(KEYS)})
    for data in ({"action": "on", "topics": []}, {"action": "undo"}, {"action": "confirm"}, {"topic_events": "email", "action": "save"}):
        Client().post(path, data)

    assert not is_allowed("events")
    assert not is_allowed("product_news")


def test_signing_in_and_a_mailed_confirmation_are_offered_for_switching_on(path: str) -> None:
    text = Client().get(path).content.decode()

    assert "/accounts/login/?next=/preferences/" in text
    assert "/preferences/subscribe/" in text


def test_a_link_to_unsubscribe_opens_the_choice_of_topics_too(subject: Any) -> None:
    token = make_link(party_of(("email", ADA)), kind=LinkKind.UNSUBSCRIBE, topic="events").removeprefix("/u/")

    assert Client().post(f"/p/{token}/", {"action": "topics", "topics": ["product_news"]}).status_code == 200
    assert (is_allowed("product_news"), is_allowed("events")) == (False, True)


def test_a_body_that_can_not_be_read_is_no_error(path: str) -> None:
    answer = Client().generic("POST", path, b"--x\r\n", content_type="multipart/form-data; boundary=y")

    assert answer.status_code == 422


def test_without_topics_there_is_still_all_marketing(path: str) -> None:
    Topic.objects.update(is_active=False)

    assert "Unsubscribe from all marketing" in Client().get(path).content.decode()
    assert Client().post(path, {"action": "topics"}).status_code == 422


def test_a_link_may_be_made_for_somebody_nobody_knows() -> None:
    make_topic("events")
    path = make_link(party_of(("email", "new@example.com")), kind=LinkKind.PREFERENCES)

    assert Client().post(path, {"action": "all"}).status_code == 200
    assert Suppression.objects.get().party_hash == party_of(("email", "new@example.com")).writes_to.digest
