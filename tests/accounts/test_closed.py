"""What closing an account leaves in force, and how a person comes back after it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.client import Client as Browser
from accounts.domain import close_account, freeze_account, note_security_event, unfreeze_account
from accounts.enums import SecurityEventKind
from accounts.models import User
from accounts.queries import account_with_address, any_account_for_subject, any_account_with_address, primary_address
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.subjects.domain import add_identifier
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import subject_with
from tests.factories.accounts import PASSWORD, make_account

ADDRESS = "ada@example.com"

pytestmark = pytest.mark.django_db


def close(user: User) -> None:
    close_account(user, client=Browser(), actor=Actor.for_user(user))


def test_a_closed_account_is_still_found_by_those_who_hold_locks() -> None:
    user = make_account(email="ada@example.com")
    make_account(email="unconfirmed@example.com", confirmed=False)
    close(user)

    assert account_with_address("ada@example.com") is None
    assert any_account_with_address("Ada@Example.com") == user
    assert any_account_for_subject(user.subject) == user
    assert [any_account_with_address(value) for value in ("unconfirmed@example.com", "nobody@example.com", "rubbish")] == [None] * 3


def register_again(**changes: Any) -> Client:
    answers = {"full_name": "Ada L.", "email": ADDRESS, "phone": "+44 20 7946 0958", "company": "Engines", "country": "GB"}
    client = Client()
    client.post("/accounts/signup/", answers | {"username": "ada.again", "password1": PASSWORD, "birth_date": "1990-12-10"} | changes)
    return client


def confirm(client: Client) -> None:
    body = OutboxMessage.objects.filter(kind="accounts.verify_email").latest("pk").body
    client.post("/accounts/confirm-email/", {"code": re.search(r"^ {4}(\S+)$", body, re.MULTILINE).group(1)})


def test_closing_releases_the_address_and_keeps_it_with_the_person() -> None:
    user = make_account(email=ADDRESS)

    close(user)

    assert not EmailAddress.objects.exists()
    assert subject_with(IdentifierKind.EMAIL, ADDRESS) == user.subject
    assert primary_address(user) == ADDRESS


def test_who_closed_an_account_registers_again_and_is_the_same_person_only_after_proof() -> None:
    before = make_account(email=ADDRESS, username="ada")
    note_security_event(before, kind=SecurityEventKind.LOGGED_IN, client=Browser())
    close(before)

    client = register_again()
    unproven = User.objects.get(username="ada.again").subject
    confirm(client)

    user = User.objects.get()
    assert unproven != before.subject
    assert (user.username, user.subject, user.is_active) == ("ada.again", before.subject, True)
    assert EmailAddress.objects.get().user == user
    assert {"logged_in", "closed", "email_confirmed"} <= set(user.security_events.values_list("kind", flat=True))
    assert client.get("/accounts/profile/").status_code == 200
    assert Subject.objects.count() == 1


def test_what_was_locked_stays_locked_when_the_account_is_closed_and_opened_again() -> None:
    user = make_account(email=ADDRESS)
    close(user)

    confirm(register_again())

    assert any_account_for_subject(user.subject).credential_changed_at is not None


def test_a_freeze_outlives_closing_and_registering_again() -> None:
    user = make_account(email=ADDRESS)
    freeze_account(user, because="test", client=Browser(), actor=Actor.system("tests"))
    close(user)

    client = register_again()
    confirm(client)

    assert User.objects.get().is_frozen
    assert "_auth_user_id" not in client.session


def test_other_addresses_of_the_person_are_told_that_the_account_is_open_again() -> None:
    user = make_account(email=ADDRESS)
    add_identifier(
        user.subject, kind=IdentifierKind.EMAIL, value="second@example.com", source="tests", proven=True, actor=Actor.system("tests")
    )
    close(user)

    confirm(register_again())

    assert OutboxMessage.objects.get(kind="accounts.credential_changed").to == "second@example.com"


def test_giving_back_a_closed_account_does_not_hold_its_address() -> None:
    user = make_account(email=ADDRESS)
    freeze_account(user, because="test", client=Browser(), actor=Actor.system("tests"))
    close(user)
    staff = Actor(ActorKind.STAFF, "0")

    unfreeze_account(user, proven_address="new@example.com", reason="x", client=Browser(), actor=staff)

    assert not EmailAddress.objects.exists()
    assert subject_with(IdentifierKind.EMAIL, "new@example.com") == user.subject
    assert OutboxMessage.objects.get(kind="accounts.credential_changed").to == ADDRESS
