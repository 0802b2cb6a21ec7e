"""The statements of the queue, in both dialects. Time is the database's: workers' clocks may differ, leases may not.

Every literal here is a constant of ours; values travel as parameters.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from privacycenter.jobs.enums import Priority
from privacycenter.jobs.registry import JobKind, all_kinds
from privacycenter.kernel import clock


def _moved_to() -> datetime | None:
    """Where the clock seam was moved: nowhere but in tests, whose clock then stands in for the database's."""
    moment = clock.now()
    return moment if abs(moment.timestamp() - time.time()) > 1 else None


def moment(*, seconds: str = "") -> str:
    """SQL for the database's present time; `seconds` is SQL for what is added to it.

    SQLite counts milliseconds and compares text: 999 microseconds are appended, so that a time that Python wrote within
    the same millisecond has come.
    """
    moved_to = _moved_to()
    if connection.vendor == "postgresql":
        now = f"'{moved_to.isoformat()}'::timestamptz" if moved_to else "statement_timestamp()"
        return f"({now} + ({seconds}) * interval '1 second')" if seconds else now
    now = f"'{moved_to.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'" if moved_to else "'now'"
    modifier = f", ({seconds}) || ' seconds'" if seconds else ""
    return f"(strftime('%%Y-%%m-%%d %%H:%%M:%%f', {now}{modifier}) || '999')"


def adapt(value: datetime | None) -> Any:
    """A time as a parameter of a raw statement, in the form in which the ORM writes it."""
    return connection.ops.adapt_datetimefield_value(value)


def skip_locked() -> str:
    """What makes claimers pass each other's rows; SQLite has one writer at a time, and no need of it."""
    return "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""


ENQUEUE_ROW = "(%s, %s, %s, %s, 'waiting', COALESCE(%s, {now}), {now}, 0, 0, 0, 0, '', '')"

# On conflict with an open job: one that waits is asked for sooner or with more weight (but a pending retry keeps its
# backoff); one that runs has perhaps read the old state already and is to run again; one in quarantine stays there.
ENQUEUE = """
INSERT INTO jobs_job (kind, key, payload, priority, state, run_at, created_at, fence, errors, lapses, progress, last_error, last_exception)
VALUES {rows}
ON CONFLICT (kind, key) WHERE state IN ('waiting', 'running', 'quarantined') DO UPDATE SET
  priority = CASE WHEN excluded.priority < jobs_job.priority THEN excluded.priority ELSE jobs_job.priority END,
  run_at = CASE WHEN jobs_job.state = 'waiting' AND jobs_job.errors = 0 AND jobs_job.lapses = 0 AND excluded.run_at < jobs_job.run_at
    THEN excluded.run_at ELSE jobs_job.run_at END,
  again_at = CASE WHEN jobs_job.state <> 'running' THEN NULL
    WHEN jobs_job.again_at < excluded.run_at THEN jobs_job.again_at ELSE excluded.run_at END
RETURNING *
"""

# The most important due job whose row nobody holds, and for a batch kind further first tries of that kind. Whatever
# failed or lapsed before runs alone, so that a poisonous job takes no others with it. MATERIALIZED: the planner must not
# run a locking select twice.
CLAIM = """
WITH first AS MATERIALIZED (
  SELECT id, kind, errors + lapses AS tries FROM jobs_job WHERE id = COALESCE({first})
), rest AS MATERIALIZED (
  SELECT id FROM jobs_job
  WHERE state = 'waiting' AND run_at <= {now} AND kind = (SELECT kind FROM first WHERE tries = 0)
    AND errors = 0 AND lapses = 0 AND id <> (SELECT id FROM first)
  ORDER BY priority, run_at, id LIMIT COALESCE((SELECT {batch} FROM first), 0) {lock}
)
UPDATE jobs_job SET state = 'running', fence = fence + 1, lease_until = {lease}, started_at = {now}, again_at = NULL
WHERE id {chosen}
RETURNING *
"""

_FIRST = """(SELECT id FROM jobs_job WHERE state = 'waiting' AND priority = {priority} AND run_at <= {now} AND kind IN ({kinds})
  ORDER BY run_at, id LIMIT 1 {lock})"""


def claim_statement(kinds: tuple[str, ...], room: int) -> str:
    """CLAIM for these kinds and at most `room` jobs; its only parameters are the kinds, once per priority."""
    now = moment()
    first = ",\n".join(
        _FIRST.format(priority=int(priority), now=now, kinds=", ".join(["%s"] * len(kinds)), lock=skip_locked()) for priority in Priority
    )
    batch, lease = _limits(tuple(all_kinds()[name] for name in kinds), room)
    chosen = "SELECT id FROM first UNION ALL SELECT id FROM rest"
    # As an array: for a sub-select of unknown size PostgreSQL would rather read the whole table.
    chosen = f"= ANY (ARRAY({chosen}))" if connection.vendor == "postgresql" else f"IN ({chosen})"
    return CLAIM.format(first=first, now=now, batch=batch, lease=moment(seconds=lease), lock=skip_locked(), chosen=chosen)


@lru_cache(maxsize=64)
def _limits(kinds: tuple[JobKind, ...], room: int) -> tuple[str, str]:
    batches = {kind.name: min(kind.max_batch, room) - 1 for kind in kinds if kind.max_batch > 1}
    leases = {kind.name: kind.lease_seconds for kind in kinds if kind.lease_seconds != 60}
    return _by_kind(batches, 0), _by_kind(leases, 60)


def _by_kind(values: dict[str, int], otherwise: int) -> str:
    # Names are checked at registration: letters, digits, dots, underscores.
    if not values:
        return str(otherwise)
    cases = " ".join(f"WHEN '{name}' THEN {value}" for name, value in values.items())
    return f"CASE kind {cases} ELSE {otherwise} END"


# A job that was enqueued anew while it ran waits again instead of ending.
FINISH = """
UPDATE jobs_job SET state = CASE WHEN again_at IS NULL THEN 'done' ELSE 'waiting' END, run_at = COALESCE(again_at, run_at), again_at = NULL,
  lease_until = NULL, errors = 0, lapses = 0, finished_at = {now}
WHERE state = 'running' AND (id, fence) IN (VALUES {pairs})
"""

# RETURNING tells which claims still hold, and so which are worth going on with.
HEARTBEAT = """
UPDATE jobs_job SET lease_until = {lease}
WHERE state = 'running' AND (id, fence) IN (VALUES {pairs})
RETURNING id
"""
HEARTBEAT_WITH_PROGRESS = """
UPDATE jobs_job SET lease_until = {lease}, progress = %s
WHERE state = 'running' AND (id, fence) IN (VALUES {pairs})
RETURNING id
"""

FAIL = """
UPDATE jobs_job SET state = %s, errors = errors + 1, run_at = {later}, lease_until = NULL, again_at = NULL,
  last_error = %s, last_exception = %s
WHERE state = 'running' AND id = %s AND fence = %s
RETURNING *
"""

# The first lapse was most likely a restart: it goes on at once. Later ones wait a little longer each time.
SWEEP = """
UPDATE jobs_job SET lapses = lapses + 1, state = CASE WHEN lapses + 1 >= {max_lapses} THEN 'quarantined' ELSE 'waiting' END,
  run_at = {later}, lease_until = NULL, again_at = NULL, last_error = 'lease_lapsed', last_exception = ''
WHERE id IN (SELECT id FROM jobs_job WHERE state = 'running' AND lease_until < {now} ORDER BY lease_until LIMIT {limit} {lock})
RETURNING *
"""


def placeholders(pairs: int) -> str:
    return ", ".join(["(%s, %s)"] * pairs)
