"""What this room does by the clock, and what it does not let a visitor wait for."""

from __future__ import annotations

from django.db import transaction

from accounts.domain import answer_reset, clear_lapsed, discard_unconfirmed
from accounts.models import ResetOrder
from privacycenter.jobs import periodic, registry
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.enums import Priority
from privacycenter.kernel.actor import Actor


def discard() -> None:
    """Remove registrations that were never confirmed. Bears being lost or doubled."""
    discard_unconfirmed(limit=500, actor=Actor.system("accounts"))


def clear() -> None:
    """Remove what has lapsed. Bears being lost or doubled."""
    clear_lapsed(actor=Actor.system("accounts"))


def send_reset(claims: list[Claim]) -> None:
    """Answer orders of reset links."""
    for claim in claims:
        with transaction.atomic():
            order = ResetOrder.objects.filter(pk=claim.payload["order"]).first()
            if order is not None:
                answer_reset(order, actor=Actor.system("accounts"))
            claim.finish()


registry.register("accounts.send_reset", send_reset, priority=Priority.URGENT)
periodic.register("accounts.discard_unconfirmed", 3600, discard)
periodic.register("accounts.clear_lapsed", 3600, clear)
