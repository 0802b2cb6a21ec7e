"""Full payment card numbers are held nowhere: find, refuse and mask them at every boundary.

A number is a run of 13 to 19 digits (ISO/IEC 7812-1), with spaces, dashes or dots between them, whose check digit is right
by the Luhn formula (ISO/IEC 7812-1, annex B) and whose first digit is one that payment cards use.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError

from privacycenter.kernel.errors import CardNumberFound

_RUN = re.compile(r"[0-9](?:[ \u00a0.\-–]{0,2}[0-9]){12,}")
_GROUP = re.compile(r"[0-9]+")
_FIRST_DIGITS = frozenset("23456")


def passes_luhn(digits: str) -> bool:
    """Whether a string of ASCII digits has a right Luhn check digit."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        number = ord(character) - 48
        if position % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10 == 0


def _card_spans(text: str) -> list[tuple[int, int]]:
    # Digits of other scripts are digits too; folding keeps positions (one character each).
    folded = text if text.isascii() else "".join(_fold(character) for character in text)
    spans: list[tuple[int, int]] = []
    for run in _RUN.finditer(folded):
        groups = [(run.start() + group.start(), group.group()) for group in _GROUP.finditer(run.group())]
        first = 0
        while first < len(groups):
            last = _card_end(groups, first)
            if last is None:
                first += 1
                continue
            position, digits = groups[last]
            spans.append((groups[first][0], position + len(digits)))
            first = last + 1
    return spans


def _card_end(groups: list[tuple[int, str]], first: int) -> int | None:
    """Index of the group at which a card number that begins with group `first` ends.

    A number is made of whole groups: a card inside a longer unbroken run (a hash, an order number) would be chance.
    """
    if groups[first][1][0] not in _FIRST_DIGITS:
        return None
    digits, found = "", None
    for index in range(first, len(groups)):
        digits += groups[index][1]
        if len(digits) > 19:
            break
        if len(digits) >= 13 and passes_luhn(digits):
            found = index
    return found


def _fold(character: str) -> str:
    return str(unicodedata.digit(character)) if character.isdecimal() else character


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
    """Mask card numbers in every string (and key) of a nested JSON value; other values are returned as they are."""
    if isinstance(value, str):
        return mask_card_numbers(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10**12:
        masked = mask_card_numbers(str(value))
        return value if masked == str(value) else masked
    if isinstance(value, list | tuple):
        return [mask_in(item) for item in value]
    if isinstance(value, dict):
        return {mask_in(key): mask_in(item) for key, item in value.items()}
    return value


def refuse_card_number(value: str) -> None:
    """Validator for form and model fields. Raises ValidationError with code `card_number`."""
    if contains_card_number(str(value)):
        raise ValidationError(CardNumberFound.message, code=CardNumberFound.code)
