"""Tokens: from the client-credentials grant only, for what the client may do now, and gone at once when they should be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.idp.oidc.models import Token
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.api.tokens import TRIES_PER_MINUTE
from privacycenter.preferences.domain.api_clients import change_client, disable_client, enable_client, rotate_secret
from privacycenter.preferences.models import ApiClient
from tests.api.conftest import Caller, get_token
from tests.factories.accounts import make_staff, signed_in

pytestmark = pytest.mark.django_db

STAFF = Actor.system("tests")
QUESTION = {"questions": []}


def ask(caller: Caller, token: str | None = None):
    return caller.post("decisions/", QUESTION, **({"Authorization": f"Bearer {token}"} if token is not None else {}))


def test_a_client_gets_a_token_with_its_id_and_secret_and_calls_with_it(caller):
    answer = get_token(caller.client.pk, caller.secret)

    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    assert "refresh_token" not in answer.json()
    assert answer["Cache-Control"] == "no-store"
    assert ask(caller, answer.json()["access_token"]).status_code == 200


def test_neither_secret_nor_token_is_stored_as_it_is(caller):
    token, client = Token.objects.get(), ApiClient.objects.get()

    assert caller.token not in {token.hash, str(token.data)}
    assert caller.secret not in client.secret
    assert client.secret.startswith("argon2$")


@pytest.mark.parametrize(
    ("client_id", "secret", "parameters", "error"),
    [
        ("right", "wrong", {}, "invalid_client"),
        ("nobody", "right", {}, "invalid_client"),
        ("right", "right", {"grant_type": "password"}, "unsupported_grant_type"),
        ("right", "right", {"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ("right", "right", {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type"),
        ("right", "right", {"grant_type": "refresh_token", "refresh_token": "x"}, "unsupported_grant_type"),
        ("right", "right", {"grant_type": ""}, "invalid_request"),
        ("right", "right", {"scope": "openid"}, "invalid_scope"),
        ("right", "right", {"resource": "not a uri"}, "invalid_target"),
    ],
)
def test_the_token_endpoint_refuses_what_is_not_a_client(caller, client_id, secret, parameters, error):
    known = {"right": caller.client.pk, "nobody": "nobody"}
    secrets = {"right": caller.secret, "wrong": "wrong"}

    answer = get_token(known[client_id], secrets[secret], **parameters)

    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == error


def test_a_client_can_ask_for_less_than_it_may(db):
    caller = Caller("gate:read", "links")
    narrow = get_token(caller.client.pk, caller.secret, scope="links").json()["access_token"]

    assert ask(caller).status_code == 200
    assert ask(caller, narrow).status_code == 403


def test_nothing_else_of_the_identity_provider_is_there(client):
    for path in ("authorize", "device/code", "userinfo", "introspect", "clients", "logout"):
        assert client.get(f"/identity/o/{path}").status_code == 404
        assert client.post(f"/identity/o/api/{path}").status_code == 404
    assert client.get("/.well-known/openid-configuration").status_code == 404
    assert client.get("/identity/o/api/token").status_code == 405


def test_tries_at_the_token_endpoint_are_limited(caller):
    with clock.stopped_at(clock.now()):
        answers = [get_token("nobody", "wrong") for _ in range(TRIES_PER_MINUTE + 1)]

    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1]["Retry-After"]) <= 60


@pytest.mark.parametrize(
    "header", ["", "Basic eDp5", "Bearer", "Bearer ", "Bearer unknown", "Bearer a b", "Bearer " + "x" * 5000, "Bearer \xff", "Token x"]
)
def test_without_a_valid_token_the_answer_is_a_challenge(caller, header):
    answer = caller.post("decisions/", QUESTION, Authorization=header)

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith('Bearer realm="privacy center"')
    assert ('error="invalid_token"' in answer["WWW-Authenticate"]) == header.startswith("Bearer")


def test_a_token_in_the_address_or_the_body_does_not_count(caller):
    by_query = Client().post(f"/api/v1/decisions/?access_token={caller.token}", QUESTION, content_type="application/json")
    by_body = Client().post("/api/v1/decisions/", {**QUESTION, "access_token": caller.token}, content_type="application/json")

    assert by_query.status_code == by_body.status_code == 401


def test_a_token_ends_by_time_revocation_rotation_and_switching_off(caller):
    assert ask(caller).status_code == 200
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(caller).status_code == 401

    second = get_token(caller.client.pk, caller.secret).json()["access_token"]
    assert ask(caller, second).status_code == 200
    body = {"token": second, "client_id": caller.client.pk, "client_secret": caller.secret}
    assert Client().post("/identity/o/api/revoke", body).status_code == 200
    assert ask(caller, second).status_code == 401

    third = get_token(caller.client.pk, caller.secret).json()["access_token"]
    assert ask(caller, third).status_code == 200
    new_secret = rotate_secret(caller.client, actor=STAFF)
    assert ask(caller, third).status_code == 401
    assert get_token(caller.client.pk, caller.secret).status_code == 401

    fourth = get_token(caller.client.pk, new_secret).json()["access_token"]
    assert ask(caller, fourth).status_code == 200
    disable_client(caller.client, actor=STAFF)
    assert ask(caller, fourth).status_code == 401
    assert get_token(caller.client.pk, new_secret).status_code == 400

    enable_client(caller.client, actor=STAFF)
    assert ask(caller, fourth).status_code == 401
    assert get_token(caller.client.pk, new_secret).status_code == 200


def test_a_token_that_was_being_made_while_its_client_was_switched_off_is_worth_nothing(caller):
    token = Token.objects.get()
    disable_client(caller.client, actor=STAFF)
    token.save(force_insert=True)

    assert ask(caller).status_code == 401


def test_another_client_can_not_revoke_a_token(caller):
    other = Caller("links")
    body = {"token": caller.token, "client_id": other.client.pk, "client_secret": other.secret}

    Client().post("/identity/o/api/revoke", body)

    assert ask(caller).status_code == 200


def test_a_scope_that_is_taken_away_is_gone_from_tokens_that_are_out(caller):
    change_client(caller.client, name="Shop", scopes=["links"], actor=STAFF)

    answer = ask(caller)

    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert answer["WWW-Authenticate"] == 'Bearer realm="privacy center", error="insufficient_scope", scope="gate:read"'


def test_a_token_that_belongs_to_a_person_is_none(caller):
    Token.objects.update(user=make_staff())

    assert ask(caller).status_code == 401


def dpo():
    staff = make_staff()
    staff.groups.add(Group.objects.get(name="Data protection officer"))
    return signed_in(staff, fresh=True)


def test_the_desk_makes_a_client_and_shows_its_secret_once():
    desk = dpo()

    answer = desk.post(reverse("admin:preferences_apiclient_add"), {"name": "Shop", "scopes": ["gate:read", "links"]})
    page = answer.content.decode()
    assert f"grant_type=client_credentials http://localhost:8000{reverse('api_token')}" in page
    assert "Ask whether data may be used (<code>gate:read</code>)" in page
    assert "_addanother" not in desk.get(reverse("admin:preferences_apiclient_add")).content.decode()

    client = ApiClient.objects.get()
    secret = answer.context["secret"]
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert secret in answer.content.decode()
    assert client.get_scopes() == ["gate:read", "links"]
    assert get_token(client.pk, secret).json()["scope"].split() == ["gate:read", "links"]
    shown_later = desk.get(reverse("admin:preferences_apiclient_change", args=[client.pk])).content.decode()
    assert "Shop" in shown_later
    assert secret not in shown_later
    assert client.secret not in shown_later
    assert AuditEntry.objects.get(verb="preferences.api_client_created").parameters == {"client": client.pk, "scopes": "gate:read links"}


def test_the_desk_changes_rotates_and_switches_a_client(caller):
    desk, pk = dpo(), caller.client.pk

    changed = desk.post(reverse("admin:preferences_apiclient_change", args=[pk]), {"name": "Mailer", "scopes": ["links"]})
    rotated = desk.post(reverse("admin:preferences_apiclient_rotate", args=[pk]))
    off = desk.post(reverse("admin:preferences_apiclient_disable", args=[pk]))
    is_on_after_off = ApiClient.objects.get(pk=pk).is_enabled
    on = desk.post(reverse("admin:preferences_apiclient_enable", args=[pk]))

    client = ApiClient.objects.get(pk=pk)
    assert [answer.status_code for answer in (changed, rotated, off, on)] == [302, 200, 302, 302]
    assert (client.name, client.get_scopes(), is_on_after_off, client.is_enabled) == ("Mailer", ["links"], False, True)
    assert client.check_secret(rotated.context["secret"])
    assert not client.check_secret(caller.secret)
    assert list(AuditEntry.objects.filter(verb__startswith="preferences.api_client").order_by("id").values_list("verb", flat=True)) == [
        "preferences.api_client_created",
        "preferences.api_client_changed",
        "preferences.api_client_rotated",
        "preferences.api_client_disabled",
        "preferences.api_client_enabled",
    ]


def test_a_client_needs_a_scope_that_exists():
    desk = dpo()

    for scopes in ([], ["everything"]):
        answer = desk.post(reverse("admin:preferences_apiclient_add"), {"name": "Shop", "scopes": scopes})
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors["scopes"]
    assert not ApiClient.objects.exists()


def test_only_who_may_changes_a_client(caller):
    pk = caller.client.pk
    agent = make_staff()
    agent.groups.add(Group.objects.get(name="Privacy agent"))

    for client in (Client(), signed_in(agent, fresh=True)):
        for name in ("rotate", "disable", "enable"):
            assert client.post(reverse(f"admin:preferences_apiclient_{name}", args=[pk])).status_code in {302, 403}
        assert client.get(reverse("admin:preferences_apiclient_change", args=[pk])).status_code in {302, 403}
    assert dpo().get(reverse("admin:preferences_apiclient_rotate", args=[pk])).status_code == 405
    assert dpo().post(reverse("admin:preferences_apiclient_rotate", args=["nobody"])).status_code == 404
    assert ApiClient.objects.get(pk=pk).check_secret(caller.secret)


def test_allauths_own_pages_of_clients_and_tokens_are_gone():
    desk = dpo()

    for model in ("client", "token"):
        assert desk.get(f"/admin/allauth_idp_oidc/{model}/").status_code == 404
