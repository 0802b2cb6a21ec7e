"""Reading a provider's answer: who issued it, for whom, when they proved themselves, and which facts came along."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from accounts.domain import Received
from accounts.provider_settings import GOOGLE_ISSUER, MICROSOFT_ORIGIN
from privacycenter.kernel.cards import mask_card_numbers
from privacycenter.kernel.encryption import decrypt, encrypt
from privacycenter.kernel.text import storable

# RFC 7519 and OpenID Connect Core: claims about the token, not about the person.
_ABOUT_THE_TOKEN = frozenset(
    (
        *("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash"),
        *("auth_time", "acr", "amr", "sid", "hd", "id", "oid", "tid", "uti", "rh", "ver"),
    )
)
_LONGEST_FACT = 300
_CONTEXT = "accounts.registration.received"


@dataclass(frozen=True)
class ProviderAnswer:
    """What is `received`, and the moment of the log-in at the provider (seconds since 1970) where it says so."""

    received: Received
    authenticated_at: int | None


def answer_from(provider: str, uid: str, data: Mapping[str, Any]) -> ProviderAnswer:
    """Read what allauth hands over. Raises ValueError (without data) for an answer without issuer or for two people.

    OpenID Connect Core 5.3.2: the subject of the user info must be that of the id token, else it must not be used.
    """
    token = data.get("id_token") if isinstance(data.get("id_token"), dict) else None
    userinfo = data.get("userinfo") if isinstance(data.get("userinfo"), dict) else None
    if provider == "microsoft":
        issuer, claims = f"{MICROSOFT_ORIGIN}/{settings.MICROSOFT_TENANT}/v2.0", dict(data)
    elif provider == "google":
        issuer, claims = str(data.get("iss") or GOOGLE_ISSUER), dict(data)
    else:
        if token is None or not token.get("iss"):
            raise ValueError("the provider sent no id token")
        if userinfo is not None and userinfo.get("sub") != token.get("sub"):
            raise ValueError("user info and id token differ in their subject")
        issuer, claims = str(token["iss"]), {**token, **(userinfo or {})}
    at = (token or data).get("auth_time")
    return ProviderAnswer(
        Received(provider=provider, issuer=issuer[:500], uid=uid, facts=_facts(claims)), at if isinstance(at, int) else None
    )


def seal_received(received: Received) -> str:
    """For the session, where a registration waits for its form: sessions are signed, not secret."""
    return base64.b64encode(encrypt(json.dumps(asdict(received)).encode(), context=_CONTEXT)).decode("ascii")


def unseal_received(sealed: str) -> Received:
    """What `seal_received` was given. Raises DecryptionFailed."""
    return Received(**json.loads(decrypt(base64.b64decode(sealed), context=_CONTEXT)))


def _facts(claims: Mapping[str, Any]) -> dict[str, str]:
    """Plain facts about the person as text, with the names that the registration page uses for name and e-mail."""
    facts = {
        str(key)[:60]: mask_card_numbers(storable(str(value)))[:_LONGEST_FACT]
        for key, value in sorted(claims.items())
        if key not in _ABOUT_THE_TOKEN and isinstance(value, str | int | bool) and value != ""
    }
    parts = " ".join(part for part in (facts.get("given_name", ""), facts.get("family_name", "")) if part)
    name = facts.get("name") or facts.get("displayName") or parts
    email = facts.get("email") or facts.get("mail") or facts.get("userPrincipalName")
    return facts | ({"name": name} if name else {}) | ({"email": email.lower()} if email else {})
