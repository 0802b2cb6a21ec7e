"""A claim: the right of one worker to do a job until its lease lapses. The fence proves it with every write."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from privacycenter.jobs import registry, sql
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.errors import HandlerError, LostLease, Permanent, Retryable
from privacycenter.jobs.models import Job

_HEARTBEAT_PAUSE_SECONDS = 1.0
_FIRST_RETRY_SECONDS = 10.0
_chance = secrets.SystemRandom()


@dataclass
class Claim:
    """One claimed job, as its handler sees it."""

    job_id: int
    kind: str
    key: str
    payload: dict[str, Any]
    fence: int
    errors: int
    lapses: int
    finished: bool = False
    lost: bool = False
    _beat_at: float = field(default_factory=time.monotonic)

    @property
    def attempts(self) -> int:
        """How often this job was tried since it was enqueued or retried by staff, this time included."""
        return self.errors + self.lapses + 1

    @property
    def is_last_attempt(self) -> bool:
        """Whether one more error quarantines the job."""
        return self.errors + 1 >= registry.get(self.kind).max_errors

    def heartbeat(self, progress: int | None = None) -> None:
        """Extend the lease and note how far the work is. Raises LostLease when the job went to somebody else.

        May be called as often as one likes: it writes once a second at most. Inside a transaction it rides along with it;
        a transaction that commits part of the work calls `hold`, which always asks.
        """
        if self.lost:
            raise LostLease
        if time.monotonic() - self._beat_at < _HEARTBEAT_PAUSE_SECONDS:
            return
        if not extend([self], progress=progress):
            raise LostLease

    def hold(self) -> None:
        """Make sure, first thing in a transaction that commits part of the work, that the job is still ours until it commits.

        Extends the lease and locks the row. Raises LostLease, which must leave the transaction.
        """
        if not extend([self]):
            raise LostLease

    def finish(self) -> None:
        """End the job. Call it inside the transaction that makes the business change: both commit or neither does.

        Raises LostLease when the job went to somebody else. It, and any other error, must leave that transaction and the
        handler: a claim that was ended in a transaction that rolled back in silence stays until its lease lapses.
        """
        finish_all([self])

    def fail(self, error: HandlerError) -> None:
        """Record that this one of a batch failed, and go on with the others. Call it outside the failed transaction."""
        record_failure(self, error)


def claim_due(*, kinds: Sequence[str], room: int) -> list[Claim]:
    """Claim the most important due job of `kinds`, with further ones of its kind where it takes batches. One statement."""
    if not kinds or room < 1:
        return []
    rows = list(Job.objects.raw(sql.claim_statement(tuple(kinds), room), [*kinds] * 3))
    rows.sort(key=lambda job: (job.priority, job.run_at, job.pk))
    return [Claim(job.pk, job.kind, job.key, job.payload, job.fence, job.errors, job.lapses) for job in rows]


def finish_all(claims: Iterable[Claim]) -> None:
    """End many jobs with one statement, all or none of them. Raises LostLease; see Claim.finish."""
    unfinished = [claim for claim in claims if not claim.finished]
    if not unfinished:
        return
    if end_owned(unfinished) != len(unfinished):
        raise LostLease
    for claim in unfinished:
        claim.finished = True


def end_owned(claims: Sequence[Claim]) -> int:
    """End those of `claims` that still hold; answer how many did."""
    statement = sql.FINISH.format(now=sql.moment(), pairs=sql.placeholders(len(claims)))
    with connection.cursor() as cursor:
        cursor.execute(statement, _pairs(claims))
        return int(cursor.rowcount)


def extend(claims: Sequence[Claim], *, progress: int | None = None) -> list[Claim]:
    """Extend the leases of those of `claims` (of one kind) that still hold; mark the others as lost. Answers the former."""
    lease = sql.moment(seconds=str(registry.get(claims[0].kind).lease_seconds))
    template = sql.HEARTBEAT if progress is None else sql.HEARTBEAT_WITH_PROGRESS
    parameters = _pairs(claims) if progress is None else [progress, *_pairs(claims)]
    with connection.cursor() as cursor:
        cursor.execute(template.format(lease=lease, pairs=sql.placeholders(len(claims))), parameters)
        held = {row[0] for row in cursor.fetchall()}
    for claim in claims:
        claim.lost = claim.job_id not in held
        claim._beat_at = time.monotonic()
    return [claim for claim in claims if not claim.lost]


def record_failure(claim: Claim, error: Exception) -> Job | None:
    """Count an error: back to waiting after a backoff, or into quarantine. Answers the row, None when the claim is void."""
    kind = registry.get(claim.kind)
    code = error.code if isinstance(error, HandlerError) else "error"
    is_exhausted = isinstance(error, Permanent) or claim.errors + 1 >= kind.max_errors
    after = error.after_seconds if isinstance(error, Retryable) else None
    seconds = backoff_seconds(claim.errors + 1, kind.backoff_cap_seconds) if after is None else after
    statement = sql.FAIL.format(later=sql.moment(seconds=f"{max(seconds, 0):.3f}"))
    state = JobState.QUARANTINED if is_exhausted else JobState.WAITING
    with transaction.atomic():
        rows = list(Job.objects.raw(statement, [state, code, _class_of(error), claim.job_id, claim.fence]))
        if rows and is_exhausted and kind.on_quarantine is not None:
            kind.on_quarantine(rows[0])
    claim.finished = False
    return rows[0] if rows else None


def backoff_seconds(errors: int, cap: float) -> float:
    """Wait after the n-th error: 10 s, 40 s, 160 s, … up to `cap`, each ± 20 % so that failures don't come back in step."""
    usual = _FIRST_RETRY_SECONDS * 4.0 ** min(errors - 1, 10)
    return min(cap, usual) * _chance.uniform(0.8, 1.2)


def _class_of(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, HandlerError) and error.__cause__ is not None else error
    return type(cause).__qualname__[:100]


def _pairs(claims: Sequence[Claim]) -> list[int]:
    return [number for claim in claims for number in (claim.job_id, claim.fence)]
