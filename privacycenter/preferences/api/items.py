"""Reading the items of a bulk call: each is checked by itself, so that one that is wrong spoils nothing else.

The framework's list serializer refuses the whole list and takes a second for ten thousand items; these checks take a few hundredths.
What the schema says about items stands in `serializers`, and a test holds the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail, ValidationError

from privacycenter.kernel.errors import InvalidIdentifier, PrivacyCenterError
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.kernel.problems import TooLarge, pointer

MOST_ITEMS = 10_000
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_WORDS = {
    "required": gettext_lazy("This is needed."),
    "not_an_object": gettext_lazy("An object is needed here."),
    "not_a_text": gettext_lazy("Text is needed here."),
    "not_a_boolean": gettext_lazy("true or false is needed here."),
    "not_a_number": gettext_lazy("A whole number from 1 is needed here."),
    "too_long": gettext_lazy("This is too long."),
    "unfit_character": gettext_lazy("This has a character that can't be used."),
    "invalid_choice": gettext_lazy("This is none of the possible values."),
    "unknown_field": gettext_lazy("There is no such field."),
    "invalid_moment": gettext_lazy("Give date and time with an offset, like 2026-11-22T09:30:00Z."),
}
Read = TypeVar("Read")


class Fault(PrivacyCenterError):
    """What is wrong with one item: where, a code, and words that never repeat what was sent."""

    def __init__(self, code: str, *at: str | int, words: object = None) -> None:
        super().__init__(words if words is not None else _WORDS[code])
        self.code = code
        self.at = at

    def answer(self, *outer: str | int) -> dict[str, Any]:
        """The item's place in the answer."""
        return {"error": {"code": self.code, "detail": str(self), "pointer": pointer(*outer, *self.at)}}


def items_in(body: Any, name: str, *, besides: Collection[str] = (), most: int = MOST_ITEMS) -> list[Any]:
    """The list `name` of a call's body. Raises ValidationError for another shape, TooLarge past `most` items."""
    if not isinstance(body, dict):
        raise ValidationError(ErrorDetail(str(_WORDS["not_an_object"]), "not_an_object"))
    found = {key: ErrorDetail(str(_WORDS["unknown_field"]), "unknown_field") for key in body if key != name and key not in besides}
    items = body.get(name)
    if not isinstance(items, list):
        found[name] = ErrorDetail(_("A list is needed here."), "required" if name not in body else "not_a_list")
    if found:
        raise ValidationError(found)
    assert isinstance(items, list)
    if len(items) > most:
        raise TooLarge(_("At most %(most)s items in one call.") % {"most": most})
    return items


def read_each(items: Iterable[Any], read: Callable[[Item], Read]) -> list[Read | Fault]:
    """`read` applied to every item; what is wrong with one takes its place."""
    results: list[Read | Fault] = []
    for raw in items:
        try:
            if not isinstance(raw, dict):
                raise Fault("not_an_object")
            item = Item(raw)
            result = read(item)
            item.require_nothing_else()
            results.append(result)
        except Fault as fault:
            results.append(fault)
    return results


class Item:
    """One object of a list. Every field is read by name; one that nobody reads is refused: a misspelt "chanel" would widen a choice."""

    def __init__(self, raw: dict[str, Any], *at: str | int) -> None:
        self._raw = raw
        self._at = at
        self._read: set[str] = set()

    def text(self, name: str, *, most: int, required: bool = False, choices: Collection[str] = ()) -> str:
        """A text of at most `most` characters, trimmed; empty where it is left out or null."""
        value = self._value(name)
        if value is None or value == "":
            if required:
                raise Fault("required", *self._at, name)
            return ""
        if not isinstance(value, str):
            raise Fault("not_a_text", *self._at, name)
        if len(value) > most:
            raise Fault("too_long", *self._at, name)
        if _UNFIT.search(value):
            raise Fault("unfit_character", *self._at, name)
        value = value.strip()
        if required and not value:
            raise Fault("required", *self._at, name)
        if choices and value and value not in choices:
            raise Fault("invalid_choice", *self._at, name)
        return value

    def flag(self, name: str) -> bool:
        """true or false; false where it is left out."""
        value = self._value(name)
        if value is not None and not isinstance(value, bool):
            raise Fault("not_a_boolean", *self._at, name)
        return bool(value)

    def number(self, name: str) -> int | None:
        """A whole number from 1; None where it is left out."""
        value = self._value(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31):
            raise Fault("not_a_number", *self._at, name)
        return value

    def moment(self, name: str) -> datetime | None:
        """A moment with its offset (RFC 3339), in UTC."""
        text = self.text(name, most=40)
        if not text:
            return None
        try:
            moment = parse_datetime(text)
            if moment is None or moment.tzinfo is None:
                raise Fault("invalid_moment", *self._at, name)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise Fault("invalid_moment", *self._at, name) from None

    def inner(self, name: str) -> Item:
        """An object within the object."""
        value = self._value(name)
        if value is None:
            raise Fault("required", *self._at, name)
        if not isinstance(value, dict):
            raise Fault("not_an_object", *self._at, name)
        return Item(value, *self._at, name)

    def identifier(self) -> tuple[str, str]:
        """The item's `identifier`, normalised: {"kind": "email", "value": …}. A phone number needs its country code."""
        inner = self.inner("identifier")
        kind = inner.text("kind", most=20, required=True, choices=_KINDS)
        value = inner.text("value", most=320, required=True)
        inner.require_nothing_else()
        try:
            return kind, normalise(kind, value)
        except InvalidIdentifier as error:
            raise Fault(error.code, *self._at, "identifier", "value", words=str(error)) from None

    def fault(self, code: str, name: str, words: object = None) -> Fault:
        """A fault of one of the object's fields, to be raised."""
        return Fault(code, *self._at, name, words=words)

    def require_nothing_else(self) -> None:
        for name in self._raw:
            if name not in self._read:
                raise Fault("unknown_field", *self._at, name)

    def _value(self, name: str) -> Any:
        self._read.add(name)
        return self._raw.get(name)


_KINDS = frozenset(IdentifierKind)
