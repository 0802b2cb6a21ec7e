"""By when a request must be answered, and why: GDPR Art. 12(3) counted by Regulation (EEC, Euratom) 1182/71 Art. 3.

One month by the calendar from receipt. The day of receipt is not counted; the month ends with the last hour of the day
with the same number, or of the month's last day where there is none; where that is a Saturday, Sunday or public holiday
of the operator's country, the end of the next working day. Days begin and end in the operator's time zone.
"""

from __future__ import annotations

import calendar
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import metadata
from typing import Any
from zoneinfo import ZoneInfo

import holidays

_SATURDAY = 5

# Which rule a date follows: from receipt, or again from the day the person said that the answer is incomplete.
FROM_RECEIPT = "gdpr-12-3"
REOPENED = "gdpr-12-3-reopened"


@dataclass(frozen=True)
class DueDate:
    """A due date and everything needed to explain it, also after the calendar of holidays has changed."""

    rule: str
    received_on: date  # in the operator's time zone
    months: int
    counted_on: date  # where the month ends before weekends and holidays are looked at
    due_on: date
    skipped: tuple[tuple[date, str], ...]  # days jumped over: (day, name of the holiday, or empty for a weekend)
    time_zone: str
    country: str
    calendar_version: str  # empty: no calendar of public holidays is known for the country

    @property
    def due_at(self) -> datetime:
        """The last second of the last day."""
        return datetime.combine(self.due_on, time(23, 59, 59), tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form for the request's row."""
        plain = asdict(self)
        for name in ("received_on", "counted_on", "due_on"):
            plain[name] = plain[name].isoformat()
        plain["skipped"] = [[day.isoformat(), name] for day, name in self.skipped]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> DueDate:
        """What `to_json` gave."""
        dates = {name: date.fromisoformat(plain[name]) for name in ("received_on", "counted_on", "due_on")}
        skipped = tuple((date.fromisoformat(day), name) for day, name in plain["skipped"])
        return cls(**{**plain, **dates, "skipped": skipped})


def due_date(received_at: datetime, *, time_zone: str, country: str, months: int = 1, rule: str = FROM_RECEIPT) -> DueDate:
    """When a request received at this moment (aware) must be answered."""
    received_on = received_at.astimezone(ZoneInfo(time_zone)).date()
    counted_on = add_months(received_on, months)
    due_on, skipped = next_working_day(counted_on, country=country)
    version = f"holidays {metadata.version('holidays')}" if _has_calendar(country) else ""
    return DueDate(rule, received_on, months, counted_on, due_on, skipped, time_zone, country, version)


def add_months(day: date, months: int) -> date:
    """The day with the same number so many months on, or that month's last day where there is none (Art. 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def next_working_day(day: date, *, country: str) -> tuple[date, tuple[tuple[date, str], ...]]:
    """`day` itself or the first working day after it (Art. 3(4)), and the days that were jumped over with their names."""
    skipped: list[tuple[date, str]] = []
    while True:
        name = _holiday(day, country)
        if name is None and day.weekday() < _SATURDAY:
            return day, tuple(skipped)
        skipped.append((day, name or ""))
        day += timedelta(days=1)


@lru_cache(maxsize=8)
def _has_calendar(country: str) -> bool:
    return country in holidays.list_supported_countries()


@lru_cache(maxsize=64)
def _holidays_of(country: str, year: int) -> dict[date, str]:
    return dict(holidays.country_holidays(country, years=year, language="en_US"))


def _holiday(day: date, country: str) -> str | None:
    return _holidays_of(country, day.year).get(day) if _has_calendar(country) else None
