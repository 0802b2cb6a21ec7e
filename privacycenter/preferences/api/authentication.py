"""Who calls: an API client by its access token, or the signed-in person by their session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.idp.oidc.models import Client, Token
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from privacycenter.kernel.actor import Actor, ActorKind

REALM = 'realm="privacy center"'
_LONGEST_TOKEN = 200


@dataclass(frozen=True)
class ApiPrincipal:
    """The client behind a request. It stands where Django has the user, so it answers the questions that are put to one."""

    client_id: str
    scopes: frozenset[str]
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True
    is_staff: bool = False
    pk: None = None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.API_CLIENT, self.client_id)


class InvalidToken(AuthenticationFailed):
    """RFC 6750: unknown, expired or revoked, or its client is disabled. Which of them is not said."""

    default_code = "invalid_token"
    default_detail = _("Get a new one at /identity/o/api/token.")


class ClientAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` (RFC 6750) with a token of the client-credentials grant. One query.

    Only the header counts: a token in the address or the body would end up in logs. A token is worth what its client may do now:
    a disabled client has none, and a scope that was taken away is gone at once.
    """

    def authenticate(self, request: Any) -> tuple[ApiPrincipal, Token] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != 2 or len(header[1]) > _LONGEST_TOKEN or not header[1].isascii():
            raise InvalidToken
        token = (
            Token.objects.valid()
            .by_value(header[1].decode("ascii"))
            .filter(type=Token.Type.ACCESS_TOKEN, user__isnull=True)
            .select_related("client")
            .first()
        )
        client = token.client if token else None
        if token is None or client is None or Client.GrantType.CLIENT_CREDENTIALS not in client.get_grant_types():
            raise InvalidToken
        return ApiPrincipal(client.pk, frozenset(token.get_scopes()) & frozenset(client.get_scopes())), token

    def authenticate_header(self, request: Any) -> str:
        """The challenge of a 401; `error` only where a token was sent (RFC 6750 section 3.1)."""
        sent = get_authorization_header(request).lower().startswith(b"bearer")
        return f'Bearer {REALM}, error="invalid_token"' if sent else f"Bearer {REALM}"


class PersonAuthentication(SessionAuthentication):
    """The session of the pages, with their CSRF protection. Without one the answer is 401, not a redirect."""

    def authenticate_header(self, request: Any) -> str:
        return f"Session {REALM}"
