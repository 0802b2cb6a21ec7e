"""What other rooms do when a person proves an address or a number, no longer holds one, or is erased. What stands under it stays behind."""

from __future__ import annotations

from collections.abc import Callable

from privacycenter.subjects.models import Subject

Handler = Callable[[Subject, str, str], None]
"""Called with the person and the kind and normalised value of the identifier, after the change and in its transaction.

One for `leaving` is called before: while the person is still known by it.
"""

_gained: list[Handler] = []
_lost: list[Handler] = []
_leaving: list[Handler] = []


def register(*, gained: Handler, lost: Handler, leaving: Handler) -> None:
    """Add handlers of a room: for an identifier that was proven, a proven one that is gone, and one whose person is being erased."""
    for handlers, handler in ((_gained, gained), (_lost, lost), (_leaving, leaving)):
        if handler not in handlers:
            handlers.append(handler)


def tell_gained(subject: Subject, kind: str, value: str) -> None:
    """Let every room know what the person has proven."""
    for handler in _gained:
        handler(subject, kind, value)


def tell_lost(subject: Subject, kind: str, value: str) -> None:
    """Let every room know what the person held and holds no more."""
    for handler in _lost:
        handler(subject, kind, value)


def tell_leaving(subject: Subject, kind: str, value: str) -> None:
    """Let every room keep, under the identifier alone, what must be kept: its person is being erased and won't be known by it."""
    for handler in _leaving:
        handler(subject, kind, value)
