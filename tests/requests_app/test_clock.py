"""By when a request must be answered: counting, and the rules of several laws at once. No database."""

from __future__ import annotations

import calendar
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.clock import (
    FALLBACK,
    REOPENED,
    DueDate,
    Period,
    Rule,
    Unit,
    acknowledge_by,
    add_months,
    due_date,
    end_of_day,
    end_of_period,
    extend,
    next_working_day,
    rest,
)
from requests_app.clock.words import explain

GDPR = FALLBACK[0]
MALAYSIA = Rule("malaysia-pdpa", 1, "Malaysia PDPA", "s. 31", Period(21, Unit.DAYS), Period(14, Unit.DAYS), "it can't be done in time")
CCPA = Rule("ccpa", 1, "CCPA", "§ 7021", Period(45, Unit.DAYS), Period(45, Unit.DAYS), acknowledge=Period(10, Unit.BUSINESS_DAYS))
OPT_OUT = Rule("ccpa", 1, "CCPA", "§ 7026", Period(15, Unit.BUSINESS_DAYS), is_ours=False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# One month ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2025-01-15T10:00", date(2025, 2, 17)),  # the 15th is a Saturday
        ("2025-01-31T10:00", date(2025, 2, 28)),  # no 31st
        ("2024-01-31T10:00", date(2024, 2, 29)),  # leap year
        ("2024-02-29T10:00", date(2024, 4, 2)),  # Good Friday to Easter Monday
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


@pytest.mark.parametrize(
    ("zone", "day", "ends"),
    [
        ("America/Havana", date(2025, 11, 1), "2025-11-02T03:59:59"),  # the night after has its hour twice
        ("Asia/Beirut", date(2025, 10, 25), "2025-10-25T21:59:59"),  # clocks go from midnight back to 23:00: that hour comes twice
        ("Asia/Beirut", date(2025, 3, 29), "2025-03-29T21:59:59"),  # the next day begins at 1:00
        ("Etc/GMT+12", date(2025, 1, 31), "2025-02-01T11:59:59"),
        ("Pacific/Kiritimati", date(2025, 1, 31), "2025-01-31T09:59:59"),
    ],
)
def test_a_day_ends_at_midnight_of_the_operator_also_when_clocks_change(zone: str, day: date, ends: str) -> None:
    assert end_of_day(day, zone) == at(ends)


def test_the_days_jumped_over_are_named() -> None:
    due = due_date(at("2025-11-25T10:00"), time_zone="Europe/Berlin", country="DE")

    assert due.decides.skipped == (
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


# Several laws ---------------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-08")
def test_the_earliest_law_decides_and_the_extension_is_the_earliest_of_the_extended_ones() -> None:
    due = due_date(at("2025-03-03T10:00"), time_zone="UTC", country="MY", rules=(GDPR, MALAYSIA))
    longer = extend(due)

    assert (due.decides.rule.name, due.due_on) == ("Malaysia PDPA", date(2025, 3, 24))
    assert (longer.decides.rule.name, longer.due_on) == ("Malaysia PDPA", date(2025, 4, 7))  # 35 days; three months would be 3 June
    assert [term.due_on for term in longer.terms] == [date(2025, 4, 7), date(2025, 6, 3)]
    assert longer.first_due_on == date(2025, 3, 24)


def test_one_law_without_an_extension_is_enough_to_forbid_it() -> None:
    due = due_date(at("2025-03-03T10:00"), time_zone="UTC", country="MY", rules=(GDPR, CCPA, OPT_OUT))

    assert due.forbids_extension == ["CCPA"]
    assert due_date(at("2025-03-03T10:00"), time_zone="UTC", country="MY", rules=(GDPR, CCPA)).forbids_extension == []


def test_the_clock_rests_only_where_every_law_lets_it() -> None:
    resting = Rule("a", 1, "A", "a", Period(1, Unit.MONTHS), pause_for=("identity", "clarification"))
    strict = Rule("b", 1, "B", "b", Period(1, Unit.MONTHS), pause_for=("identity",))
    due = due_date(at("2025-03-03T10:00"), time_zone="UTC", country="MY", rules=(resting, strict))

    assert due.may_rest_for("identity")
    assert not due.may_rest_for("clarification")


def test_the_date_moves_by_the_days_it_rested_before_weekends_are_looked_at() -> None:
    due = due_date(at("2025-03-03T10:00"), time_zone="UTC", country="XX", rules=(GDPR,))  # Thursday, 3 April

    moved = rest(rest(due, 1), 1)

    assert (moved.decides.counted_on, moved.due_on, moved.rested_days) == (date(2025, 4, 5), date(2025, 4, 7), 2)
    assert extend(moved).decides.counted_on == date(2025, 6, 5)


def test_receipt_is_acknowledged_in_business_days() -> None:
    due = due_date(at("2025-12-19T10:00"), time_zone="UTC", country="US", rules=(GDPR, CCPA))  # a Friday before two holidays

    assert acknowledge_by(due) == at("2026-01-06T23:59:59")
    assert acknowledge_by(due_date(at("2025-12-19T10:00"), time_zone="UTC", country="US")) is None


def test_every_part_of_a_date_is_explained() -> None:
    due = due_date(
        at("2025-03-03T10:00"),
        time_zone="UTC",
        country="MY",
        rules=(GDPR, MALAYSIA, replace(CCPA, is_ours=False)),
        stated_country="US",
        cause=REOPENED,
    )
    words = explain(rest(extend(due), 2), reason="Two archives are on tape.", extended_at=at("2025-03-10T10:00"))

    assert words == [
        "You told us on Monday, 3 March 2025 (UTC time) that something is missing; the time counts anew from then.",
        "For everybody we keep to: Malaysia PDPA, GDPR.",
        "Because you named United States of America as your country, we keep to this as well: CCPA.",
        "Malaysia PDPA (s. 31) gives us 35 days; the day of receipt is not counted. That ends on Wednesday, 9 April 2025.",
        "CCPA (§ 7021) gives us 90 days; the day of receipt is not counted. That ends on Tuesday, 3 June 2025.",
        "GDPR (Art. 12(3) GDPR) gives us 3 months; the day of receipt is not counted. That ends on Thursday, 5 June 2025.",
        "The earliest of these days counts. It comes from this law: Malaysia PDPA.",
        "Before, the date was Monday, 24 March 2025. On Monday, 10 March 2025 we told you that we need more time; "
        "each of these laws allows that once.",
        "Our reason: Two archives are on tape.",
        "The time rested for 2 days while we waited for your answer, so the date moved by as much.",
        "You have our answer by the end of Wednesday, 9 April 2025 (UTC time) at the latest.",
    ]


def test_a_date_from_before_there_were_several_laws_still_explains_itself() -> None:
    old = {
        "rule": "gdpr-12-3-reopened",
        "received_on": "2025-01-15",
        "months": 1,
        "counted_on": "2025-02-15",
        "due_on": "2025-02-17",
        "skipped": [["2025-02-15", ""], ["2025-02-16", ""]],
        "time_zone": "UTC",
        "country": "XX",
        "calendar_version": "",
    }

    due = DueDate.from_json(old)

    assert due == due_date(at("2025-01-15T10:00"), time_zone="UTC", country="XX", cause=REOPENED)
    assert DueDate.from_json(due.to_json()) == due


# For every day --------------------------------------------------------------------------------------------------------------

moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31))
countries = st.sampled_from(["MY", "DE", "US", "XX"])
zones = st.sampled_from(["UTC", "Asia/Kuala_Lumpur", "America/New_York", "Asia/Beirut", "Etc/GMT+12", "Pacific/Kiritimati"])
laws = st.lists(st.sampled_from([GDPR, MALAYSIA, CCPA, OPT_OUT]), min_size=1, unique=True).map(tuple)


