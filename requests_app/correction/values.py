"""Values of records with their types: kept as JSON, compared, and said in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

_TYPES: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    # datetime before date: each datetime is a date as well
    "datetime": (datetime, lambda value: value.isoformat(), datetime.fromisoformat),
    "date": (date, lambda value: value.isoformat(), date.fromisoformat),
    "time": (time, lambda value: value.isoformat(), time.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "uuid": (UUID, str, UUID),
}


def pack(value: Any) -> str:
    """A value as JSON from which `unpack` makes the same value again."""
    return json.dumps(_down(value), ensure_ascii=False)


def unpack(text: str) -> Any:
    """The value that was packed."""
    return _up(json.loads(text))


def same(first: Any, second: Any) -> bool:
    """Whether two values say the same: a text that is empty says nothing, and a moment is the same in every zone."""
    return bool(_plain(first) == _plain(second))


def words(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return _("(empty)")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value) if timezone.is_aware(value) else value, "j F Y, H:i")
    if isinstance(value, date):
        return formats.date_format(value, "j F Y")
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {words(item)}" for key, item in value.items()) or _("(empty)")
    if isinstance(value, list | tuple):
        return "\n".join(words(item) for item in value) or _("(empty)")
    return str(value)


def can_be_typed(value: Any) -> bool:
    """Whether a form can ask for a value like this one: a single value, a list of texts, or names with single values."""
    if isinstance(value, Mapping):
        return bool(value) and all(_is_single(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(isinstance(item, str) for item in value)
    return _is_single(value)


def _down(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Promise):
        return str(value)
    for name, (kind, write, _read) in _TYPES.items():
        if isinstance(value, kind):
            return {"type": name, "value": write(value)}
    if isinstance(value, Mapping):
        return {"type": "map", "value": {str(key): _down(item) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        return [_down(item) for item in value]
    return str(value)


def _up(value: Any) -> Any:
    if isinstance(value, list):
        return [_up(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value["type"] == "map":
        return {key: _up(item) for key, item in value["value"].items()}
    return _TYPES[value["type"]][2](value["value"])


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, Promise):
        return "" if value is None else str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, str | bool | int | Decimal | date | time):
        return value
    return str(value)


def _is_single(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float | Decimal | datetime | date | time)
