"""Signing manifests, and the public keys that anybody checks them with (RFC 8032, RFC 8037)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def signing_key_id() -> str:
    """The id of the key that signs: the newest. Raises ImproperlyConfigured when there is none."""
    if not settings.BUNDLE_SIGNING_KEYS:
        raise ImproperlyConfigured("BUNDLE_SIGNING_KEYS is not set")
    return str(next(iter(settings.BUNDLE_SIGNING_KEYS)))


def sign(data: bytes) -> bytes:
    """Ed25519 signature of `data` with the newest key, in Base64."""
    key = Ed25519PrivateKey.from_private_bytes(settings.BUNDLE_SIGNING_KEYS[signing_key_id()])
    return base64.b64encode(key.sign(data))


def is_signed_by(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` (64 raw bytes) of `data` was made with this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_keys() -> dict[str, bytes]:
    """Every configured key's public part by key id, newest first. Retired keys stay configured while bundles may be checked."""
    return {
        key_id: Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        for key_id, private in settings.BUNDLE_SIGNING_KEYS.items()
    }


def jwks() -> dict[str, list[dict[str, str]]]:
    """What stands at /.well-known/privacy-bundle-keys.json (RFC 7517)."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": base64.urlsafe_b64encode(public).rstrip(b"=").decode("ascii"),
                "kid": key_id,
                "use": "sig",
                "alg": "EdDSA",
            }
            for key_id, public in public_keys().items()
        ]
    }


def keys_from_jwks(document: Any) -> dict[str, bytes]:
    """Public keys by key id from a JWKS. Keys of other kinds are left out (RFC 7517, 5). Raises ValueError for what is no JWKS."""
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list):
        raise ValueError("no key set")
    found: dict[str, bytes] = {}
    for key in keys:
        if isinstance(key, Mapping) and key.get("kty") == "OKP" and key.get("crv") == "Ed25519" and isinstance(key.get("x"), str):
            text = key["x"]
            found[str(key.get("kid", ""))] = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return found
