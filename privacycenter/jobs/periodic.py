"""What happens by the clock. The schedule is code; a command copies it into the tables that celery beat reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from privacycenter.jobs import registry
from privacycenter.jobs.domain import enqueue

PERIODIC_TASK = "jobs.run_periodic"


@dataclass(frozen=True)
class Periodic:
    """An entry: every `seconds`, enqueue a job of kind `target`, or call it. A call must bear being lost or doubled."""

    name: str
    seconds: int
    target: str | Callable[[], Any]


_entries: dict[str, Periodic] = {}


def register(name: str, seconds: int, target: str | Callable[[], Any]) -> Periodic:
    """Add an entry. Raises ImproperlyConfigured for a duplicate or an impossible period."""
    if name in _entries or seconds < 1:
        raise ImproperlyConfigured(f"periodic {name} is registered twice or has no period")
    entry = Periodic(name, seconds, target)
    _entries[name] = entry
    return entry


def all_entries() -> Mapping[str, Periodic]:
    """Every entry by name."""
    return MappingProxyType(_entries)


def run(name: str) -> None:
    """Do what beat says is due. A kind is enqueued under the entry's name: while one run is open, no second is added."""
    entry = _entries.get(name)
    if entry is None:
        return  # a message from before an update; sync_schedule removes the entry
    if isinstance(entry.target, str):
        enqueue(registry.get(entry.target).name, key=name)
    else:
        entry.target()
