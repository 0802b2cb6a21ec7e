"""Who is asked before anything non-essential leaves. A room above registers its guard; without one the answer is no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Outgoing:
    """What a guard is told: the kind, the normalised address and the subject's public id (empty for nobody we know)."""

    kind: str
    address: str
    subject_key: str


Guard = Callable[[Outgoing], bool]
_guards: list[Guard] = []


def register(guard: Guard) -> Guard:
    """Add a guard. Every guard must agree."""
    _guards.append(guard)
    return guard


def may_leave(outgoing: Outgoing) -> bool:
    """Whether a non-essential message may be sent now: at least one guard exists, and all agree. Their errors come out."""
    return bool(_guards) and all(guard(outgoing) is True for guard in _guards)


@contextmanager
def temporarily(*guards: Guard) -> Iterator[None]:
    """Only these guards inside the block; for tests."""
    before = list(_guards)
    _guards[:] = guards
    try:
        yield
    finally:
        _guards[:] = before
