"""When the last backup that holds an erased person is gone, and the evidence of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs.claims import Claim
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.enums import Kind, LedgerEvent
from requests_app.models import LedgerEntry, Request, TimelineEvent

ACTOR = Actor.system("requests")
EVENT = "gone_from_backups"
BATCH = 200


@dataclass(frozen=True)
class InBackups:
    """How an erasure stands in the backups: the newest entry of the ledger about it. Days count from the end of the erasure."""

    entry: LedgerEntry

    @property
    def is_finished(self) -> bool:
        return self.entry.event == LedgerEvent.FINISHED

    @property
    def is_gone(self) -> bool:
        return self.is_finished and self.entry.gone_by <= clock.now()


def in_backups(request: Request) -> InBackups | None:
    """What is known of the backups of an erasure; None before it has begun."""
    if request.kind != Kind.ERASURE:
        return None
    entry = LedgerEntry.objects.filter(request=request).defer("line").order_by("-sequence").first()
    return InBackups(entry) if entry else None


def note_backup_expiry(claim: Claim) -> None:
    """Note for each erasure whose backups have expired that it is so: in the history of its request, for the desk, and in the trail."""
    over = LedgerEntry.objects.filter(event=LedgerEvent.FINISHED, gone_noted_at=None, gone_by__lte=clock.now())
    while batch := list(over.select_related("request").order_by("sequence")[:BATCH]):
        for entry in batch:
            _note(entry)
        claim.heartbeat()


def _note(entry: LedgerEntry) -> None:
    now = clock.now()
    with transaction.atomic():
        if not LedgerEntry.objects.filter(pk=entry.pk, gone_noted_at=None).update(gone_noted_at=now):
            return  # another run was faster
        if entry.request is not None:
            TimelineEvent.objects.create(
                request=entry.request,
                at=now,
                event=EVENT,
                status=entry.request.status,
                actor_kind=ACTOR.kind,
                actor_ref=ACTOR.ref,
                details={"entry": entry.sequence},
                is_internal=True,
            )
        record("requests.gone_from_backups", actor=ACTOR, ticket=entry.reference, entry=entry.sequence)
