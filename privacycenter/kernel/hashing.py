"""Keyed hashes: references to people that can't be recomputed without a key.

HMAC-SHA-256 (RFC 2104) under HASH_KEYS. Every stored hash bears its key's id; look-ups try every configured id, so a
key stays in the setting while a row bears it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class KeyedHash(NamedTuple):
    """A hash and the id of its key. `str()` gives the one-column form `id:hex`."""

    key_id: str
    digest: str

    def __str__(self) -> str:
        return f"{self.key_id}:{self.digest}"


def keyed_hash(value: str, *, context: str) -> KeyedHash:
    """Hash `value` under the newest key. `context` keeps equal values apart in different uses."""
    key_id, key = next(iter(_keys().items()))
    return KeyedHash(key_id, _digest(key, value, context))


def candidates(value: str, *, context: str) -> list[KeyedHash]:
    """Every hash that `value` may be stored under, newest key first."""
    return [KeyedHash(key_id, _digest(key, value, context)) for key_id, key in _keys().items()]


def hasher(context: str) -> Callable[[str], list[KeyedHash]]:
    """`candidates` for many values of one context: what doesn't change from value to value is made once."""
    prefix = f"{len(context)}:{context}:".encode()
    keys = list(_keys().items())

    def hashes(value: str) -> list[KeyedHash]:
        message = prefix + value.encode("utf-8", "surrogatepass")
        return [KeyedHash(key_id, hmac.digest(key, message, "sha256").hex()) for key_id, key in keys]

    return hashes


def _keys() -> dict[str, bytes]:
    if not settings.HASH_KEYS:
        raise ImproperlyConfigured("HASH_KEYS is not set")
    return settings.HASH_KEYS


def _digest(key: bytes, value: str, context: str) -> str:
    # The length in front of the context makes (context, value) unambiguous.
    message = f"{len(context)}:{context}:{value}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()
