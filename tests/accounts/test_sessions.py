"""Signing in, staying signed in, and what staff need."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from accounts.client import Client as Browser
from accounts.domain import change_password, close_account, freeze_account
from accounts.models import SecurityEvent, User
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from tests.factories.accounts import PASSWORD, TOTP_SECRET, add_totp, make_account, make_staff, signed_in

LOGIN = "/accounts/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_memory_of_tries() -> None:
    cache.clear()


def totp_code(step: int = 1) -> str:
    return format_hotp_value(hotp_value(TOTP_SECRET, list(yield_hotp_counters_from_time())[step]))


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/profile/").status_code == 200


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.com", "Ada@Example.com"])
def test_signing_in_with_username_or_address(login: str) -> None:
    make_account(username="ada", email="ada@example.com")
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 Firefox/140.0", REMOTE_ADDR="203.0.113.77")

    response = client.post(LOGIN, {"login": login, "password": PASSWORD})

    assert (response.status_code, response.url) == (302, "/dashboard/")
    event = SecurityEvent.objects.get()
    assert (event.kind, event.network, event.browser) == ("logged_in", "203.0.113.0/24", "Firefox")


def test_a_wrong_password_and_an_unknown_name_are_answered_alike() -> None:
    make_account(username="ada")

    pages = []
    for login in ("ada", "nobody"):
        response = Client().post(LOGIN, {"login": login, "password": "not the password"})
        pages.append((response.status_code, re.sub(r'value="[^"]*"', "", response.content.decode())))

    assert pages[0] == pages[1]
    assert SecurityEvent.objects.get().kind == "login_failed"


def test_an_overlong_password_is_refused_before_it_is_hashed() -> None:
    make_account(username="ada", password="x" * 128)
    client = Client()

    response = client.post(LOGIN, {"login": "ada", "password": "x" * 129})

    assert list(response.context["form"].errors) == ["password"]
    assert not SecurityEvent.objects.exists()


def test_guessing_is_slowed_down() -> None:
    make_account(username="ada")
    client = Client()
    for _ in range(5):
        client.post(LOGIN, {"login": "ada", "password": "wrong"})

    response = client.post(LOGIN, {"login": "ada", "password": PASSWORD})

    assert not is_signed_in(client)
    assert "Too many attempts" in response.content.decode()


@pytest.mark.parametrize(("minutes", "stays"), [(29, True), (31, False)])
def test_a_customer_is_signed_out_after_half_an_hour_of_silence(minutes: int, stays: bool) -> None:
    start = clock.now()
    client = Client()
    make_account(username="ada")
    with clock.stopped_at(start):
        client.post(LOGIN, {"login": "ada", "password": PASSWORD})

    with clock.stopped_at(start + timedelta(minutes=minutes)):
        assert is_signed_in(client) is stays


def test_a_customer_is_signed_out_after_twelve_hours_of_use() -> None:
    start = clock.now()
    client = signed_in(make_account())
    seen = []
    for minutes in range(0, 12 * 60 + 21, 20):
        with clock.stopped_at(start + timedelta(minutes=minutes)):
            seen.append(is_signed_in(client))

    assert seen == [True] * 37 + [False]


@pytest.mark.parametrize(("minutes", "stays"), [(14, True), (16, False)])
def test_staff_are_signed_out_after_a_quarter_of_an_hour_of_silence(minutes: int, stays: bool) -> None:
    start = clock.now()
    client = signed_in(make_staff())
    with clock.stopped_at(start):
        assert is_signed_in(client)

    with clock.stopped_at(start + timedelta(minutes=minutes)):
        assert is_signed_in(client) is stays


def test_staff_are_signed_out_after_eight_hours_of_use() -> None:
    start = clock.now()
    client = signed_in(make_staff())
    seen = []
    for minutes in range(0, 8 * 60 + 10, 10):
        with clock.stopped_at(start + timedelta(minutes=minutes)):
            seen.append(is_signed_in(client))

    assert seen == [True] * 49


def test_the_page_one_was_on_is_offered_after_a_time_out() -> None:
    client = signed_in(make_account())
    is_signed_in(client)

    with clock.stopped_at(clock.now() + timedelta(hours=1)):
        response = client.get("/accounts/profile/?a=b")

    assert response.url == "/accounts/login/?next=/accounts/profile/%3Fa%3Db"


def test_a_session_can_be_ended_alone_and_nobody_elses() -> None:
    user = make_account(username="ada")
    make_account(username="other")
    here, there, foreign = Client(), Client(), Client()
    for client, name in ((here, "ada"), (there, "ada"), (foreign, "other")):
        client.post(LOGIN, {"login": name, "password": PASSWORD})
    mine = UserSession.objects.get(session_key=there.session.session_key)
    theirs = UserSession.objects.get(session_key=foreign.session.session_key)

    page = here.get("/accounts/sessions/")
    here.post("/accounts/sessions/", {"session": theirs.pk})
    here.post("/accounts/sessions/", {"session": mine.pk})

    assert len(page.context["sessions"]) == 2
    assert (is_signed_in(here), is_signed_in(there), is_signed_in(foreign)) == (True, False, True)
    assert UserSession.objects.filter(user=user).count() == 1


def test_all_other_sessions_can_be_ended_at_once() -> None:
    make_account(username="ada")
    here, there = Client(), Client()
    for client in (here, there):
        client.post(LOGIN, {"login": "ada", "password": PASSWORD})

    here.post("/accounts/sessions/")

    assert (is_signed_in(here), is_signed_in(there)) == (True, False)


def test_a_second_factor_is_asked_for_and_a_code_works_once() -> None:
    add_totp(make_account(username="ada"))
    first, second = Client(), Client()
    code = totp_code()
    for client in (first, second):
        response = client.post(LOGIN, {"login": "ada", "password": PASSWORD})
        assert response.url == "/accounts/2fa/authenticate/"
        assert not is_signed_in(client)

    first.post("/accounts/2fa/authenticate/", {"code": code})
    second.post("/accounts/2fa/authenticate/", {"code": code})

    assert (is_signed_in(first), is_signed_in(second)) == (True, False)


def test_the_secret_of_an_app_is_not_stored_in_the_clear() -> None:
    client = signed_in(make_account(), fresh=True)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    code = format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))

    response = client.post("/accounts/2fa/totp/activate/", {"code": code})

    stored = {item.type: item.data for item in Authenticator.objects.all()}
    assert response.url == "/accounts/2fa/recovery-codes/"
    assert set(stored) == {"totp", "recovery_codes"}
    assert secret not in str(stored)


def test_the_admin_opens_for_staff_with_a_second_factor_only(settings: Any) -> None:
    settings.DEMO = False
    without, with_factor, customer = make_staff(factor=False), make_staff(), make_account()
    for user in (without, with_factor):
        user.is_superuser = True
        user.save()

    refused = signed_in(without).get("/admin/")
    opened = signed_in(with_factor).get("/admin/")
    foreign = signed_in(customer).get("/admin/", follow=True)

    assert (refused.status_code, refused.url) == (302, "/accounts/2fa/")
    assert opened.status_code == 200
    assert foreign.status_code == 403


def test_in_the_demo_staff_need_no_second_factor_and_log_in_and_desk_say_so(settings: Any) -> None:
    settings.DEMO = True
    client = signed_in(make_staff(factor=False, is_superuser=True))

    opened = client.get("/admin/")

    assert opened.status_code == 200
    assert "without a second step" in opened.content.decode()
    assert "without a second step" in Client().get("/accounts/login/").content.decode()


def test_the_admins_own_log_in_goes_through_ours() -> None:
    response = Client().get("/admin/login/?next=/admin/")

    assert (response.status_code, response.url) == (302, "/accounts/login/?next=%2Fadmin%2F")


def test_staff_keep_their_last_factor(settings: Any) -> None:
    settings.DEMO = False
    client = signed_in(make_staff(), fresh=True)

    response = client.post("/accounts/2fa/totp/deactivate/")

    assert response.status_code == 200
    assert client.get("/admin/").status_code == 200


def test_a_frozen_account_signs_nobody_in_and_says_what_to_do() -> None:
    user = make_account(username="ada")
    before = signed_in(user)
    is_signed_in(before)
    freeze_account(user, because="test", client=Browser(), actor=Actor.system("tests"))
    client = Client()

    response = client.post(LOGIN, {"login": "ada", "password": PASSWORD})

    assert (response.status_code, response.url) == (302, "/accounts/frozen/")
    assert client.get("/accounts/frozen/").status_code == 200
    assert (is_signed_in(client), is_signed_in(before)) == (False, False)


def waiting_for_factor() -> tuple[User, Client]:
    user, client = make_account(username="ada"), Client()
    add_totp(user)
    assert client.post(LOGIN, {"login": "ada", "password": PASSWORD}).url == "/accounts/2fa/authenticate/"
    return user, client


def test_a_sign_in_that_waits_for_its_second_factor_does_not_outlive_a_freeze() -> None:
    user, client = waiting_for_factor()
    freeze_account(user, because="test", client=Browser(), actor=Actor.system("tests"))

    response = client.post("/accounts/2fa/authenticate/", {"code": totp_code()})

    assert response.url == "/accounts/frozen/"
    assert not is_signed_in(client)
    assert "_auth_user_id" not in client.session


def test_a_sign_in_that_waits_for_its_second_factor_does_not_outlive_a_new_password() -> None:
    user, client = waiting_for_factor()
    change_password(user, password="a wholly new password", tell="", client=Browser(), actor=Actor.for_user(user))

    response = client.post("/accounts/2fa/authenticate/", {"code": totp_code()})

    assert response.url == LOGIN
    assert not is_signed_in(client)
    assert "was changed while you signed in" in client.get(LOGIN).content.decode()


def test_a_sign_in_that_confirms_an_address_on_its_way_goes_on() -> None:
    user, client = make_account(username="ada"), Client()
    EmailAddress.objects.create(user=user, email="second@example.com", verified=False, primary=False)

    client.post(LOGIN, {"login": "second@example.com", "password": PASSWORD})
    code = re.search(r"^ {4}(\S+)$", OutboxMessage.objects.latest("pk").body, re.MULTILINE).group(1)
    client.post("/accounts/confirm-email/", {"code": code})

    assert EmailAddress.objects.get(email="second@example.com").verified
    assert is_signed_in(client)


def test_a_session_of_a_frozen_account_ends_however_it_came_about() -> None:
    user = make_account()
    client = signed_in(user)
    User.objects.filter(pk=user.pk).update(frozen_at=clock.now())

    assert client.get("/accounts/profile/").url == "/accounts/frozen/"
    assert "_auth_user_id" not in client.session


def test_a_wrong_code_of_an_app_says_what_to_do_next() -> None:
    _user, client = waiting_for_factor()

    page = client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()

    assert "Wait for the next code of your app" in page
    assert "Incorrect code" not in page


def test_a_card_number_in_the_name_of_a_browser_is_not_stored() -> None:
    make_account(username="ada")

    Client(HTTP_USER_AGENT="Firefox/140 4111 1111 1111 1111").post(LOGIN, {"login": "ada", "password": PASSWORD})

    assert UserSession.objects.get().user_agent == "Firefox/140 [card number ending 1111]"


def test_a_closed_account_signs_nobody_in() -> None:
    user = make_account(username="ada")
    before = signed_in(user)
    close_account(user, client=Browser(), actor=Actor.for_user(user))
    client = Client()

    response = client.post(LOGIN, {"login": "ada", "password": PASSWORD})

    assert response.url == "/accounts/inactive/"
    assert (is_signed_in(client), is_signed_in(before)) == (False, False)


def test_signing_out_takes_a_form_of_our_own() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_account())

    assert client.post("/accounts/logout/").status_code == 403
    assert is_signed_in(client)
