"""Choosing about cookies with an account: which choice holds on which browser, signed in and after signing out."""

from __future__ import annotations

import pytest
from django.test import Client

from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of
from tests.factories.accounts import make_account, signed_in
from tests.preferences.cookie_services import choose, is_asked, make_three, ticked

pytestmark = pytest.mark.django_db


@pytest.fixture
def three() -> None:
    make_three()


@pytest.mark.obligation("L-02")
def test_what_is_taken_back_in_the_account_stays_off_in_this_browser_after_signing_out(three):
    client = signed_in(make_account())
    choose(client, "accept_all")
    given = ConsentEvent.objects.get(service="statistics")
    client.cookies["_count.1"] = "5"

    answer = client.post("/dashboard/consents/withdraw/", {"record": str(given.record_id)})
    client.post("/accounts/logout/")

    assert ticked(client) == {"video", "ads"}
    assert not is_asked(client)
    assert (answer.cookies["_count.1"]["max-age"], answer.cookies["visits"]["path"]) == (0, "/cookies/")


@pytest.mark.obligation("L-02")
def test_what_was_refused_on_another_device_stays_off_in_a_browser_that_is_signed_out_next(three):
    user = make_account()
    phone, laptop = Client(), signed_in(user)
    choose(phone, "accept_all")
    phone.force_login(user)
    choose(laptop, "refuse_all")

    phone.post("/accounts/logout/")

    assert ticked(phone) == set()
    (text,) = set(ConsentEvent.objects.filter(method="system").values_list("text__key", flat=True))
    assert text == "cookies.account_refused"


def test_a_signed_in_choice_is_kept_under_the_person(three):
    user = make_account()
    client = signed_in(user)

    choose(client, "save", "video")

    assert set(ConsentEvent.objects.values_list("party_hash", flat=True)) == {party_of(user.subject).writes_to.digest}
    assert {(event.actor_kind, event.actor_ref) for event in ConsentEvent.objects.all()} == {("person", str(user.pk))}


def test_staff_choose_about_their_own_browser_as_people(three):
    choose(signed_in(make_account(is_staff=True)), "refuse_all")

    assert set(ConsentEvent.objects.values_list("actor_kind", flat=True)) == {"person"}


@pytest.mark.obligation("L-02")
def test_a_refusal_in_the_account_holds_on_every_browser_at_once(three):
    user = make_account()
    laptop, phone = signed_in(user), signed_in(user)
    choose(phone, "accept_all")
    assert ticked(phone) == {"statistics", "video", "ads"}

    choose(laptop, "save", "video")

    assert "The stricter choice holds" in phone.get("/cookies/").content.decode()
    assert ticked(phone) == {"video"}
    assert not is_asked(phone)


def test_a_refusal_in_the_browser_holds_against_a_yes_in_the_account(three):
    user = make_account()
    laptop, phone = signed_in(user), signed_in(user)
    choose(phone, "refuse_all")

    choose(laptop, "accept_all")

    assert ticked(phone) == set()


def test_a_yes_in_the_account_asks_on_a_new_browser_and_a_no_does_not(three):
    agreeing, refusing = make_account(), make_account()
    choose(signed_in(agreeing), "accept_all")
    choose(signed_in(refusing), "refuse_all")

    assert is_asked(signed_in(agreeing), "/dashboard/")
    assert not is_asked(signed_in(refusing), "/dashboard/")


def test_signing_in_tells_what_is_off_now(three):
    user = make_account()
    choose(signed_in(user), "save", "video")
    client = Client()
    choose(client, "accept_all")

    answer = client.post("/accounts/login/", {"login": user.username, "password": "correct horse battery staple"}, follow=True)

    assert "In your account you refused: Ads, Statistics" in answer.content.decode()


def test_a_choice_while_signed_in_ends_the_one_under_the_number_of_the_browser(three):
    user, client = make_account(), Client()
    choose(client, "save", "video")
    client.force_login(user)

    choose(client, "refuse_all")

    by_party = ConsentEvent.objects.filter(service="video").order_by("id").values_list("party_kind", "kind")
    assert list(by_party) == [("device", "given"), ("subject", "refused"), ("device", "withdrawn")]
