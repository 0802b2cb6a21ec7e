"""Due dates: with everything in memory, on days not counted before, and with the rules of the desk looked up for each."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any


def run(*, quick: bool) -> list[dict[str, Any]]:
    from django.conf import settings

    from requests_app.clock import due_date
    from requests_app.regimes import due_for, rules_for

    number = 2_000 if quick else 20_000
    choice = random.Random(21)
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    within_a_year = [begins + timedelta(minutes=choice.randrange(365 * 24 * 60)) for _each in range(number)]
    each_day_once = [begins + timedelta(days=each) for each in range(-1_500, 1_500)]
    rules = rules_for("access", stated_country="US", on=date(2026, 11, 1))  # seven laws

    def count(moment: datetime) -> Any:
        return due_date(moment, time_zone=settings.TIME_ZONE, country=settings.OPERATOR_COUNTRY, rules=rules).due_at

    return [
        _row("due dates per second, a year's requests under seven laws", number, _timed(within_a_year, count)),
        _row("due dates per second, each on a day not counted before", len(each_day_once), _timed(each_day_once, count)),
        _row(
            "due dates per second, with the rules of the desk looked up for each",
            number // 4,
            _timed(within_a_year[: number // 4], lambda moment: due_for("access", received_at=moment, stated_country="US").due_at),
        ),
    ]


def _row(name: str, number: int, seconds: float) -> dict[str, Any]:
    per_second = number / seconds
    found: dict[str, Any] = {"name": name, "ours": f"{per_second:,.0f}/s", "baseline": "5,000/s", "ratio": round(per_second / 5_000, 2)}
    return found | {"target": ">= 1", "aim": ">= 10"}


def _timed(moments: list[datetime], work: Callable[[datetime], Any]) -> float:
    begun = time.perf_counter()
    for moment in moments:
        work(moment)
    return time.perf_counter() - begun
