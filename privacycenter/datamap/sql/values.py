"""From what a driver returns to what a record may hold: types stay, nothing is lost, no card number passes."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.duration import duration_iso_string
from sqlalchemy import types

from privacycenter.kernel.cards import mask_card_numbers, mask_in

Converter = Callable[[Any], Any]


class Values:
    """Converts the values of one source. Times without a zone are meant in the connector's."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._by_type: dict[type, Converter] = {
            str: _text,
            int: mask_in,
            float: lambda value: value if math.isfinite(value) else str(value),
            datetime: self._moment,
            timedelta: duration_iso_string,
            bytes: binary,
            bytearray: binary,
            memoryview: binary,
            dict: self._mapping,
            list: self._sequence,
            tuple: self._sequence,
            set: lambda value: self._sequence(sorted(value, key=str)),
            **dict.fromkeys((bool, type(None), date, time, Decimal, UUID), _same),
        }

    def of(self, value: Any) -> Any:
        """The value as a record holds it; what has no form of its own (ranges, network addresses) becomes its text."""
        convert = self._by_type.get(type(value))
        return convert(value) if convert else _text(str(value))

    def _moment(self, value: datetime) -> datetime:
        return value if value.tzinfo else value.replace(tzinfo=self.zone)

    def _sequence(self, value: Any) -> list[Any]:
        return [self.of(item) for item in value]

    def _mapping(self, value: dict[Any, Any]) -> dict[str, Any]:
        return {_text(str(key)): self.of(item) for key, item in value.items()}


def _same(value: Any) -> Any:
    return value


def _text(value: str) -> str:
    return mask_card_numbers(value) if len(value) > 12 else value


def binary(value: Any) -> dict[str, Any]:
    """Bytes, marked as such: nothing is guessed about what they mean."""
    content = bytes(value)
    return {"media_type": "application/octet-stream", "size": len(content), "base64": base64.b64encode(content).decode("ascii")}


def sqlite_reader(declared: types.TypeEngine[Any]) -> Converter | None:
    """How to read a column of SQLite, which stores what it likes, by the type the column was declared with.

    What does not fit the declared type is passed on as it is stored.
    """
    if isinstance(declared, types.DateTime):
        return lambda value: _parsed(datetime.fromisoformat, value)
    if isinstance(declared, types.Date):
        return lambda value: _parsed(_date_or_moment, value)
    if isinstance(declared, types.Time):
        return lambda value: _parsed(time.fromisoformat, value)
    if isinstance(declared, types.Boolean):
        return lambda value: bool(value) if value in (0, 1) and isinstance(value, int) else value
    if isinstance(declared, types.Numeric) and not isinstance(declared, types.Float):
        return lambda value: _decimal(value, declared.scale or 0)
    return None


def _parsed(parse: Callable[[str], Any], value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse(value.strip())
    except ValueError:
        return value


def _date_or_moment(value: str) -> date:
    moment = datetime.fromisoformat(value)
    return moment.date() if len(value) <= 10 else moment


def _decimal(value: Any, scale: int) -> Any:
    """An exact decimal with at least `scale` places: 0.99 of NUMERIC(10,2) is stored as a float, and 1.98 is not 1.979999."""
    if not isinstance(value, int | float) or isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return value
    exact = Decimal(repr(value))
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and -exponent < scale:
        try:
            return exact.quantize(Decimal(1).scaleb(-scale))
        except InvalidOperation:
            return exact
    return exact
