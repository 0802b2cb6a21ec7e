"""Quiet hours: wall-clock times in somebody's zone, as moments. Whole through the nights in which clocks are put forward or back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(moment: datetime, zone: ZoneInfo, begin: time, end: time) -> datetime | None:
    """When the quiet hours end (UTC) that `moment` lies in; None outside of them. The end itself is outside.

    A begin that the clock shows twice counts the first time, an end the second time; one that it skips counts when it jumps.
    """
    today = moment.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        last_day = day if begin < end else day + timedelta(days=1)
        ends_at = _moment(last_day, end, zone, fold=1)
        if _moment(day, begin, zone, fold=0) <= moment < ends_at:
            return ends_at
    return None


def _moment(day: date, wall: time, zone: ZoneInfo, *, fold: int) -> datetime:
    local = datetime.combine(day, wall, tzinfo=zone).replace(fold=fold)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # The clock never shows this time. Read by the offset before and by that after the jump (PEP 495), it lies around the jump.
    before, after = sorted(local.replace(fold=each).astimezone(UTC) for each in (0, 1))
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
