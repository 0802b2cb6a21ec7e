"""Signing in through a provider: tied by issuer and subject, never by e-mail; what was received is kept with its source (C-10)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings as live_settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts.adapters import ProviderAdapter
from accounts.models import FederatedRecord, User
from accounts.provider_settings import login_providers
from accounts.sources import FederatedSource
from privacycenter.kernel.errors import OutboundRefused
from privacycenter.mail.models import OutboxMessage
from tests.accounts.openid_server import CLIENT_ID, CLIENT_SECRET, OpenIDServer
from tests.factories.accounts import TOTP_SECRET, add_totp, make_account, make_fresh, signed_in

LOGIN, SIGNUP, CONNECTIONS = "/accounts/oidc/acme/login/", "/accounts/3rdparty/signup/", "/accounts/3rdparty/"

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("C-10")]


def configured(server_url: str, **changes: Any) -> Any:
    entry = {"id": "acme", "name": "Acme ID", "server_url": server_url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET} | changes
    return login_providers(
        google=("", ""),
        microsoft=("", ""),
        microsoft_tenant="common",
        linkedin=("", ""),
        oidc=[entry],
        outbound_allow=[urlsplit(server_url).netloc],
    )


@pytest.fixture
def provider(settings: Any) -> Iterator[OpenIDServer]:
    cache.clear()
    server = OpenIDServer()
    settings.LOGIN_PROVIDERS = configured(server.url)
    settings.SOCIALACCOUNT_PROVIDERS = settings.LOGIN_PROVIDERS.settings
    yield server
    server.close()


def through(client: Client, provider: OpenIDServer, process: str = "login") -> Any:
    """Press the button, sign in there, come back."""
    start = client.post(f"{LOGIN}?process={process}")
    return client.get(provider.sign_in(start.url))


def answers(**changes: Any) -> dict[str, Any]:
    return {
        "take_name": "on",
        "take_email": "on",
        "phone": "+44 20 7946 0958",
        "company": "Analytical Engines",
        "country": "GB",
        "username": "ada",
        "birth_date": "1990-12-10",
    } | changes


def confirm(client: Client) -> Any:
    code = re.search(r"^ {4}(\S+)$", OutboxMessage.objects.latest("pk").body, re.MULTILINE).group(1)
    return client.post("/accounts/confirm-email/", {"code": code})


def registered(provider: OpenIDServer) -> Client:
    client = Client()
    through(client, provider)
    client.post(SIGNUP, answers())
    confirm(client)
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/sessions/").status_code == 200


@pytest.mark.obligation("C-01")
def test_the_first_time_asks_for_what_is_mandatory_and_what_to_take_over(provider: OpenIDServer) -> None:
    client = Client()

    response = through(client, provider)
    form = client.get(SIGNUP).context["form"]

    assert response.url == SIGNUP
    assert list(form.fields) == [
        "take_name",
        "full_name",
        "take_email",
        "email",
        "phone",
        "company",
        "country",
        "username",
        "birth_date",
    ]
    assert not form.initial
    assert not User.objects.exists()
    assert provider.problems == []


def test_name_and_address_are_taken_over_when_the_person_says_so(provider: OpenIDServer) -> None:
    client = registered(provider)

    user = User.objects.get()
    kept = FederatedRecord.objects.get()
    assert (user.full_name, user.email, user.has_usable_password()) == ("Ada Lovelace", "ada@example.com", False)
    assert (kept.provider, kept.issuer, kept.uid) == ("acme", provider.issuer, "42")
    assert kept.taken_over == ["email", "name"]
    assert is_signed_in(client)


def test_what_the_person_types_instead_is_used_and_the_record_says_so(provider: OpenIDServer) -> None:
    client = Client()
    through(client, provider)

    answer = answers(full_name="A. King", email="king@example.com")
    del answer["take_name"], answer["take_email"]
    client.post(SIGNUP, answer)

    user = User.objects.get()
    exported = next(FederatedSource().export({"account": user.pk})).values
    assert (user.full_name, user.email) == ("A. King", "king@example.com")
    assert (exported["received"], exported["taken_over"]) == ({"email": "ada@example.com", "name": "Ada Lovelace"}, [])


def test_neither_ticked_nor_typed_is_an_error_that_says_what_to_do(provider: OpenIDServer) -> None:
    client = Client()
    through(client, provider)
    answer = answers()
    del answer["take_name"], answer["take_email"]

    response = client.post(SIGNUP, answer)

    assert set(response.context["form"].errors) == {"full_name", "email"}


def test_an_address_is_confirmed_by_our_code_whatever_the_provider_says(provider: OpenIDServer) -> None:
    provider.claims["email_verified"] = True
    client = Client()
    through(client, provider)

    response = client.post(SIGNUP, answers())

    assert response.url == "/accounts/confirm-email/"
    assert not EmailAddress.objects.get().verified
    assert not is_signed_in(client)
    assert confirm(client).url == "/dashboard/"


def test_while_a_registration_waits_the_session_holds_neither_token_nor_claims_in_the_clear(provider: OpenIDServer) -> None:
    client = Client()
    through(client, provider)

    waiting = client.session["socialaccount_sociallogin"]
    assert "token" not in waiting
    assert not [word for word in ("Lovelace", "ada@example.com") if word in str(waiting)]


def test_while_a_sign_in_waits_for_its_second_factor_the_session_holds_neither_token_nor_profile(provider: OpenIDServer) -> None:
    registered(provider)
    add_totp(User.objects.get())
    client = Client()

    through(client, provider)
    waiting = str(dict(client.session))
    code = format_hotp_value(hotp_value(TOTP_SECRET, list(yield_hotp_counters_from_time())[1]))
    client.post("/accounts/2fa/authenticate/", {"code": code})

    assert "sociallogin" in waiting
    assert not [word for word in ("'token'", "'password': '", "Lovelace", "ada@example.com", "Analytical") if word in waiting]
    assert is_signed_in(client)


def test_neither_tokens_nor_claims_are_stored_with_the_link(provider: OpenIDServer) -> None:
    client = registered(provider)
    through(client, provider)

    assert not SocialToken.objects.exists()
    assert SocialAccount.objects.get().extra_data == {}
    assert "Lovelace" not in str(list(FederatedRecord.objects.extra(select={"raw": "received"}).values("raw")))
    for session in Session.objects.all():
        assert "Lovelace" not in str(session.get_decoded())


def test_signing_in_again_finds_the_same_account(provider: OpenIDServer) -> None:
    registered(provider)
    other = Client()

    response = through(other, provider)

    assert response.url == "/dashboard/"
    assert is_signed_in(other)
    assert User.objects.count() == 1


@pytest.mark.obligation("G-01")
def test_under_sixteens_are_refused_here_as_well_and_what_was_sent_is_forgotten(provider: OpenIDServer) -> None:
    client = Client()
    through(client, provider)

    refused = client.post(SIGNUP, answers(birth_date="2020-01-01"))
    again = client.post(SIGNUP, answers())
    by_form = client.get("/accounts/signup/")
    through(client, provider)
    once_more = client.get(SIGNUP, follow=True)

    assert refused.templates[0].name == by_form.templates[0].name == "account/signup_closed.html"
    assert again.url == "/accounts/login/"
    assert "form" not in (once_more.context or {}) or once_more.templates[0].name != "socialaccount/signup.html"
    assert not User.objects.exists()
    assert "Lovelace" not in str(dict(client.session))


def test_a_known_address_is_answered_the_same_and_links_nothing(provider: OpenIDServer) -> None:
    owner = make_account(email="ada@example.com")
    client = Client()
    through(client, provider)

    response = client.post(SIGNUP, answers())

    assert response.url == "/accounts/confirm-email/"
    assert OutboxMessage.objects.get().kind == "accounts.already_registered"
    assert not SocialAccount.objects.exists()
    assert list(User.objects.all()) == [owner]


def test_another_issuer_behind_the_same_provider_id_is_refused(provider: OpenIDServer) -> None:
    registered(provider)
    provider.issuer_path = "/another-realm"
    other = Client()

    response = through(other, provider)

    assert response.status_code == 401
    assert not is_signed_in(other)


def test_user_info_of_somebody_else_is_refused(provider: OpenIDServer) -> None:
    registered(provider)
    provider.claims["sub"], provider.userinfo_sub = "mallory", "42"
    other = Client()

    response = through(other, provider)

    assert response.status_code == 401
    assert not is_signed_in(other)


def test_an_answer_nobody_asked_for_is_refused(provider: OpenIDServer) -> None:
    asked, other = Client(), Client()
    start = asked.post(LOGIN)

    response = other.get(provider.sign_in(start.url))

    assert response.status_code == 401


def test_linking_takes_a_fresh_proof_tells_the_owner_and_ends_other_sessions(provider: OpenIDServer) -> None:
    user = make_account(email="owner@example.com")
    here, there = signed_in(user), signed_in(user)

    stale = through(here, provider, "connect")
    before = SocialAccount.objects.count()
    make_fresh(here)
    through(here, provider, "connect")

    assert stale.url.startswith("/accounts/confirm/")
    assert before == 0
    assert SocialAccount.objects.get().user == user
    assert FederatedRecord.objects.get().taken_over == []
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert [(m.to, m.kind) for m in OutboxMessage.objects.all()] == [("owner@example.com", "accounts.credential_changed")]


def test_unlinking_keeps_the_record_and_tells_the_owner(provider: OpenIDServer) -> None:
    user = make_account()
    client = signed_in(user, fresh=True)
    through(client, provider, "connect")
    page = client.get(CONNECTIONS)

    client.post(CONNECTIONS, {"account": SocialAccount.objects.get().pk})

    assert "Acme ID" in page.content.decode()
    assert not SocialAccount.objects.exists()
    assert FederatedRecord.objects.get().unlinked_at is not None
    assert OutboxMessage.objects.count() == 2
    assert is_signed_in(client)


def test_the_last_way_in_is_not_unlinked(provider: OpenIDServer) -> None:
    client = registered(provider)
    make_fresh(client)

    client.post(CONNECTIONS, {"account": SocialAccount.objects.get().pk})

    assert SocialAccount.objects.exists()


def test_a_provider_log_in_alone_is_no_fresh_proof(provider: OpenIDServer) -> None:
    client = registered(provider)
    through(client, provider)

    assert client.get("/accounts/close/").url.startswith("/accounts/confirm/")


@pytest.mark.parametrize(("age", "is_taken"), [(0, True), (600, False), (None, False)])
def test_signing_in_again_at_the_provider_counts_when_it_really_happened(provider: OpenIDServer, age: int | None, is_taken: bool) -> None:
    client = registered(provider)
    page = client.get("/accounts/close/").url
    shown = client.get(page)

    start = client.post(page, {"provider": "acme", "next": "/accounts/close/"})
    provider.auth_time = None if age is None else int(time.time()) - age
    back = client.get(provider.sign_in(start.url))

    assert "Acme ID" in shown.content.decode()
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
    assert (back.url == "/accounts/close/") is is_taken
    assert (client.get("/accounts/close/").status_code == 200) is is_taken


def test_somebody_else_at_the_provider_proves_nothing(provider: OpenIDServer) -> None:
    client = registered(provider)
    provider.auth_time = int(time.time())
    page = client.get("/accounts/close/").url
    start = client.post(page, {"provider": "acme", "next": "/accounts/close/"})
    provider.claims = {"sub": "mallory", "name": "Mallory", "email": "m@example.com"}

    client.get(provider.sign_in(start.url))

    assert client.get("/accounts/close/").status_code == 302
    assert SocialAccount.objects.count() == 1


def test_a_frozen_account_is_not_opened_by_a_provider(provider: OpenIDServer) -> None:
    registered(provider)
    User.objects.update(frozen_at="2026-01-01T00:00Z")
    other = Client()

    assert through(other, provider).url == "/accounts/frozen/"
    assert not is_signed_in(other)


def test_only_configured_hosts_are_talked_to(provider: OpenIDServer) -> None:
    session = ProviderAdapter().get_requests_session()

    assert session.get(f"{provider.url}/.well-known/openid-configuration").status_code == 200
    with pytest.raises(OutboundRefused):
        session.get("http://169.254.169.254/latest/meta-data/")


def test_no_provider_no_button(settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}

    assert "elsewhere" not in Client().get("/accounts/login/").content.decode()
    assert Client().post(LOGIN).status_code == 404


def test_every_provider_of_the_settings_is_offered_with_proof_keys() -> None:
    found = login_providers(
        google=("g", "s"),
        microsoft=("m", "s"),
        microsoft_tenant="contoso",
        linkedin=("l", "s"),
        oidc=[{"id": "acme", "name": "Acme", "server_url": "https://id.acme.example/", "client_id": "a"}],
        outbound_allow=[],
    )

    apps = {app["provider_id"]: app["settings"] for app in found.settings["openid_connect"]["APPS"]}
    assert apps["linkedin"]["server_url"] == "https://www.linkedin.com/oauth"
    assert all(entry["OAUTH_PKCE_ENABLED"] for entry in found.settings.values())
    assert found.settings["microsoft"]["APPS"][0]["settings"] == {"tenant": "contoso"}
    assert found.origins == [
        "https://accounts.google.com",
        "https://login.microsoftonline.com",
        "https://www.linkedin.com",
        "https://id.acme.example",
    ]


@pytest.mark.parametrize(
    "changes",
    [{"id": ""}, {"server_url": "http://id.acme.example"}, {"server_url": "http://localhost:1"}, {"id": "google"}, {"client_id": ""}],
)
def test_an_unfit_provider_stops_the_start(changes: dict[str, str]) -> None:
    entry = {"id": "acme", "name": "Acme", "server_url": "https://id.acme.example", "client_id": "a"} | changes

    with pytest.raises(ImproperlyConfigured):
        login_providers(google=("", ""), microsoft=("", ""), microsoft_tenant="", linkedin=("", ""), oidc=[entry], outbound_allow=[])


def test_the_policy_lets_forms_lead_to_the_providers_of_the_settings_only() -> None:
    allowed = live_settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"]

    assert allowed == ["'self'", *login_origins()]


def login_origins() -> list[str]:
    return list(live_settings.LOGIN_PROVIDERS.origins)
