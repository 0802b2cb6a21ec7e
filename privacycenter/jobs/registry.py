"""Which kinds of jobs there are and who does them. A room registers its own in `job_kinds.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from privacycenter.jobs.enums import Priority
from privacycenter.jobs.errors import UnknownKind

if TYPE_CHECKING:
    from privacycenter.jobs.claims import Claim
    from privacycenter.jobs.models import Job

MAX_BATCH = 50
MAX_ERRORS = 5
MAX_LAPSES = 10

Handler = Callable[[list["Claim"]], Any]
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


@dataclass(frozen=True)
class JobKind:
    """One kind of work and its limits.

    `lease_seconds`: how long a dead worker keeps a job (JOB_LEASE_SECONDS at most); the lease is extended while the handler
    runs, up to `max_seconds`.
    `max_batch`: how many jobs a handler gets at a time. `max_errors` errors, or ten lapsed leases, quarantine a job;
    `on_quarantine` is called with the row in the transaction that does it, so that the owner can mark its own row.
    """

    name: str
    handler: Handler
    lease_seconds: int = 60
    max_batch: int = 1
    priority: Priority = Priority.NORMAL
    max_errors: int = MAX_ERRORS
    max_seconds: int = 3600
    backoff_cap_seconds: int = 900
    on_quarantine: Callable[[Job], None] | None = None


_kinds: dict[str, JobKind] = {}


def register(
    kind: str,
    handler: Handler,
    *,
    lease_seconds: int = 60,
    max_batch: int = 1,
    priority: Priority = Priority.NORMAL,
    max_errors: int = MAX_ERRORS,
    max_seconds: int = 3600,
    backoff_cap_seconds: int = 900,
    on_quarantine: Callable[[Job], None] | None = None,
) -> JobKind:
    """Add a kind ("room.what_it_does"). Raises ImproperlyConfigured for a duplicate or an impossible limit."""
    lease_seconds = min(lease_seconds, settings.JOB_LEASE_SECONDS)
    added = JobKind(
        kind, handler, lease_seconds, max_batch, Priority(priority), max_errors, max_seconds, backoff_cap_seconds, on_quarantine
    )
    if kind in _kinds:
        raise ImproperlyConfigured(f"job kind {kind} is registered twice")
    if not _NAME.fullmatch(kind) or len(kind) > 60:
        raise ImproperlyConfigured(f"job kind {kind!r} must read room.name, in lower case, at most 60 characters")
    if not 1 <= max_batch <= MAX_BATCH or lease_seconds < 1 or max_errors < 1 or max_seconds < lease_seconds:
        raise ImproperlyConfigured(f"job kind {kind}: impossible limit")
    _kinds[kind] = added
    return added


def get(kind: str) -> JobKind:
    """The kind with this name. Raises UnknownKind."""
    try:
        return _kinds[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def all_kinds() -> Mapping[str, JobKind]:
    """Every registered kind by name, in order of registration."""
    return MappingProxyType(_kinds)


@contextmanager
def temporarily(kind: str, handler: Handler, **limits: Any) -> Iterator[JobKind]:
    """Register a kind inside the block; for tests. A kind that exists is displaced for as long."""
    before = dict(_kinds)
    _kinds.pop(kind, None)
    try:
        yield register(kind, handler, **limits)
    finally:
        _kinds.clear()
        _kinds.update(before)
