"""How a transfer ends, whoever ends it: once, with timeline, audit trail and a mail to the person."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.domain.mails import tell_person
from requests_app.models import Request, TimelineEvent, Transfer
from requests_app.transfer.enums import TransferState

# What its person is mailed: nothing about what they did themselves a moment ago.
_MAILS = {
    TransferState.DONE: "requests.transfer_done",
    TransferState.FAILED: "requests.transfer_ended",
    TransferState.STOPPED: "requests.transfer_ended",
    TransferState.TURNED_DOWN: "requests.receiver_turned_down",
}


def end_transfer(
    transfer: Transfer, state: TransferState, *, code: str = "", keeps_upload: bool = False, actor: Actor, **columns: Any
) -> bool:
    """End a live transfer, in the caller's transaction if it has one. Answers whether it was this call that ended it.

    `keeps_upload`: where the upload lies is needed still, to have it thrown away at the receiver.
    """
    now = clock.now()
    values = {**columns, "state": state, "error_code": code, "ended_at": now}
    if not keeps_upload:
        values["upload_url"] = None
    with transaction.atomic():
        if Transfer.objects.filter(pk=transfer.pk, state__in=TransferState.LIVE).update(**values) != 1:
            return False
        for name, value in values.items():
            setattr(transfer, name, value)
        why = {} if state == TransferState.DONE else {"code": code}
        note(transfer, f"transfer_{state}", actor=actor, receiver=transfer.receiver.public_id, bytes=transfer.sent, **why)
        if state in _MAILS:
            tell_person(transfer.request, _MAILS[state], actor=actor)
    return True


def note(transfer: Transfer, event: str, *, actor: Actor, **parameters: Any) -> None:
    """Write what happened on the timeline of the request and on the trail, without a word about the person or where it went."""
    request = transfer.request
    TimelineEvent.objects.create(
        request=request, at=clock.now(), event=event, status=request.status, actor_kind=actor.kind, actor_ref=actor.ref
    )
    record(f"requests.{event}", actor=actor, subject=subject_of(request), ticket=request.ref, **parameters)


def subject_of(request: Request) -> str:
    """How the trail names the person of a request."""
    return str(request.subject.public_id) if request.subject else ""
