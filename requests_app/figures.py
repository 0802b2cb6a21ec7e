"""Figures of the desk: what the queue holds now, and what became of a month's requests. Counts only, nothing of anybody."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from privacycenter.kernel import clock
from requests_app.clock import add_months
from requests_app.enums import Kind, Outcome, Status
from requests_app.models import Representation, Request

# Ended without an answer: nobody waited for one any more.
NO_ANSWER = (Outcome.WITHDRAWN, Outcome.NOT_VERIFIED, Outcome.DUPLICATE)
# The days to an answer, in the steps that the board draws: up to so many days, and what is longer.
STEPS = (1, 3, 7, 14, 21, 30)


@dataclass(frozen=True)
class QueueCounts:
    """How many open requests burn, by what burns."""

    overdue: int
    week: int
    desk: int
    person: int
    new: int
    proof: int


def queue_counts() -> QueueCounts:
    """The figures above the queue: one query over open requests and those that wait to be fetched, one over proof to look at."""
    now, is_open = clock.now(), Q(status__in=Status.OPEN)
    alive = Request.objects.verified().exclude(status=Status.CLOSED)
    found = alive.aggregate(
        overdue=Count("pk", filter=is_open & Q(due_at__lt=now, paused_at__isnull=True)),
        week=Count("pk", filter=is_open & Q(due_at__gte=now, due_at__lt=now + timedelta(days=7))),
        desk=Count("pk", filter=Q(status__in=Status.AT_THE_DESK)),
        person=Count("pk", filter=Q(status__in=[Status.READY, Status.WAITING])),
        new=Count("pk", filter=is_open & Q(assignee=None)),
    )
    return QueueCounts(**found, proof=Representation.objects.waiting_for_desk().count())


@dataclass(frozen=True)
class KindFigures:
    """One right in one month."""

    kind: Kind
    received: int
    answered: int
    on_time: int
    refused: int
    withdrawn: int
    days: float | None  # the median of whole days from receipt to answer

    @property
    def late(self) -> int:
        return self.answered - self.on_time


@dataclass(frozen=True)
class MonthFigures:
    """A month of the desk, by the operator's time zone."""

    first_day: date
    kinds: tuple[KindFigures, ...]
    steps: tuple[int, ...]  # answers by how long they took, as STEPS and one more for longer
    overdue_now: int

    @property
    def received(self) -> int:
        return sum(each.received for each in self.kinds)

    @property
    def answered(self) -> int:
        return sum(each.answered for each in self.kinds)

    @property
    def on_time(self) -> int:
        return sum(each.on_time for each in self.kinds)

    @property
    def late(self) -> int:
        return self.answered - self.on_time


def month_figures(first_day: date) -> MonthFigures:
    """What came in and what was answered in the month that begins on this day. Three queries."""
    begin, end = _moment(first_day), _moment(add_months(first_day, 1))
    received = Counter(
        dict(
            Request.objects.verified()
            .filter(received_at__gte=begin, received_at__lt=end)
            .values_list("kind")
            .annotate(number=Count("pk"))
            .order_by()
        )
    )
    answered: dict[str, list[tuple[bool, int]]] = defaultdict(list)
    ended: dict[str, Counter[str]] = defaultdict(Counter)
    rows: Any = Request.objects.verified().filter(
        Q(answered_at__gte=begin, answered_at__lt=end) | Q(answered_at=None, closed_at__gte=begin, closed_at__lt=end)
    )
    for kind, outcome, came, answer, closed, due in rows.values_list(
        "kind", "outcome", "received_at", "answered_at", "closed_at", "due_at"
    ).iterator():
        ended[kind][outcome] += 1
        if outcome not in NO_ANSWER:
            moment = answer or closed
            answered[kind].append((due is None or moment <= due, (moment - came).days))
    kinds = tuple(
        KindFigures(
            kind,
            received[kind],
            len(answered[kind]),
            sum(is_on_time for is_on_time, _days in answered[kind]),
            ended[kind][Outcome.REFUSED],
            ended[kind][Outcome.WITHDRAWN],
            median(days for _is_on_time, days in answered[kind]) if answered[kind] else None,
        )
        for kind in Kind
        if received[kind] or ended[kind]
    )
    return MonthFigures(
        first_day, kinds, _steps(days for rows in answered.values() for _is_on_time, days in rows), Request.objects.overdue().count()
    )


def first_of_month(day: date | None = None) -> date:
    """The first day of a day's month, by default of the current one in the operator's time zone."""
    return (day or timezone.localdate(clock.now())).replace(day=1)


def _steps(durations: Any) -> tuple[int, ...]:
    counts = [0] * (len(STEPS) + 1)
    for days in durations:
        counts[next((number for number, most in enumerate(STEPS) if days <= most), len(STEPS))] += 1
    return tuple(counts)


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())
