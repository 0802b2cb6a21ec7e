"""Proving once more that it is you."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from accounts.stepup import FRESH_KEY
from accounts.urls import IN_ONE_TRANSACTION, NEEDS_FRESH_LOGIN
from privacycenter.kernel import clock
from privacycenter.mail.models import OutboxMessage
from tests.accounts.test_sessions import totp_code
from tests.factories.accounts import PASSWORD, add_totp, make_account, signed_in

QUESTIONS = "/accounts/security-questions/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_memory_of_tries() -> None:
    cache.clear()


def is_fresh(client: Client) -> bool:
    return client.get(QUESTIONS).status_code == 200


def test_a_password_log_in_is_fresh_for_five_minutes() -> None:
    make_account(username="ada")
    client, start = Client(), clock.now()
    with clock.stopped_at(start):
        client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
        assert is_fresh(client)
    with clock.stopped_at(start + timedelta(minutes=5, seconds=1)):
        assert not is_fresh(client)


def test_an_account_with_a_password_is_asked_for_it_and_comes_back() -> None:
    client = signed_in(make_account())

    asked = client.get(QUESTIONS)
    page = client.get(asked.url)
    wrong = client.post(page.url, {"password": "wrong"})
    stale = is_fresh(client)
    done = client.post(page.url, {"password": PASSWORD, "next": QUESTIONS})

    assert asked.url == "/accounts/confirm/?next=%2Faccounts%2Fsecurity-questions%2F"
    assert page.url == "/accounts/reauthenticate/?next=%2Faccounts%2Fsecurity-questions%2F"
    assert (wrong.status_code, stale) == (200, False)
    assert done.url == QUESTIONS
    assert is_fresh(client)


def test_an_account_with_a_factor_is_asked_for_it_and_the_password_does_not_do() -> None:
    user = make_account()
    add_totp(user)
    client = signed_in(user)

    first = client.get(client.get(QUESTIONS).url)
    by_password = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": QUESTIONS})
    stale = is_fresh(client)
    client.post("/accounts/2fa/reauthenticate/", {"code": totp_code(), "next": QUESTIONS})

    assert first.url.startswith("/accounts/2fa/reauthenticate/?next=")
    assert by_password.status_code == 302
    assert not stale
    assert is_fresh(client)


def test_an_account_with_neither_proves_itself_by_a_mailed_code() -> None:
    client = signed_in(make_account(password=None))
    page = client.get(QUESTIONS).url

    assert client.get(page).status_code == 200
    client.post(page, {"send": "1", "next": QUESTIONS})
    code = re.search(r"^ {4}(\S+)$", OutboxMessage.objects.get().body, re.MULTILINE).group(1)
    wrong = client.post(page, {"code": "AAAA-2222", "next": QUESTIONS})
    stale = is_fresh(client)
    done = client.post(page, {"code": code.lower(), "next": QUESTIONS})

    assert (wrong.status_code, stale) == (200, False)
    assert done.url == QUESTIONS
    assert is_fresh(client)


def test_a_code_of_another_session_is_of_no_use() -> None:
    user = make_account(password=None)
    one, other = signed_in(user), signed_in(user)
    page = one.get(QUESTIONS).url
    one.post(page, {"send": "1"})
    code = re.search(r"^ {4}(\S+)$", OutboxMessage.objects.get().body, re.MULTILINE).group(1)

    other.post(page, {"code": code})

    assert not is_fresh(other)


def test_a_form_that_was_sent_too_late_is_not_lost() -> None:
    user = make_account(username="ada")
    client = signed_in(user)

    asked = client.post("/accounts/email/", {"email": "new@example.com", "action_add": "1"})
    page = client.get(asked.url)
    done = client.post(page.url, {"password": PASSWORD, "next": "/accounts/email/"})

    assert done.url == "/accounts/confirm-email/"
    assert OutboxMessage.objects.latest("pk").to == "new@example.com"


def test_secrets_are_not_kept_in_the_session_for_the_way_back() -> None:
    client = signed_in(make_account())

    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "another good one", "password2": "another good one"})

    assert "another good one" not in str(dict(client.session))


def test_the_way_back_leads_nowhere_else() -> None:
    client = signed_in(make_account())

    done = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "https://evil.example/"})

    assert "evil" not in done.url


def test_a_mark_from_the_future_is_worthless() -> None:
    client = signed_in(make_account())
    session = client.session
    session[FRESH_KEY] = (clock.now() + timedelta(hours=1)).timestamp()
    session.save()

    assert not is_fresh(client)


def names(patterns: list[URLPattern | URLResolver]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            for name, view in names(pattern.url_patterns).items():
                found.setdefault(name, view)
        elif pattern.name:
            found.setdefault(pattern.name, pattern.callback)
    return found


def test_every_page_that_matters_asks_and_every_name_in_the_lists_exists() -> None:
    views = names(get_resolver().url_patterns)

    assert set(views) >= IN_ONE_TRANSACTION
    assert {name for name, view in views.items() if getattr(view, "requires_fresh_login", False)} >= NEEDS_FRESH_LOGIN | {
        "account_security_questions",
        "account_close",
    }
    assert "google_login_by_token" not in views


@pytest.mark.parametrize("name", sorted(NEEDS_FRESH_LOGIN))
def test_no_page_that_matters_opens_without_a_fresh_proof(name: str) -> None:
    user = make_account(password=None)
    client = signed_in(user)
    args = [add_totp(user).pk] if name in {"mfa_edit_webauthn", "mfa_remove_webauthn"} else []

    for answer in (client.get(reverse(name, args=args)), client.post(reverse(name, args=args))):
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/confirm/")
    assert Client().get(reverse(name, args=args)).url.startswith("/accounts/login/")
