"""Counting: months by the calendar, days, and business days of a country.

Regulation (EEC, Euratom) 1182/71 Art. 3: the day of the event is not counted; a period in months ends with the last hour of the day with
the same number, or of the month's last day where there is none; where that is a Saturday, Sunday or public holiday, with the last hour of
the next working day. Laws that say otherwise count the day of receipt as the first, or don't look at holidays: both are marks of a rule.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import metadata
from zoneinfo import ZoneInfo

import holidays
from django.db import models
from django.utils.translation import gettext_lazy as _

Skipped = tuple[tuple[date, str], ...]  # days jumped over: (day, name of the holiday, or empty for a weekend)

_SATURDAY = 5
_LAST_SECOND = time(23, 59, 59, fold=1)  # of a night in which the hour comes twice, the second one ends the day
_ONE_DAY = timedelta(days=1)


class Unit(models.TextChoices):
    """What a period is counted in."""

    MONTHS = "months", _("calendar months")
    DAYS = "days", _("calendar days")
    BUSINESS_DAYS = "business_days", _("business days")


@dataclass(frozen=True)
class Period:
    """So many months, days or business days."""

    amount: int
    unit: str  # a value of Unit


def end_of_period(
    received_on: date, period: Period, *, country: str, counts_first_day: bool = False, rolls_over: bool = False, rested_days: int = 0
) -> tuple[date, date, Skipped]:
    """Where a period ends: the day it is counted to, the day it ends after weekends and holidays, and what was jumped over.

    A period in months ends on the day with the same number whichever day is counted first. Days for which the clock rested are added
    before weekends and holidays are looked at.
    """
    if period.unit == Unit.MONTHS:
        counted_on = add_months(received_on, period.amount)
    elif period.unit == Unit.DAYS:
        counted_on = received_on + timedelta(days=period.amount - counts_first_day)
    else:
        counted_on = add_business_days(received_on, period.amount, country=country, counts_first_day=counts_first_day)
    counted_on += timedelta(days=rested_days)
    if not rolls_over and not (rested_days and period.unit == Unit.BUSINESS_DAYS):
        return counted_on, counted_on, ()
    due_on, skipped = next_working_day(counted_on, country=country)
    return counted_on, due_on, skipped


def add_months(day: date, months: int) -> date:
    """The day with the same number so many months on, or that month's last day where there is none (Art. 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day <= 28:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@lru_cache(maxsize=4096)
def add_business_days(day: date, days: int, *, country: str, counts_first_day: bool = False) -> date:
    """The n-th business day after `day`, or from it on where the first day counts."""
    if not counts_first_day:
        day += _ONE_DAY
    day, _skipped = next_working_day(day, country=country)
    for _each in range(days - 1):
        day, _skipped = next_working_day(day + _ONE_DAY, country=country)
    return day


@lru_cache(maxsize=4096)
def next_working_day(day: date, *, country: str) -> tuple[date, Skipped]:
    """`day` itself or the first working day after it (Art. 3(4)), and the days that were jumped over with their names."""
    skipped: list[tuple[date, str]] = []
    while True:
        name = _holiday(day, country)
        if name is None and day.weekday() < _SATURDAY:
            return day, tuple(skipped)
        skipped.append((day, name or ""))
        day += _ONE_DAY


def local_day(moment: datetime, time_zone: str) -> date:
    """The day that it is at a moment in a time zone."""
    return moment.astimezone(_zone(time_zone)).date()


@lru_cache(maxsize=4096)
def end_of_day(day: date, time_zone: str) -> datetime:
    """The last second of a day in a time zone, also where clocks are put forward or back at midnight."""
    return datetime.combine(day, _LAST_SECOND, tzinfo=_zone(time_zone)).astimezone(UTC)


@lru_cache(maxsize=8)
def calendar_version(country: str) -> str:
    """Which calendar of public holidays was asked; empty where none is known for the country."""
    return f"holidays {metadata.version('holidays')}" if _has_calendar(country) else ""


_zone = lru_cache(maxsize=8)(ZoneInfo)


@lru_cache(maxsize=8)
def _has_calendar(country: str) -> bool:
    return country in holidays.list_supported_countries()


@lru_cache(maxsize=64)
def _holidays_of(country: str, year: int) -> dict[date, str]:
    return dict(holidays.country_holidays(country, years=year, language="en_US"))


def _holiday(day: date, country: str) -> str | None:
    return _holidays_of(country, day.year).get(day) if _has_calendar(country) else None
