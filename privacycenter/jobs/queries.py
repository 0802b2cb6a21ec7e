"""How full the queue is: for /readyz, /metrics and the admin."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Min, Q
from django.db.models.functions import Now

from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import EndOfNow, Job


class KindDepth(NamedTuple):
    """The open jobs of one kind. `oldest_due_seconds` is how long the oldest due one has waited; 0 without one."""

    kind: str
    waiting: int
    due: int
    running: int
    quarantined: int
    oldest_due_seconds: float


class Depth(NamedTuple):
    """The open jobs of all kinds together and one by one."""

    waiting: int
    due: int
    running: int
    quarantined: int
    oldest_due_seconds: float
    kinds: tuple[KindDepth, ...]


def depth() -> Depth:
    """Count open jobs, in one query over the open ones only."""
    due = Q(state=JobState.WAITING, run_at__lte=EndOfNow())
    rows: Any = (
        Job.objects.open()
        .values("kind")
        .annotate(
            waiting=Count("pk", filter=Q(state=JobState.WAITING)),
            due=Count("pk", filter=due),
            running=Count("pk", filter=Q(state=JobState.RUNNING)),
            quarantined=Count("pk", filter=Q(state=JobState.QUARANTINED)),
            oldest=Min("run_at", filter=due),
            present=Now(),
        )
        .order_by("kind")
    )
    kinds = tuple(
        KindDepth(row["kind"], row["waiting"], row["due"], row["running"], row["quarantined"], _age(row["oldest"], row["present"]))
        for row in rows
    )
    return Depth(
        sum(kind.waiting for kind in kinds),
        sum(kind.due for kind in kinds),
        sum(kind.running for kind in kinds),
        sum(kind.quarantined for kind in kinds),
        max((kind.oldest_due_seconds for kind in kinds), default=0.0),
        kinds,
    )


def _age(oldest: datetime | None, present: datetime) -> float:
    return max((present - oldest).total_seconds(), 0.0) if oldest else 0.0
