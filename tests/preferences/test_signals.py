"""Signals of the browser: Global Privacy Control is an objection, Do Not Track changes nothing."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.test import Client

from privacycenter.preferences.models import ConsentEvent, Suppression
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import GPC, Scope
from privacycenter.preferences.signals import gpc_in
from tests.factories.accounts import make_account, signed_in
from tests.preferences.cookie_services import choose, is_asked, make_service, make_three, ticked

pytestmark = pytest.mark.django_db
ON = {"HTTP_SEC_GPC": "1"}


@pytest.mark.parametrize(
    ("header", "is_on"),
    [
        ("1", True),
        (" 1\t", True),
        ("0,1", True),
        ("1, 1", True),
        ("true, 1", True),
        ("", False),
        ("0", False),
        ("true", False),
        ("1;x", False),
        ("11", False),
        ("1.0", False),
        ("01", False),
        ('"1"', False),
        ("?1", False),
        ("1 1", False),
        ("１", False),
        (",", False),
    ],
)
def test_the_signal_is_exactly_one_line_that_says_one(header, is_on):
    assert gpc_in(header) is is_on


@pytest.mark.obligation("S-02", "G-03")
def test_the_signal_is_shown_as_honoured_and_its_absence_is_not_mentioned(client):
    assert "we honour it" in client.get("/cookies/", **ON).content.decode()
    assert "we honour it" not in client.get("/cookies/").content.decode()
    assert "we honour it" not in client.get("/cookies/", HTTP_SEC_GPC="0").content.decode()


def test_pages_say_that_they_depend_on_the_signal(client):
    assert "Sec-GPC" in client.get("/cookies/")["Vary"]
    assert "Sec-GPC" in client.get("/")["Vary"]


@pytest.mark.obligation("G-03")
def test_do_not_track_changes_nothing_and_the_page_says_so(client):
    make_three()
    client.get("/")  # the form's token differs from answer to answer
    pages = [client.get("/cookies/", **headers).content.decode() for headers in ({}, {"HTTP_DNT": "1"}, {"HTTP_DNT": "0"})]

    assert "(<code>DNT</code>) changes nothing here" in pages[0]
    assert [ticked(client, **headers) for headers in ({}, {"HTTP_DNT": "1"})] == [set(), set()]
    assert len({len(page) for page in pages}) == 1


@pytest.mark.obligation("S-02")
def test_marketing_is_off_under_the_signal_whatever_was_accepted(client):
    make_three()
    choose(client, "accept_all")

    assert ticked(client) == {"statistics", "video", "ads"}
    assert ticked(client, **ON) == {"statistics", "video"}
    assert "Off, because your browser sends Global Privacy Control." in client.get("/cookies/", **ON).content.decode()


def test_a_service_for_a_purpose_that_stops_at_the_signal_is_off_in_every_category(client):
    make_service("suggestions", purpose_id="marketing_improvement")
    choose(client, "accept_all")

    assert (ticked(client), ticked(client, **ON)) == ({"suggestions"}, set())


def test_what_the_signal_settles_is_neither_asked_nor_answered(client):
    make_service("ads", category="marketing", purpose_id="marketing_improvement")

    assert not is_asked(client, **ON)
    choose(client, "accept_all", **ON)
    assert not ConsentEvent.objects.filter(service="ads").exists()
    # Without the signal, nothing was chosen: its absence is no consent.
    assert is_asked(client)
    assert ticked(client) == set()


@pytest.mark.obligation("S-02")
def test_the_signal_is_noted_in_the_account_once_and_its_absence_lifts_nothing():
    user = make_account()
    client = signed_in(user)

    client.get("/dashboard/", **ON)
    client.get("/dashboard/", **ON)
    client.get("/dashboard/")
    signed_in(user).get("/dashboard/", **ON)

    (event,) = ConsentEvent.objects.all()
    assert (event.kind, event.purpose, event.method, event.control, event.page) == ("objected", GPC, "signal", "Sec-GPC", "/dashboard/")
    assert event.party_hash == party_of(user.subject).writes_to.digest
    assert (event.text.key, event.actor_kind) == ("signal.gpc", "person")
    assert event.record_id == Scope(purpose=GPC).record_id(event.party_hash)


def test_a_signal_on_one_browser_switches_marketing_off_on_another():
    make_three()
    user = make_account()
    laptop, phone = signed_in(user), signed_in(user)
    choose(phone, "accept_all")

    laptop.get("/dashboard/", **ON)

    assert ticked(phone) == {"statistics", "video"}
    assert "Another browser of yours sends this signal" in phone.get("/cookies/").content.decode()


def test_a_visitor_who_accepted_something_has_the_signal_noted_under_the_number_of_the_browser(client):
    make_three()

    choose(client, "save", "video", **ON)
    choose(client, "save", "video", "statistics", **ON)

    assert list(ConsentEvent.objects.filter(purpose=GPC).values_list("party_kind", "kind")) == [("device", "objected")]


def test_a_visitor_without_a_choice_is_noted_nowhere(client):
    client.get("/", **ON)

    assert not ConsentEvent.objects.exists()
    assert client.cookies == {}


@pytest.mark.obligation("S-02")
def test_newsletters_and_requests_are_not_touched_by_the_signal():
    client = signed_in(make_account(), fresh=True)

    client.get("/dashboard/", **ON)

    assert not Suppression.objects.exists()
    answer = client.post("/requests/new/?kind=access", {"kind": "access"}, **ON)
    assert answer.status_code == 302


def test_a_known_signal_costs_no_query(django_assert_num_queries):
    client = signed_in(make_account())
    client.get("/cookies/", **ON)

    with django_assert_num_queries(3):  # session, user, person
        client.get("/cookies/", **ON)


@pytest.mark.obligation("S-02")
def test_machines_learn_that_the_signal_is_honoured():
    answer = Client().get("/.well-known/gpc.json")
    statement = json.loads(answer.content)

    assert answer["Content-Type"] == "application/json"
    assert statement["gpc"] is True
    assert date.fromisoformat(statement["lastUpdate"])
