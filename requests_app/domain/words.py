"""What people type, taken whole or not at all."""

from __future__ import annotations

from privacycenter.kernel.text import storable
from requests_app.errors import ReasonMissing, TooLong


def typed(text: str, length: int, *, is_required: bool = True) -> str:
    """What was typed, whole: nobody's words are cut, and nobody reads half a reason.

    Raises ReasonMissing for nothing where something `is_required`, TooLong for more than `length` characters.
    """
    words = storable(text).strip()
    if is_required and not words:
        raise ReasonMissing
    if len(words) > length:
        raise TooLong(length)
    return words
