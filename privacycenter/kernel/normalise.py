"""The only normaliser of identifiers: what is stored, hashed and compared everywhere."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import lru_cache

import idna
import phonenumbers

from privacycenter.kernel.errors import InvalidIdentifier


class IdentifierKind(StrEnum):
    """What an identifier is. (Labels for people: privacycenter.subjects.enums.)"""

    EMAIL = "email"
    PHONE = "phone"
    USERNAME = "username"
    CUSTOMER_NUMBER = "customer_number"
    DEVICE = "device"


MAX_LENGTH = 320


def normalise(kind: str, value: str, *, region: str | None = None) -> str:
    """Return the canonical form of an identifier.

    E-mail: NFC, lower case, domain as IDNA 2008 A-label (RFC 5891, with UTS 46 mapping), plus-part kept.
    Phone: E.164; `region` (ISO 3166-1 alpha-2) is used only for numbers without a country code.
    Others: NFC, trimmed; user names lower-cased.
    Raises InvalidIdentifier; the message never repeats the value.
    """
    text = unicodedata.normalize("NFC", value).strip()
    if not text or len(text) > MAX_LENGTH or not _is_writable(text):
        raise InvalidIdentifier
    if kind == IdentifierKind.EMAIL:
        return _email(text)
    if kind == IdentifierKind.PHONE:
        return _phone(text, region)
    if kind == IdentifierKind.USERNAME:
        return text.lower()
    if kind in {IdentifierKind.CUSTOMER_NUMBER, IdentifierKind.DEVICE}:
        return text
    raise InvalidIdentifier


def _is_writable(text: str) -> bool:
    """Whether no character is a control or half of a pair."""
    if text.isascii() and text.isprintable():  # nearly always, and quick to see
        return True
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    """Remembered: a list of a million addresses has a few thousand domains."""
    return idna.encode(domain.rstrip("."), uts46=True).decode("ascii").lower()


def _email(text: str) -> str:
    local, separator, domain = text.rpartition("@")
    if not separator or not local or not domain or text.split() != [text] or "@" in local:
        raise InvalidIdentifier
    try:
        ascii_domain = _ascii_domain(domain)
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidIdentifier from error
    return unicodedata.normalize("NFC", f"{local.lower()}@{ascii_domain}")


def _phone(text: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidIdentifier from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidIdentifier
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
