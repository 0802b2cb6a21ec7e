"""What a room above does when somebody objects to a purpose, or takes that back. The ledger knows nothing of requests."""

from __future__ import annotations

from collections.abc import Callable

from privacycenter.kernel.actor import Actor
from privacycenter.preferences.parties import Party

Handler = Callable[[Party, str, bool, Actor], None]
"""Called with the party, the purpose, whether the objection stands now, and who acts; in the transaction of the choice."""

_handlers: list[Handler] = []


def register(handler: Handler) -> None:
    """Add a handler."""
    if handler not in _handlers:
        _handlers.append(handler)


def tell(party: Party, purpose: str, stands: bool, actor: Actor) -> None:
    """Let every room see to what an objection asks of it."""
    for handler in _handlers:
        handler(party, purpose, stands, actor)
