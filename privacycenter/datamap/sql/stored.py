"""From a value that people ask for to what a column stores, by the type it was declared with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import types

from privacycenter.datamap.sql.strategies import is_text, room_in
from privacycenter.kernel.cards import contains_card_number, mask_in
from privacycenter.kernel.text import storable

_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def can_store(declared: types.TypeEngine[Any]) -> bool:
    """Whether a column of this type can be corrected: one simple value, and no bytes or documents."""
    return _reader(declared) is not None


def stored(value: Any, declared: types.TypeEngine[Any], *, zone: ZoneInfo, is_required: bool) -> Any:
    """The value for a column. Raises ValueError for one that does not fit it, and for a full card number."""
    read = _reader(declared)
    if read is None:
        raise ValueError("no simple value")
    if isinstance(value, str):
        value = storable(value).strip()
    if value is None or (value == "" and not is_text(declared)):
        if is_required and not is_text(declared):
            raise ValueError("required")
        return "" if is_required else None
    if contains_card_number(str(value)) or mask_in(value) != value:
        raise ValueError("a card number")
    try:
        found = read(value)
    except (TypeError, InvalidOperation, OverflowError) as error:
        raise ValueError("not of this type") from error
    if isinstance(found, datetime):
        return _moment(found, zone, keeps_zone=bool(getattr(declared, "timezone", False)))
    return found


def _reader(declared: types.TypeEngine[Any]) -> Callable[[Any], Any] | None:
    readers: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
        (types.Enum, lambda value: _one_of(value, declared)),
        (types.Boolean, _truth),
        (types.Integer, _whole),
        (types.Float, lambda value: _finite(float(_no_truth(value)))),
        (types.Numeric, lambda value: _decimal(value, declared)),
        (types.DateTime, lambda value: value if isinstance(value, datetime) else datetime.fromisoformat(value)),
        (types.Date, lambda value: value if type(value) is date else date.fromisoformat(value)),
        (types.Time, lambda value: value if isinstance(value, time) else time.fromisoformat(value)),
        (types.Uuid, lambda value: value if isinstance(value, UUID) else UUID(value)),
    )
    for kind, read in readers:
        if isinstance(declared, kind):
            return read
    return (lambda value: _text(value, declared)) if is_text(declared) else None


def _text(value: Any, declared: types.TypeEngine[Any]) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date | time | UUID):
        raise ValueError("no text")
    text = str(value)
    if len(text) > room_in(declared):
        raise ValueError("too long")
    return text


def _one_of(value: Any, declared: Any) -> str:
    if value not in declared.enums:
        raise ValueError("not in the list")
    return str(value)


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    answer = _TRUTH.get(str(value).casefold())
    if answer is None:
        raise ValueError("neither true nor false")
    return answer


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("no number")
    return value


def _whole(value: Any) -> int:
    number = Decimal(str(_no_truth(value)))
    if not number.is_finite() or number != int(number) or abs(number) >= 2**63:
        raise ValueError("no whole number")
    return int(number)


def _finite(number: float) -> float:
    if number != number or number in {float("inf"), float("-inf")}:
        raise ValueError("no number")
    return number


def _decimal(value: Any, declared: Any) -> Decimal:
    """An exact decimal: one that the column would round is refused rather than stored as something else."""
    number = Decimal(str(_no_truth(value)))
    if not number.is_finite():
        raise ValueError("no number")
    if declared.scale is not None and round(number, declared.scale) != number:
        raise ValueError("too many places")
    if declared.precision is not None and number and number.adjusted() >= declared.precision - (declared.scale or 0):
        raise ValueError("too large")
    return number


def _moment(value: datetime, zone: ZoneInfo, *, keeps_zone: bool) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    return aware if keeps_zone else aware.astimezone(zone).replace(tzinfo=None)


def bound(value: Any, declared: types.TypeEngine[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A value as it goes into a statement. SQLite gets what it stores itself: text for times and decimals."""
    if value is None:
        return sa.null()
    if dialect != "sqlite":
        return sa.literal(value, declared)
    if isinstance(value, datetime):
        return sa.literal(value.isoformat(" "))
    return sa.literal(int(value) if isinstance(value, bool) else str(value) if isinstance(value, date | time | Decimal | UUID) else value)
