"""What the pages say to the person it is about."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from requests_app.forms import WordsForm
from requests_app.models import Request
from tests.factories.accounts import make_account, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db) -> User:
    return User.objects.create_user("anna", "anna@example.com", "correct horse battery", full_name="Anna Weber")


@pytest.fixture
def browser(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def filed(person: User, **values: object) -> Request:
    now = clock.now()
    given = {"kind": "access", "channel": "account", "subject": person.subject, "received_at": now, "verified_at": now, "due_at": now}
    return Request.objects.create(**given | values)


def test_signing_up_was_the_person(browser: Client, person: User):
    for verb, parameters in (("subjects.created", {}), ("accounts.registered", {"way": "form"})):
        record(verb, actor=Actor(ActorKind.ANONYMOUS, ""), subject=str(person.subject.public_id), **parameters)

    page = browser.get("/dashboard/activity/").content.decode()

    assert "You signed up" in page
    assert "You, before you signed in" in page
    assert "Person added" not in page
    assert "Somebody" not in page


def test_closing_warns_of_a_copy_that_is_ready(client: Client):
    account = make_account(password=None)
    request = filed(account, ref="PR-7K3M-Q9XA", status="ready", outcome="fulfilled", answered_at=clock.now())

    shown = signed_in(account, fresh=True).get("/accounts/close/", follow=True).content.decode()

    assert request.ref in shown
    assert "download it first" in shown


def test_a_withdrawn_request_can_be_asked_again(browser: Client, person: User):
    filed(person, ref="PR-7K3M-Q9XA", status="closed", outcome="withdrawn", closed_at=clock.now())

    assert "/requests/new/?kind=access" in browser.get("/requests/PR-7K3M-Q9XA/").content.decode()


@pytest.mark.parametrize(("chosen", "asked"), [("", True), ("Asia/Kuala_Lumpur", False)])
def test_somebody_without_a_time_zone_is_told_which_one_is_shown(browser: Client, person: User, chosen, asked):
    record("accounts.profile_changed", actor=Actor.for_user(person), subject=str(person.subject.public_id))
    person.subject.time_zone = chosen
    person.subject.save()

    assert ("Choose your time zone" in browser.get("/dashboard/").content.decode()) == asked


@pytest.mark.parametrize(("text", "fits"), [("Two\r\nlines", True), ("evil \u202etxt", False), ("nul \x07", False), ("שלום", True)])
def test_words_with_hidden_characters_are_refused(text: str, fits: bool):
    assert WordsForm({"words": text}).is_valid() == fits


def test_words_that_are_too_long_are_said_so_once():
    assert len(WordsForm({"words": "x" * 2001}).errors["words"]) == 1
