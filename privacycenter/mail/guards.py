"""Who is asked before anything non-essential leaves. A room above registers its guard; without one the answer is no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Outgoing:
    """What a guard and a decorator are told: the kind, the normalised address, the subject's public id (empty for nobody we
    know), the purpose of the kind, and the topic and campaign of the message (empty for none).
    """

    kind: str
    address: str
    subject_key: str
    purpose: str = ""
    topic: str = ""
    campaign: str = ""


class NotYet(Exception):
    """What a guard raises that would rather be asked again: the message stays in the outbox until then."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


Guard = Callable[[Outgoing], bool]
_guards: list[Guard] = []


def register(guard: Guard) -> Guard:
    """Add a guard. Every guard must agree."""
    _guards.append(guard)
    return guard


def may_leave(outgoing: Outgoing) -> bool:
    """Whether a non-essential message may be sent now: at least one guard exists, and all agree.

    Raises NotYet where a guard says so; other errors of guards come out too.
    """
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
