"""Full payment card numbers are held nowhere: find, refuse and mask them at every boundary.

A number is a run of 13 to 19 digits (ISO/IEC 7812-1), with spaces, dashes or dots between them, whose check digit is right
by the Luhn formula (ISO/IEC 7812-1, annex B) and whose first digit is one that payment cards use. Between slashes, underscores,
tabs and wide gaps, where dates and paths have digits too, it must also be grouped as on a card.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from privacycenter.kernel.errors import CardNumberFound

_RUN = re.compile(r"[0-9](?:[ .\-/_\t]{0,3}[0-9]){12,}")
_GROUP = re.compile(r"[0-9]+")
_UNUSUAL_GAP = re.compile(r"[/_\t]|.{3}")
# A SHA-256 in hexadecimal: now and then thirteen of its digits in a row pass for a card by chance, and masked it proves nothing.
_DIGEST = re.compile(r"(?<![0-9A-Za-z])(?=[0-9a-f]*[a-f])[0-9a-f]{64}(?![0-9A-Za-z])")
_FIRST_DIGITS = frozenset("23456")
# How the digits of cards are grouped, in print and by people who type them one by one.
_LAYOUTS = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 4, 4, 1), (4, 4, 5), (4, 6, 5), (4, 6, 4)})
# Characters that look like a separator, or like nothing at all; those below U+0080 stand for themselves.
_LOOKALIKES = {
    " ": "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff",
    "-": "\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d",
    ".": "\u00b7\u2022\u2024\u2027\uff0e",
    "/": "\u2044\u2215\uff0f",
    "_": "\u203f\uff3f",
}


def passes_luhn(digits: str) -> bool:
    """Whether a string of ASCII digits has a right Luhn check digit."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        number = ord(character) - 48
        if position % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10 == 0


class _Folding(dict[int, int]):
    """For str.translate: digits of other scripts as ASCII ones and separators as their plain form, character by character."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        folded = ord(str(unicodedata.digit(character))) if character.isdecimal() else code
        if code < 0x10000:  # bounds what is remembered
            self[code] = folded
        return folded


def _lookalikes() -> dict[int, int]:
    found = {}
    for plain, pattern in _LOOKALIKES.items():
        for first, last in re.findall(r"(.)(?:-(.))?", pattern):
            found.update(dict.fromkeys(range(ord(first), ord(last or first) + 1), ord(plain)))
    return found


_FOLDING = _Folding(_lookalikes())


def _card_spans(text: str) -> list[tuple[int, int]]:
    folded = text if text.isascii() else text.translate(_FOLDING)  # keeps positions
    spans: list[tuple[int, int]] = []
    for run in _RUN.finditer(folded):
        groups = [(run.start() + group.start(), group.group()) for group in _GROUP.finditer(run.group())]
        first = 0
        while first < len(groups):
            last = _card_end(folded, groups, first)
            if last is None:
                first += 1
                continue
            position, digits = groups[last]
            spans.append((groups[first][0], position + len(digits)))
            first = last + 1
    return _outside_digests(folded, spans) if spans else spans


def _outside_digests(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    digests = [found.span() for found in _DIGEST.finditer(text)]
    return [(start, end) for start, end in spans if not any(begin <= start and end <= stop for begin, stop in digests)]


def _card_end(text: str, groups: list[tuple[int, str]], first: int) -> int | None:
    """Index of the group at which a card number that begins with group `first` ends.

    A number is made of whole groups: a card inside a longer unbroken run (a hash, an order number) would be chance.
    """
    if groups[first][1][0] not in _FIRST_DIGITS:
        return None
    if 13 <= len(groups[first][1]) <= 19 and passes_luhn(groups[first][1]):
        return first  # what follows is another number: an expiry date, the zeros of a decimal
    digits, found, is_usual = "", None, True
    for index in range(first, len(groups)):
        if index > first:
            before, group = groups[index - 1]
            is_usual = is_usual and not _UNUSUAL_GAP.search(text, before + len(group), groups[index][0])
        digits += groups[index][1]
        if len(digits) > 19:
            break
        if len(digits) >= 13 and (is_usual or _is_laid_out(groups[first : index + 1])) and passes_luhn(digits):
            found = index
    return found


def _is_laid_out(groups: list[tuple[int, str]]) -> bool:
    lengths = tuple(len(digits) for _position, digits in groups)
    return lengths in _LAYOUTS or set(lengths) == {1}


def contains_card_number(text: str) -> bool:
    """Whether a full card number stands in `text`."""
    return bool(_card_spans(text))


def mask_card_numbers(text: str) -> str:
    """Return `text` with every full card number reduced to its last four digits."""
    spans = _card_spans(text)
    if not spans:
        return text
    pieces, cursor = [], 0
    for start, end in spans:
        digits = [character for character in text[start:end] if character.isdigit()]
        pieces += [text[cursor:start], "[card number ending " + "".join(digits[-4:]) + "]"]
        cursor = end
    return "".join([*pieces, text[cursor:]])


def mask_in(value: Any) -> Any:
    """Mask card numbers in every string, number and key of a nested JSON value; other values are returned as they are."""
    if isinstance(value, str):
        return mask_card_numbers(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _mask_number(value)
    if isinstance(value, list | tuple):
        return [mask_in(item) for item in value]
    if isinstance(value, dict):
        return {mask_in(key): mask_in(item) for key, item in value.items()}
    return value


def _mask_number(value: float | Decimal) -> Any:
    # Spreadsheets and drivers turn card numbers into floats and decimals: 4111111111111111.0. One with a fraction is none.
    if isinstance(value, Decimal):
        if not value.is_finite() or value.adjusted() > 18:
            return value
    elif not -1e19 < value < 1e19:  # too long for one, or no number at all
        return value
    whole = int(value)
    if whole != value or abs(whole) < 10**12:
        return value
    digits = str(abs(whole))
    masked = mask_card_numbers(digits)
    return value if masked == digits else masked


def refuse_card_number(value: str) -> None:
    """Validator for form and model fields. Raises ValidationError with code `card_number`."""
    if contains_card_number(str(value)):
        raise ValidationError(CardNumberFound.message, code=CardNumberFound.code)
