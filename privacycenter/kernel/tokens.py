"""Tokens for links and codes for people, from the operating system's generator; only digests are stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets

# Without letters and digits that people mix up (0 O, 1 I L, U V): 30 signs, 8 of them are 39 bits.
_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"


def new_token() -> str:
    """A URL-safe token of 128 random bits in 22 characters."""
    return secrets.token_urlsafe(16)


def new_code(length: int = 8) -> str:
    """A code of `length` signs that a person can read out and type; at least 8."""
    if length < 8:
        raise ValueError("a code has at least 8 signs")
    return "".join(secrets.choice(_CODE_ALPHABET) for _ in range(length))


def tidy_code(text: str) -> str:
    """What a person typed as a code, without spaces and dashes, in capitals; at most 64 signs are looked at."""
    return "".join(character for character in text[:64].upper() if character.isalnum())


def digest(token: str) -> str:
    """SHA-256 of a token in lower-case hex: what is stored in its place. Only for tokens of 128 bits and more."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(first: str, second: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(first.encode(), second.encode())
