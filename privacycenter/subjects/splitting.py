"""What other rooms do when one person becomes two. They hold things for a person that this room knows nothing about."""

from __future__ import annotations

from collections.abc import Callable

from privacycenter.kernel.actor import Actor
from privacycenter.subjects.models import Subject

Handler = Callable[[Subject, Subject, list[tuple[str, str]], Actor], None]
"""Called with the person, the new person, the (kind, value) pairs that moved, and who acts; may raise CannotSplit."""

_handlers: list[Handler] = []


def register(handler: Handler) -> None:
    """Add a handler; it runs in the transaction of the split."""
    if handler not in _handlers:
        _handlers.append(handler)


def tell(subject: Subject, new: Subject, moved: list[tuple[str, str]], actor: Actor) -> None:
    """Let every room see to what it holds."""
    for handler in _handlers:
        handler(subject, new, moved, actor)
