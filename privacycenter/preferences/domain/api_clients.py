"""Verbs on clients of the API: made, changed, given a new secret, switched off and on again by staff."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from allauth.idp.oidc.models import Client, Token
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.domain.api_answers import clear_answers
from privacycenter.preferences.models import ApiClient


@transaction.atomic
def create_client(*, name: str, scopes: Iterable[str], actor: Actor) -> tuple[ApiClient, str]:
    """Make a client; answers it and its secret, which is nowhere else: 256 random bits, stored as a slow hash."""
    client = ApiClient(name=name, type=Client.Type.CONFIDENTIAL, redirect_uris="", response_types="", default_scopes="")
    client.set_grant_types([Client.GrantType.CLIENT_CREDENTIALS])
    _set_scopes(client, scopes)
    secret = _set_secret(client)
    client.save(force_insert=True)
    record("preferences.api_client_created", actor=actor, client=client.pk, scopes=" ".join(client.get_scopes()))
    return client, secret


@transaction.atomic
def change_client(client: ApiClient, *, name: str, scopes: Iterable[str], actor: Actor) -> None:
    """Rename a client or change what it may do. What is taken away is gone from tokens that are out, too."""
    client.name = name
    _set_scopes(client, scopes)
    client.save(update_fields=["name", "scopes", "default_scopes"])
    record("preferences.api_client_changed", actor=actor, client=client.pk, scopes=" ".join(client.get_scopes()))


@transaction.atomic
def rotate_secret(client: ApiClient, *, actor: Actor) -> str:
    """Give a client a new secret, and answer it. The old secret and every token got with it stop working at once."""
    secret = _set_secret(client)
    client.save(update_fields=["secret"])
    _end_tokens(client)
    record("preferences.api_client_rotated", actor=actor, client=client.pk)
    return secret


@transaction.atomic
def disable_client(client: ApiClient, *, actor: Actor) -> None:
    """Switch a client off: it gets no token, and those that are out stop working at once."""
    client.set_grant_types([])
    client.save(update_fields=["grant_types"])
    _end_tokens(client)
    record("preferences.api_client_disabled", actor=actor, client=client.pk)


@transaction.atomic
def enable_client(client: ApiClient, *, actor: Actor) -> None:
    """Switch a client on again, with the secret it had."""
    client.set_grant_types([Client.GrantType.CLIENT_CREDENTIALS])
    client.save(update_fields=["grant_types"])
    record("preferences.api_client_enabled", actor=actor, client=client.pk)


def clear_api() -> None:
    """Remove tokens that have expired and answers that are no longer repeated. Bears being lost or doubled."""
    Token.objects.expired().delete()
    clear_answers()


def _set_scopes(client: ApiClient, scopes: Iterable[str]) -> None:
    wanted = sorted(set(scopes))
    client.set_scopes(wanted)
    client.set_default_scopes(wanted)  # who asks for no scope gets all that the client has


def _set_secret(client: ApiClient) -> str:
    secret = secrets.token_urlsafe(32)
    client.set_secret(secret)
    return secret


def _end_tokens(client: ApiClient) -> None:
    Token.objects.filter(client_id=client.pk).delete()
