"""Extends leases while a handler is busy, from one thread per process with a connection of its own.

On PostgreSQL the thread simply writes. On SQLite its short statement waits while the handler has a write transaction open,
which is harmless: nobody else can write either, so nobody can take the job; and the fence guards the commit in any case.
A handler gets `max_seconds`; then its lease is left to lapse, so that one that hangs does not keep its job for ever.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, connection

from privacycenter.jobs import registry
from privacycenter.jobs.claims import Claim, extend

log = structlog.get_logger("privacycenter.jobs")


@dataclass
class _Patient:
    claims: Sequence[Claim]
    every_seconds: float
    next_beat: float
    last_beat: float


class _Heart:
    """The thread and whom it beats for. One per process: a forked child starts its own."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.condition = threading.Condition()
        self.patients: list[_Patient] = []
        self.thread: threading.Thread | None = None

    def add(self, patient: _Patient) -> None:
        with self.condition:
            self.patients.append(patient)
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name="job-heartbeat", daemon=True)
                self.thread.start()
            self.condition.notify()

    def remove(self, patient: _Patient) -> None:
        with self.condition:
            self.patients.remove(patient)

    def _run(self) -> None:
        while True:
            with self.condition:
                while not self.patients:
                    self.condition.wait()
                wait = min(patient.next_beat for patient in self.patients) - time.monotonic()
                if wait > 0:
                    self.condition.wait(wait)
                due = [patient for patient in self.patients if patient.next_beat <= time.monotonic()]
            for patient in due:
                self._beat(patient)

    def _beat(self, patient: _Patient) -> None:
        patient.next_beat = time.monotonic() + patient.every_seconds
        if patient.next_beat > patient.last_beat:
            patient.next_beat = float("inf")
        held = [claim for claim in patient.claims if not claim.finished and not claim.lost]
        if not held:
            return
        try:
            extend(held)
        except DatabaseError as error:
            log.warning("heartbeat_failed", kind=held[0].kind, exception_class=type(error).__name__)
        finally:
            connection.close()


_current: _Heart | None = None
_creation = threading.Lock()


def _heart() -> _Heart:
    global _current
    with _creation:
        if _current is None or _current.process != os.getpid():
            _current = _Heart()
        return _current


@contextmanager
def beating(claims: Sequence[Claim]) -> Iterator[None]:
    """Extend the leases of `claims` (of one kind) every third of the lease while the block runs."""
    kind = registry.get(claims[0].kind)
    every = kind.lease_seconds / 3
    now = time.monotonic()
    patient = _Patient(claims, every, now + every, now + kind.max_seconds)
    heart = _heart()
    heart.add(patient)
    try:
        yield
    finally:
        heart.remove(patient)
