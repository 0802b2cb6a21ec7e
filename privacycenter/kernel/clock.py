"""The one clock. Everything that needs the time asks here, so that tests can set it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """Return the present moment as an aware datetime in UTC."""
    return _source()


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Let `now()` answer `moment` (aware) inside the block. For tests and for replays with a given `created`."""
    global _source
    before = _source
    _source = lambda: moment  # noqa: E731 - a named function would say less
    try:
        yield
    finally:
        _source = before
