"""What a worker does when the bell rings: claim, hand over, end or record, until nothing is due."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import structlog
from django.conf import settings

from privacycenter.jobs import bell, holds, registry
from privacycenter.jobs.claims import Claim, claim_due, end_owned, extend, record_failure
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.errors import HandlerError, LostLease
from privacycenter.jobs.heart import beating

log = structlog.get_logger("privacycenter.jobs")

SECONDS_PER_RING = 20.0  # then Celery gets its turn: a warm shutdown, a periodic task


def run_due(limit: int | None = None, kinds: Sequence[str] | None = None, *, seconds: float | None = None, reraise: bool = False) -> int:
    """Work due jobs, the most important first, until none is due, `limit` were worked or `seconds` have passed.

    Answers how many were worked. `kinds` restricts to some; unregistered kinds are left to whoever knows them. `reraise`
    lets a handler's unexpected error out after it was recorded: for tests.
    """
    wanted = tuple(registry.all_kinds()) if kinds is None else tuple(registry.get(kind).name for kind in kinds)
    ends_at = None if seconds is None else time.monotonic() + seconds
    worked = 0
    while (limit is None or worked < limit) and not holds.are_held():
        claims = claim_due(kinds=wanted, room=registry.MAX_BATCH if limit is None else limit - worked)
        if not claims:
            break
        work(claims, reraise=reraise)
        worked += len(claims)
        if ends_at is not None and time.monotonic() >= ends_at:
            break
    return worked


def run_until_idle(limit: int = 1_000, *, reraise: bool = True) -> int:
    """Work until nothing is due, follow-up jobs included. For tests: raises RuntimeError when `limit` jobs did not suffice."""
    worked = run_due(limit, reraise=reraise)
    if worked >= limit:
        raise RuntimeError(f"still not idle after {worked} jobs")
    return worked


def answer_bell(kind: str, *, seconds: float = SECONDS_PER_RING) -> None:
    """Work whatever is due, the most important first, for about `seconds`; then ring again if something may be left.

    The kind that rang has no right of way: a worker that listens does what matters most.
    """
    ends_at = time.monotonic() + seconds
    while not holds.are_held() and (claims := claim_due(kinds=tuple(registry.all_kinds()), room=registry.MAX_BATCH)):
        work(claims)
        if time.monotonic() >= ends_at:
            bell.ring({kind: 1})
            return


def work(claims: list[Claim], *, reraise: bool = False) -> None:
    """Hand claims of one kind to their handler, and end or record what it leaves open.

    A batch that fails is done again one by one at once: the error is charged to the job that caused it.
    """
    kind = registry.get(claims[0].kind)
    try:
        with beating(claims):
            kind.handler(claims)
    except LostLease:
        log.info("lease_lost", kind=kind.name, jobs=[claim.job_id for claim in claims])
        if len(claims) > 1:
            _one_by_one(claims, reraise=reraise)
        return
    except Exception as error:
        if len(claims) > 1:
            log.info("batch_failed", kind=kind.name, count=len(claims), exception_class=type(error).__name__)
            _one_by_one(claims, reraise=reraise)
            return
        _record(claims[0], error)
        if reraise and not isinstance(error, HandlerError):
            raise
        return
    unfinished = [claim for claim in claims if not claim.finished and not claim.lost]
    if unfinished:
        end_owned(unfinished)


def _one_by_one(claims: list[Claim], *, reraise: bool) -> None:
    # What a claim believes of itself may have been rolled back; the rows know which are still ours.
    for claim in extend(claims):
        claim.finished = False
        work([claim], reraise=reraise)


def _record(claim: Claim, error: Exception) -> None:
    job = record_failure(claim, error)
    if job is None:
        log.info("lease_lost", kind=claim.kind, jobs=[claim.job_id])
        return
    # The text of an exception may hold data: its class and place are enough to find it.
    event = log.error if job.state == JobState.QUARANTINED else log.warning
    event(
        "job_failed",
        kind=job.kind,
        job=job.pk,
        state=job.state,
        code=job.last_error,
        errors=job.errors,
        exception_class=job.last_exception,
        place=place_of(error),
    )


def place_of(error: BaseException) -> str:
    """Where in our own code an exception came up: file and line, no data."""
    place, trace = "", error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(settings.BASE_DIR) and ".venv" not in path.parts:
            place = f"{path.relative_to(settings.BASE_DIR)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