def is_working_day(day: date, country: str) -> bool:
    """The simple model: asked day by day."""
    closed = holidays.country_holidays(country, years=day.year) if country != "XX" else {}
    return day.weekday() < 5 and day not in closed


@given(moments, countries, zones, laws)
def test_a_due_date_is_the_earliest_of_its_laws_and_survives_json(
    moment: datetime, country: str, zone: str, rules: tuple[Rule, ...]
) -> None:
    due = due_date(moment, time_zone=zone, country=country, rules=rules)

    alone = [due_date(moment, time_zone=zone, country=country, rules=(rule,)).due_on for rule in rules]
    assert due.due_on == min(alone)
    assert due.due_at.astimezone(ZoneInfo(zone)).date() == due.due_on
    assert (due.due_at + timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() > due.due_on
    for each in (due, extend(due), rest(due, 3), rest(extend(due), 2)):
        assert DueDate.from_json(json.loads(json.dumps(each.to_json()))) == each
        assert each.due_on >= due.due_on


@given(moments, moments, countries, laws)
def test_who_asks_later_is_not_due_earlier(first: datetime, second: datetime, country: str, rules: tuple[Rule, ...]) -> None:
    early, late = (due_date(each, time_zone="UTC", country=country, rules=rules) for each in sorted([first, second]))

    assert early.due_at <= late.due_at


@given(days, st.integers(0, 24))
def test_adding_months_keeps_the_number_of_the_day_or_takes_the_last(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == min(day.day, calendar.monthrange(later.year, later.month)[1])


@given(days, st.integers(1, 20), st.booleans(), st.sampled_from(["MY", "XX"]))
def test_business_days_are_counted_like_one_would_on_paper(day: date, amount: int, counts_first: bool, country: str) -> None:
    begins = day if counts_first else day + timedelta(days=1)
    on_paper = [each for each in (begins + timedelta(days=n) for n in range(80)) if is_working_day(each, country)][amount - 1]

    counted = end_of_period(day, Period(amount, Unit.BUSINESS_DAYS), country=country, counts_first_day=counts_first)

    assert counted == (on_paper, on_paper, ())


@given(days, st.integers(1, 90), st.booleans())
def test_days_are_counted_from_the_day_after_or_from_the_day_of_receipt(day: date, amount: int, counts_first: bool) -> None:
    counted_on, due_on, _skipped = end_of_period(day, Period(amount, Unit.DAYS), country="XX", counts_first_day=counts_first)

    assert counted_on == due_on == day + timedelta(days=amount - counts_first)


@given(days, st.sampled_from(["MY", "DE"]))
def test_the_next_working_day_jumps_over_nothing_but_days_without_work(day: date, country: str) -> None:
    found, skipped = next_working_day(day, country=country)

    assert is_working_day(found, country)
    assert [each for each, _name in skipped] == [day + timedelta(days=n) for n in range((found - day).days)]
    assert not any(is_working_day(each, country) for each, _name in skipped)
