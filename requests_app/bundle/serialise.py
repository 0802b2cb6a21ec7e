"""Records as lines of JSON: fast for the many ordinary ones, careful with the odd one, which costs only itself.

What a value becomes: aware datetimes RFC 3339 with their offset, dates and times ISO 8601, durations ISO 8601, decimals and
UUIDs text, None null. Text keeps its exact characters (JSON escapes controls); only NUL and lone surrogates, which no
other program reads alike, are shown as marks (`⟨U+0000⟩`). Integers beyond 64 bits and numbers that JSON does not know
(NaN, infinities) become text; bytes become {"base64": "…"}. Full card numbers are reduced to their last four digits.

A batch is written in one go and looked at as a whole; only where the look finds something is each record of it examined.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.utils.duration import duration_iso_string
from django.utils.functional import Promise
from django.utils.translation import gettext

from privacycenter.kernel.cards import mask_card_numbers, mask_in
from privacycenter.kernel.sources import Problem

MAX_DEPTH = 64
"""Levels of nesting that are written as JSON; what lies deeper is given as text."""

_TEXT_DEPTH = 400
"""Levels beyond MAX_DEPTH that are given as text; what lies deeper still is left out and named."""

# The source protocol knows aware datetimes only. A naive one breaks it and is read as UTC, so that the form stays RFC 3339.
_OPTIONS = orjson.OPT_NAIVE_UTC
_SEAM, _LINE_END = b'},{"key":', b'}\n{"key":'
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1

# For the look: every ASCII digit becomes 0, what may stand between the digits of a card number goes, and a letter of a script
# that has digits of its own counts as a digit. Thirteen in a row are then the least that a card number can leave behind.
_DIGIT_LEADS = b"\xd9\xdb\xdf\xe0\xe1\xea\xef\xf0"
_LOOK = bytes(48 if 48 <= code <= 57 or code in _DIGIT_LEADS else 120 if code >= 0x80 else code for code in range(256))
# A tab is written as a backslash and a t. U+00A0, U+2013 and U+3000 are C2 A0, E2 80 93 and E3 80 80.
_SEPARATORS = b" .-/_\\t\t" + bytes(range(0x80, 0xC3)) + b"\xe2\xe3"
_RUN = b"0" * 13
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


class Lines(NamedTuple):
    """Records as NDJSON, how many they are, and what could not be written or not in full."""

    data: bytes
    written: int
    problems: Sequence[Problem] = ()


def serialise(batch: Sequence[dict[str, Any]], json_fields: Sequence[str] = ()) -> Lines:
    """One line of JSON for each record that can be written, in order, and a problem for each that can't or not in full.

    A record is a dictionary that begins with its `key`. `json_fields` hold JSON as text, which is taken over as it is where
    nothing in it needs a look; the records are changed for that.
    """
    texts = {name: [record[name] for record in batch] for name in json_fields}
    for name in json_fields:
        for record in batch:
            record[name] = _taken_over(record[name])
    try:
        data = _all_at_once(batch)
    except (TypeError, ValueError, RecursionError):
        return _one_by_one(batch, texts)
    if b"\\u0000" in data or (b"null" in data and _any_lost(batch, data)):
        return _one_by_one(batch, texts)
    if _may_hold_card_number(data):
        lines = data.splitlines(keepends=True)
        data = b"".join(_masked(line) if _may_hold_card_number(line) else line for line in lines)
    return Lines(data, len(batch))


def _all_at_once(batch: Sequence[dict[str, Any]]) -> bytes:
    # One call for all is several times faster than one for each. The seam between two records can't stand inside a text,
    # where its quotation mark would be escaped; where a nested value has one too, the count tells.
    array = orjson.dumps(batch, _default, _OPTIONS)
    if array.count(_SEAM) == len(batch) - 1:
        return array[1:-1].replace(_SEAM, _LINE_END) + b"\n"
    return b"".join(orjson.dumps(record, _default, _OPTIONS) + b"\n" for record in batch)


def to_json_each(values: Sequence[Any]) -> list[bytes]:
    """Values of ours (facts, lists) as JSON without line ends, by the same rules. Raises TypeError.

    Like a batch, they are looked at as a whole; only where the look finds something is each written with care.
    """
    try:
        written = [orjson.dumps(value, _default, _OPTIONS) for value in values]
    except (TypeError, ValueError, RecursionError):
        return [to_json(value) for value in values]
    data = b"\n".join(written)
    is_lost = b"null" in data and not all(b"null" not in part or _is_finite(value) for value, part in zip(values, written, strict=True))
    if is_lost or b"\\u0000" in data or _may_hold_card_number(data):
        return [to_json(value) for value in values]
    return written


def to_json(value: Any) -> bytes:
    """One value of ours as JSON without a line end, with care. Raises TypeError."""
    data = orjson.dumps(_Careful().plain(value, 0), _default, _OPTIONS)
    return _masked(data).rstrip(b"\n") if _may_hold_card_number(data) else data


def plain_text(value: str) -> str:
    """Text that every JSON reader takes: NUL and lone surrogates as visible marks."""
    return _UNREADABLE.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", value)


def _taken_over(text: str | None) -> Any:
    """JSON from the database as a fragment of the line; parsed where it has escapes, line ends or many levels."""
    if text is None:
        return None
    if "\\u" in text or "\n" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        return _parsed(text)
    return orjson.Fragment(text)


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return text  # nested more deeply than any reader takes: given as text


def _default(value: Any) -> Any:
    """What orjson does not know, in a form it knows. Called by orjson."""
    if isinstance(value, Decimal | Promise):
        return str(value)
    if isinstance(value, timedelta):
        return duration_iso_string(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _any_lost(batch: Sequence[Mapping[str, Any]], data: bytes) -> bool:
    # orjson writes NaN and the infinities as null; a null that was no None would be a silent loss.
    lines = data.split(b"\n")
    return any(b"null" in line and not _is_finite(record) for record, line in zip(batch, lines, strict=False))


def _is_finite(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return math.isfinite(value)
    if kind is dict:
        return all(map(_is_finite, value.values()))
    if kind is list or kind is tuple:
        return all(map(_is_finite, value))
    return True


def _may_hold_card_number(data: bytes) -> bool:
    return _RUN in data.translate(_LOOK, _SEPARATORS)


def _masked(line: bytes) -> bytes:
    values = json.loads(line)
    masked = mask_in(values)
    return line if masked == values else orjson.dumps(_Careful().plain(masked, 0), _default, _OPTIONS) + b"\n"


def _one_by_one(batch: Sequence[dict[str, Any]], texts: Mapping[str, Sequence[str | None]]) -> Lines:
    for name, column in texts.items():
        for record, text in zip(batch, column, strict=True):
            record[name] = _parsed(text)
    lines: list[bytes] = []
    problems: list[Problem] = []
    for record in batch:
        careful = _Careful()
        key = record.get("key")
        name = mask_card_numbers(plain_text(str(key)))
        try:
            line = orjson.dumps(careful.plain(record, 0), _default, _OPTIONS) + b"\n"
        except (TypeError, ValueError, RecursionError):
            problems.append(Problem(name, gettext("It holds a value of a kind that can't be written.")))
            continue
        lines.append(_masked(line) if _may_hold_card_number(line) else line)
        if careful.cut:
            problems.append(Problem(name, gettext("A part of it is nested too deeply and was left out.")))
    return Lines(b"".join(lines), len(lines), problems)


class _Careful:
    """Turns one record into values that are written for certain; remembers whether something had to be left out."""

    def __init__(self) -> None:
        self.cut = False

    def plain(self, value: Any, depth: int) -> Any:
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        if value is None or isinstance(value, bool | date | UUID):
            return value
        if isinstance(value, str):
            return plain_text(str(value))
        if isinstance(value, int):
            return int(value) if _SMALLEST <= value <= _LARGEST else str(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(value)
        if isinstance(value, time):
            return value.isoformat()
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._nested(value, depth)
        return self.plain(_default(value), depth)

    def _nested(self, value: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return self._as_text(value)
        if not isinstance(value, Mapping):
            return [self.plain(item, depth + 1) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
        result: dict[str, Any] = {}
        for key, item in value.items():
            name = plain_text(key if isinstance(key, str) else str(key))
            while name in result:  # 1 and "1" are two keys in Python and one in JSON
                name += "'"
            result[name] = self.plain(item, depth + 1)
        return result

    def _as_text(self, value: Any) -> str:
        if _is_deeper(value, _TEXT_DEPTH):
            self.cut = True
            return "[…]"
        return plain_text(json.dumps(value, ensure_ascii=False, default=str))


def _is_deeper(value: Any, levels: int) -> bool:
    # By hand instead of by RecursionError, which would depend on how deep the caller stands: same data, same bytes.
    layer = [value]
    for _level in range(levels):
        layer = [
            inner
            for item in layer
            if isinstance(item, Mapping | list | tuple)
            for inner in (item.values() if isinstance(item, Mapping) else item)
        ]
        if not layer:
            return False
    return True
