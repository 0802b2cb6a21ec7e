"""What closing an account leaves in force, and how a person comes back after it."""

from __future__ import annotations

import pytest

from accounts.client import Client as Browser
from accounts.domain import close_account
from accounts.models import User
from accounts.queries import account_with_address, any_account_for_subject, any_account_with_address
from privacycenter.kernel.actor import Actor
from tests.factories.accounts import make_account

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
