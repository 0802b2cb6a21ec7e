"""Objecting to what rests on legitimate interests, and taking an objection back, also the one that a browser's signal raised."""

from __future__ import annotations

import pytest
from django.test import Client

from privacycenter.datamap.models import Purpose
from privacycenter.preferences.gate import Rule, may
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import GPC
from tests.factories.accounts import make_account, signed_in
from tests.factories.preferences import make_topic
from tests.preferences.cookie_services import choose as choose_cookies
from tests.preferences.cookie_services import make_three, ticked

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("L-02")]

PAGE = "/dashboard/consents/"
GPC_ON = {"HTTP_SEC_GPC": "1"}


@pytest.fixture
def user():
    return make_account()


@pytest.fixture
def browser(user) -> Client:
    return signed_in(user)


def press(browser: Client, purpose: str, action: str = "object") -> str:
    return browser.post(f"{PAGE}object/", {"purpose": purpose, "action": action}, follow=True).content.decode()


def signal(browser: Client, action: str, **headers: str) -> str:
    return browser.post(f"{PAGE}signal/", {"action": action}, follow=True, **headers).content.decode()


def kinds(**where: str) -> list[str]:
    return list(ConsentEvent.objects.filter(**where).order_by("id").values_list("kind", flat=True))


def test_every_legitimate_interest_is_shown_with_its_balancing_note_and_can_be_objected_to(browser):
    page = browser.get(PAGE).content.decode()

    purposes = Purpose.objects.filter(legal_basis="legitimate_interests")
    assert len(purposes) == page.count('value="object"') > 0
    for purpose in purposes:
        assert purpose.title in page
        assert purpose.balancing_note.split(".")[0] in page


def test_an_objection_to_other_use_stops_it_until_it_is_taken_back(user, browser):
    before = may(user.subject, "trends_and_site_management")
    said = press(browser, "trends_and_site_management")
    objected = may(user.subject, "trends_and_site_management")
    again = press(browser, "trends_and_site_management")
    lifted = press(browser, "trends_and_site_management", "take_back")

    assert before.allowed
    assert "It has stopped. A colleague weighs your reasons against ours; see Requests." in said
    assert "You objected" in said
    assert (objected.allowed, objected.rule) == (False, Rule.OBJECTION)
    assert "Take it back" in again
    assert "is taken back" in lifted
    assert may(user.subject, "trends_and_site_management").allowed
    events = ConsentEvent.objects.filter(purpose="trends_and_site_management").order_by("id")
    assert [(event.kind, event.method, event.control) for event in events] == [
        ("objected", "preference_page", "object"),
        ("objection_lifted", "preference_page", "take_back"),
    ]
    assert Purpose.objects.get(key="trends_and_site_management").balancing_note in events[0].text.text


def test_an_objection_to_direct_marketing_stops_it_at_once_for_the_address_as_well(user, browser):
    Purpose.objects.filter(key="news_and_offers").update(legal_basis="legitimate_interests", balancing_note="Customers want news.")
    topic = make_topic()
    address = user.subject.identifiers.get(kind="email").value
    question = {"topic": topic.key, "channel": "email"}
    before = may(("email", address), "news_and_offers", **question).allowed

    said = press(browser, "news_and_offers")
    objected = may(("email", address), "news_and_offers", **question).allowed
    press(browser, "news_and_offers", "take_back")

    assert "It has stopped" in said
    assert (before, objected) == (True, False)
    assert may(("email", address), "news_and_offers", **question).allowed


@pytest.mark.parametrize(("purpose", "action"), [("nothing", "object"), ("marketing_improvement", "other"), ("", ""), (GPC, "take_back")])
def test_what_is_not_offered_is_not_found(browser, purpose, action):
    answer = browser.post(f"{PAGE}object/", {"purpose": purpose, "action": action})

    assert answer.status_code == 404
    assert browser.post(f"{PAGE}signal/", {"action": "other"}).status_code == 404
    assert not ConsentEvent.objects.exists()


@pytest.mark.obligation("S-02")
def test_the_objection_of_the_signal_is_taken_back_for_the_account_and_honoured_where_it_is_still_sent(user):
    make_three()
    loud, quiet = signed_in(user), signed_in(user)
    choose_cookies(quiet, "accept_all")
    loud.get("/", **GPC_ON)
    off = (ticked(quiet), may(user.subject, "marketing_improvement").rule)

    said = signal(loud, "take_back", **GPC_ON)
    signed_in(user).get("/", **GPC_ON)  # another session of the browser that still sends it

    assert off == ({"statistics", "video"}, Rule.GPC)
    assert "This browser still sends the signal, and we honour it here" in said
    assert kinds(purpose=GPC) == ["objected", "objection_lifted"]
    assert ticked(quiet) == {"statistics", "video", "ads"}
    assert "ads" not in ticked(loud, **GPC_ON)
    assert may(user.subject, "marketing_improvement").allowed
    assert "honoured in this browser" in loud.get("/dashboard/sharing/", **GPC_ON).content.decode()


@pytest.mark.obligation("S-02")
def test_the_objection_of_the_signal_is_raised_again_by_the_person(user, browser):
    browser.get("/", **GPC_ON)
    signal(browser, "take_back", **GPC_ON)

    said = signal(browser, "object", **GPC_ON)

    assert "Take it back for my account" in said
    assert kinds(purpose=GPC) == ["objected", "objection_lifted", "objected"]
    assert not may(party_of(user.subject), "marketing_improvement").allowed
