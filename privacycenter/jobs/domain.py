"""Putting work into the queue and keeping the queue in order. Doing the work: privacycenter.jobs.runner."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs import bell, registry, sql
from privacycenter.jobs.claims import finish_all
from privacycenter.jobs.enums import JobState, Priority
from privacycenter.jobs.errors import NotQuarantined, StaffOnly
from privacycenter.jobs.models import Job
from privacycenter.jobs.runner import run_due, run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor

__all__ = ["NewJob", "enqueue", "enqueue_many", "finish_all", "purge_finished", "retry_job", "run_due", "run_until_idle", "sweep"]

log = structlog.get_logger("privacycenter.jobs")

KEEP_FINISHED_DAYS = 7
_PER_STATEMENT = 500


class NewJob(NamedTuple):
    """One job to enqueue; see `enqueue`."""

    kind: str
    key: str
    payload: Mapping[str, Any]
    run_at: datetime | None = None
    priority: Priority | None = None


def enqueue(
    kind: str, *, key: str, payload: Mapping[str, Any] | None = None, run_at: datetime | None = None, priority: Priority | None = None
) -> Job:
    """Put a job into the queue, in the caller's transaction; the bell rings when it commits.

    While a job of the same kind and key is open, that one is answered instead: one that waits is only made sooner or more
    important, and one that runs right now will run once more when it ends, because it may have read the state of before.
    `payload` holds ids and codes only and is a function of the key. Without `run_at` the job is due at once.
    """
    return enqueue_many([NewJob(kind, key, payload or {}, run_at, priority)])[0]


def enqueue_many(jobs: Iterable[NewJob]) -> list[Job]:
    """Put many jobs into the queue with one statement per 500, under the rules of `enqueue`. Answers them in no given order.

    Rows are written in the order of (kind, key), so that two transactions that enqueue the same work can't deadlock.
    """
    wanted = {(job.kind, job.key): job for job in jobs}
    ordered = [wanted[pair] for pair in sorted(wanted)]
    found: list[Job] = []
    for start in range(0, len(ordered), _PER_STATEMENT):
        found += _insert(ordered[start : start + _PER_STATEMENT])
    due = Counter(job.kind for job in ordered if job.run_at is None or job.run_at <= clock.now())
    if due:
        bell.ring_on_commit(due)
    return found


def _insert(batch: list[NewJob]) -> list[Job]:
    row = sql.ENQUEUE_ROW.format(now=sql.moment())
    parameters: list[Any] = []
    for job in batch:
        kind = registry.get(job.kind)
        if not 1 <= len(job.key) <= 120:
            raise ValueError("a job's key has 1 to 120 characters")
        priority = kind.priority if job.priority is None else Priority(job.priority)
        parameters += [job.kind, job.key, json.dumps(dict(job.payload)), int(priority), sql.adapt(job.run_at)]
    return list(Job.objects.raw(sql.ENQUEUE.format(rows=", ".join([row] * len(batch))), parameters))


@transaction.atomic
def retry_job(job: Job, *, actor: Actor) -> None:
    """Let a quarantined job be tried again, with its counts at zero. Audited.

    Raises StaffOnly, and NotQuarantined when it is not (or no longer) in quarantine.
    """
    if not actor.is_staff:
        raise StaffOnly
    changed = Job.objects.filter(pk=job.pk, state=JobState.QUARANTINED).update(
        state=JobState.WAITING, errors=0, lapses=0, run_at=clock.now()
    )
    if changed != 1:
        raise NotQuarantined
    record("jobs.job_retried", actor=actor, kind=job.kind, job=job.pk)
    if job.kind in registry.all_kinds():
        bell.ring_on_commit({job.kind: 1})


class Sweep(NamedTuple):
    """What one sweep did."""

    lapsed: int
    quarantined: int
    rings: int


def sweep() -> Sweep:
    """Return lapsed leases to the queue and ring for what is due. Runs every half minute, and whenever a worker starts.

    A job whose lease lapses ten times is quarantined: it probably kills its worker.
    """
    lapsed = quarantined = 0
    while True:
        rows = _return_lapsed()
        lapsed += len(rows)
        quarantined += sum(job.state == JobState.QUARANTINED for job in rows)
        if len(rows) < _PER_STATEMENT:
            break
    due = Counter(Job.objects.due().filter(kind__in=registry.all_kinds()).values_list("kind", flat=True)[: bell.MAX_RINGS])
    return Sweep(lapsed, quarantined, bell.ring(due))


@transaction.atomic
def _return_lapsed() -> list[Job]:
    now = sql.moment()
    later = sql.moment(seconds="CASE WHEN lapses = 0 THEN 0 ELSE lapses * 15 END")
    statement = sql.SWEEP.format(now=now, later=later, max_lapses=registry.MAX_LAPSES, limit=_PER_STATEMENT, lock=sql.skip_locked())
    rows = list(Job.objects.raw(statement))
    for job in rows:
        log.warning("lease_lapsed", kind=job.kind, job=job.pk, lapses=job.lapses, state=job.state)
        kind = registry.all_kinds().get(job.kind)
        if job.state == JobState.QUARANTINED and kind is not None and kind.on_quarantine is not None:
            kind.on_quarantine(job)
    return rows


def purge_finished(*, older_than_days: int = KEEP_FINISHED_DAYS) -> int:
    """Delete jobs that ended more than `older_than_days` ago, in batches. Answers how many."""
    before = clock.now() - timedelta(days=older_than_days)
    deleted = 0
    while True:
        batch = Job.objects.filter(state=JobState.DONE, finished_at__lt=before).order_by("finished_at").values("pk")[:1000]
        count, _ = Job.objects.filter(pk__in=list(batch.values_list("pk", flat=True))).delete()
        deleted += count
        if count < 1000:
            return deleted
