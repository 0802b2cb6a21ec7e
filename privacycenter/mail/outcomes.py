"""Who wants to know how the life of a message ended. A room above registers itself; mail knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How one message ended: its row, kind, normalised address (empty where it was given up unread), what it was about, its last
    MessageState and, where it was not sent, a code.
    """

    message: int
    kind: str
    address: str
    topic: str
    campaign: str
    state: str
    error: str = ""


Listener = Callable[[Sequence[Outcome]], None]
_listeners: list[Listener] = []


def register(listener: Listener) -> Listener:
    """Add a listener. It is called in the transaction that marks the messages; an error of it undoes both."""
    _listeners.append(listener)
    return listener


def tell(outcomes: Sequence[Outcome]) -> None:
    """Tell every listener."""
    for listener in _listeners:
        listener(outcomes)


@contextmanager
def temporarily(*listeners: Listener) -> Iterator[None]:
    """Only these listeners inside the block; for tests."""
    before = list(_listeners)
    _listeners[:] = listeners
    try:
        yield
    finally:
        _listeners[:] = before
