"""By when a request must be answered: Regulation (EEC, Euratom) 1182/71."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.clock import REOPENED, DueDate, add_months, due_date, next_working_day


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2025-01-15T10:00", date(2025, 2, 17)),  # the 15th is a Saturday
        ("2025-01-31T10:00", date(2025, 2, 28)),  # no 31st
        ("2024-01-31T10:00", date(2024, 2, 29)),  # leap year
        ("2025-03-03T10:00", date(2025, 4, 3)),
        ("2025-11-25T10:00", date(2025, 12, 29)),  # Christmas, Boxing Day, a weekend
        ("2025-12-31T10:00", date(2026, 2, 2)),  # 31 January 2026 is a Saturday
    ],
)
def test_one_month_by_the_calendar_rolled_to_a_working_day(received: str, due: date) -> None:
    assert due_date(at(received), time_zone="Europe/Berlin", country="DE").due_on == due


def test_the_day_of_receipt_is_a_day_of_the_operator_not_of_utc() -> None:
    evening = at("2025-03-02T17:30")  # already the 3rd in Kuala Lumpur

    assert due_date(evening, time_zone="Asia/Kuala_Lumpur", country="MY").received_on == date(2025, 3, 3)
    assert due_date(evening, time_zone="UTC", country="MY").received_on == date(2025, 3, 2)


def test_the_last_hour_of_the_day_counts() -> None:
    due = due_date(at("2025-03-03T10:00"), time_zone="Asia/Kuala_Lumpur", country="MY")

    assert due.due_at == datetime(2025, 4, 3, 23, 59, 59, tzinfo=ZoneInfo("Asia/Kuala_Lumpur"))


def test_the_days_jumped_over_are_named() -> None:
    due = due_date(at("2025-11-25T10:00"), time_zone="Europe/Berlin", country="DE")

    assert due.skipped == (
        (date(2025, 12, 25), "Christmas Day"),
        (date(2025, 12, 26), "Second Day of Christmas"),
        (date(2025, 12, 27), ""),
        (date(2025, 12, 28), ""),
    )
    assert due.calendar_version.startswith("holidays ")


def test_a_country_without_calendar_has_weekends_only() -> None:
    due = due_date(at("2025-11-25T10:00"), time_zone="UTC", country="XX")

    assert due.due_on == date(2025, 12, 25)
    assert due.calendar_version == ""


moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
countries = st.sampled_from(["MY", "DE", "FR", "US", "IL", "XX"])
zones = st.sampled_from(["UTC", "Asia/Kuala_Lumpur", "America/New_York", "Pacific/Kiritimati"])


@given(moments, countries, zones)
def test_a_due_date_is_a_working_day_about_a_month_later_and_survives_json(moment: datetime, country: str, zone: str) -> None:
    due = due_date(moment, time_zone=zone, country=country)

    assert due.due_on.weekday() < 5
    assert next_working_day(due.due_on, country=country) == (due.due_on, ())
    assert timedelta(days=28) <= due.counted_on - due.received_on <= timedelta(days=31)
    assert len(due.skipped) == (due.due_on - due.counted_on).days
    assert DueDate.from_json(due.to_json()) == due


@given(moments, moments, countries)
def test_who_asks_later_is_not_due_earlier(first: datetime, second: datetime, country: str) -> None:
    early, late = sorted([first, second])

    assert due_date(early, time_zone="UTC", country=country).due_at <= due_date(late, time_zone="UTC", country=country).due_at


@given(st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31)), st.integers(0, 24))
def test_adding_months_keeps_the_number_of_the_day_or_takes_the_last(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


def test_a_reopened_request_says_that_it_counts_from_there() -> None:
    due = due_date(at("2025-03-03T10:00"), time_zone="UTC", country="DE", rule=REOPENED)

    assert due.rule == REOPENED
