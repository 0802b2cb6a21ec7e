"""What this room does by the clock."""

from __future__ import annotations

from accounts.domain import clear_lapsed, discard_unconfirmed
from privacycenter.jobs import periodic
from privacycenter.kernel.actor import Actor


def discard() -> None:
    """Remove registrations that were never confirmed. Bears being lost or doubled."""
    discard_unconfirmed(limit=500, actor=Actor.system("accounts"))


def clear() -> None:
    """Remove what has lapsed. Bears being lost or doubled."""
    clear_lapsed(actor=Actor.system("accounts"))


periodic.register("accounts.discard_unconfirmed", 3600, discard)
periodic.register("accounts.clear_lapsed", 3600, clear)
