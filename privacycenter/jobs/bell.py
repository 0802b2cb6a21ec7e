"""The bell: a message that says "there is work of this kind". It carries nothing else, and losing it loses nothing.

Rings go out after the commit. Those of one transaction and kind are merged: fifty jobs ring as many times as there can be
workers to hear it, not fifty times. A ring that fails is logged and harmless, because the sweep rings again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from django.db import connection, transaction

from privacycenter.celery import app
from privacycenter.jobs import registry

log = structlog.get_logger("privacycenter.jobs")

WORK_TASK = "jobs.work"
MAX_RINGS = 8  # wakes that many workers at once; each works until nothing is due
_SILENCE_SECONDS = 5.0  # after a failed ring, so that a dead broker costs one time-out and not one per transaction


@dataclass
class _Ring:
    """A callback for on_commit that later enqueues of the same savepoint add to."""

    counts: dict[str, int]

    def __call__(self) -> None:
        ring(self.counts)


class _Silence:
    until = 0.0


def ring_on_commit(counts: Mapping[str, int]) -> None:
    """Ring for `counts` (new jobs by kind) once the surrounding transaction has committed."""
    # Only within the same savepoints: what a rollback takes back must not have been merged into what stays.
    pending = connection.run_on_commit[-1:] if connection.in_atomic_block else []
    for entry in pending:
        savepoints, callback = entry[:2]
        if isinstance(callback, _Ring) and savepoints == set(connection.savepoint_ids):
            for kind, count in counts.items():
                callback.counts[kind] = callback.counts.get(kind, 0) + count
            return
    transaction.on_commit(_Ring(dict(counts)), robust=True)


def ring(counts: Mapping[str, int]) -> int:
    """Send the messages for `counts` due jobs by kind; answer how many went out. Never raises."""
    sent = 0
    if time.monotonic() < _Silence.until:
        return sent
    try:
        for kind, count in counts.items():
            batches = -(-count // registry.get(kind).max_batch)
            for _ in range(min(batches, MAX_RINGS - sent)):
                app.send_task(WORK_TASK, args=[kind], ignore_result=True, retry=False)
                sent += 1
    except Exception as error:  # whatever a broker's client raises: the sweep rings again
        _Silence.until = time.monotonic() + _SILENCE_SECONDS
        log.warning("ring_failed", exception_class=type(error).__name__)
    return sent
