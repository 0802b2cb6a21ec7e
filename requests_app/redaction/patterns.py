"""How one hidden text is found in every form in which people and programs write it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import AnyStr

import idna
import phonenumbers

from requests_app.redaction.folding import fold

MOST = 200
"""The longest text that can be hidden everywhere."""

_SEPARATORS = " ().-/_+"
_BETWEEN_DIGITS = rf"[{re.escape(_SEPARATORS)}]{{0,4}}"
_BETWEEN_WORDS = r"(?:[^\w@]|_){0,8}"
_AT = r"\s{0,3}(?:@|%40|&#64;|&commat;|\(at\)|\[at\])\s{0,3}"
_TRUNK = "(?:00?|06|8)?"  # what is dialled before a number within its country
_WITHOUT_SEPARATORS = _SEPARATORS.encode() + b"\t\r"
# Scripts that write no spaces between words: a name stands directly before the next word. Jamo is what Hangul folds to.
_RUN_TOGETHER = re.compile("[\u0e00-\u0eff\u1000-\u11ff\u1780-\u17ff\u2e80-\U0003ffff]")
_EMAIL = re.compile(r"[^\s@<>\"(),;:]{1,64}@[^\s@<>\"(),;:]{1,190}")
_NO_DIGITS = re.compile(r"[^0-9]+")
_WORD = re.compile(r"[^\W_]+")


class Form(StrEnum):
    """What a text is, which says in what other forms it can stand."""

    EMAIL = "email"
    PHONE = "phone"
    WORDS = "words"


class TooShort(ValueError):
    """So little text would hide half of the copy."""


@dataclass(frozen=True, slots=True)
class Needle:
    """One hidden text: a quick test whether a stretch of text can hold it, and the exact pattern. Both look at folded text."""

    form: Form
    canonical: str  # equal for two ways of writing the same
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]

    def may_be_in(self, folded: str, digits: bytes) -> bool:
        """False: it certainly is not. `digits` is what `digits_of` makes of the same stretch."""
        if self.form is Form.PHONE:
            return self.anchors[0].encode() in digits
        return all(anchor in folded for anchor in self.anchors)

    def lines_in(self, folded: str, digits: bytes) -> Iterator[int]:
        """The lines that hold its rarest part, by their numbers from 0; a plain search, for a pattern is tried at every letter."""
        if self.form is Form.PHONE:
            return _lines_with(digits, self.anchors[0].encode(), b"\n")
        return _lines_with(folded, max(self.anchors, key=len), "\n")


def _lines_with(stretch: AnyStr, part: AnyStr, end: AnyStr) -> Iterator[int]:
    line = done = 0
    place = stretch.find(part)
    while place >= 0:
        line += stretch.count(end, done, place)
        yield line
        done = place
        place = stretch.find(part, place + 1)


def digits_of(folded: str) -> bytes:
    """The stretch without what may stand between the digits of a phone number."""
    return folded.encode("utf-8", "replace").translate(None, _WITHOUT_SEPARATORS)


def needle_for(text: str, *, region: str = "") -> Needle:
    """What finds a text. `region` is the country of phone numbers without a country code. Raises TooShort."""
    folded = fold(text).strip().removeprefix("mailto:").strip(" <>\"'")
    if _EMAIL.fullmatch(folded):
        return _email(folded, unicodedata.normalize("NFC", text).lower().rpartition("@")[2].strip(" <>\"'"))
    number = phone_in(text, region)
    if number is not None:
        return _phone(str(number.national_number), str(number.country_code))
    digits = _NO_DIGITS.sub("", folded)
    if len(digits) >= 6 and not re.search(r"[^\W\d_]", folded):
        return _phone(digits.lstrip("0"), "")
    return _words(folded)


def phone_in(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    """The number that a text is as a whole, or None."""
    if re.search(r"[^\W\d_]", text):
        return None
    digits = fold(text).strip()
    international = "+" + digits[2:] if digits.startswith("00") else digits
    try:
        number = phonenumbers.parse(international, region.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _email(address: str, written: str) -> Needle:
    local, _, domain = address.rpartition("@")
    parts = sorted(_WORD.findall(local), key=len)
    if not parts or not _WORD.search(domain):
        raise TooShort
    pattern = rf"(?<![^\W_]){re.escape(local)}{_AT}(?:{'|'.join(map(re.escape, _domains(domain, written)))})(?![^\W_])"
    return Needle(Form.EMAIL, address, (parts[-1],), re.compile(pattern))


def _domains(domain: str, written: str) -> list[str]:
    """A domain as people read it and as it travels (RFC 5891)."""
    known = [domain]
    try:
        known.append(fold(idna.decode(written)) if written.isascii() else idna.encode(written, uts46=True).decode("ascii"))
    except idna.IDNAError:
        return known
    return list(dict.fromkeys(known))


def _phone(national: str, country: str) -> Needle:
    if len(national) < 5:
        raise TooShort
    body = _BETWEEN_DIGITS.join(national)
    code = rf"(?:(?:\+|00|011)?{_BETWEEN_DIGITS}{_BETWEEN_DIGITS.join(country)}{_BETWEEN_DIGITS})?" if country else ""
    opening = r"(?:\+|\()?" if not country else r"\(?"
    pattern = rf"(?<![0-9]){opening}{code}(?:\(?{_TRUNK}\)?{_BETWEEN_DIGITS})?{body}(?![0-9])"
    return Needle(Form.PHONE, f"+{country}{national}" if country else national, (national,), re.compile(pattern))


def _words(folded: str) -> Needle:
    words = _WORD.findall(folded)
    letters = "".join(words)
    if len(letters) < 2:
        raise TooShort
    body = _BETWEEN_WORDS.join(map(re.escape, words))
    if len(words) in (2, 3):  # “Ann Lee” and “Lee, Ann”
        body = f"(?:{body}|{re.escape(words[-1])}{_BETWEEN_WORDS}{_BETWEEN_WORDS.join(map(re.escape, words[:-1]))})"
    start = "" if _RUN_TOGETHER.match(letters[0]) else r"(?<![^\W_])"
    end = "" if _RUN_TOGETHER.match(letters[-1]) else r"(?![^\W_])"
    return Needle(Form.WORDS, " ".join(words), tuple(dict.fromkeys(words)), re.compile(f"{start}{body}{end}"))
