"""Whether data may go to a receiver now, asked before each piece; and the record that it began to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences import gate
from requests_app.behalf.standing import obstacle_of
from requests_app.domain.stops import is_stopped, stopped_sources
from requests_app.enums import StepStatus
from requests_app.models import Bundle, EmergencyStop, Step, Transfer
from requests_app.queries import lock_of
from requests_app.transfer.ending import subject_of
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.receivers import WITHDRAWN

PURPOSE = "account_and_service"  # doing what the person asks for: only a restriction stops it
HOURS = 72  # after that a receiver that is slow or away has had its time
LOCKED, UNPROVEN, GONE, RESTRICTED, TOO_LONG = "account_locked", "proof_open", "copy_gone", "use_restricted", "took_too_long"


def why_not(transfer: Transfer) -> str:
    """Why nothing more may go to the receiver, as a code; empty where it may. Reads everything anew."""
    now = clock.now()
    current = Transfer.objects.select_related("receiver", "bundle", "request__subject").get(pk=transfer.pk)
    if current.receiver.state != ReceiverState.APPROVED:
        return WITHDRAWN
    if lock_of(current.request) is not None:
        return LOCKED
    if obstacle_of(current.request):
        return UNPROVEN
    bundle = current.bundle
    if bundle is None or bundle.shredded_at is not None or bundle.expires_at is None or bundle.expires_at <= now:
        return GONE
    if not may_be_used(bundle):
        return RESTRICTED
    begun, may_take = current.confirmed_at or now, timedelta(hours=HOURS)
    return TOO_LONG if now - begun > may_take and now - begun - _halted(current, begun, now) > may_take else ""


def may_be_used(bundle: Bundle) -> bool:
    """What the gate says of every part that is in a bundle, one with another."""
    subject = bundle.request.subject
    if subject is None:
        return False
    questions = [gate.Question(subject, PURPOSE, source=key) for key in _sources(bundle.pk)] or [gate.Question(subject, PURPOSE)]
    return all(decision.allowed for decision in gate.may_all(questions))


def is_halted(transfer: Transfer) -> bool:
    """Whether an emergency stop lies on anything that would go. It halts; lifting it lets the transfer go on."""
    stops = stopped_sources()
    if not stops:
        return False
    return is_stopped(among=stops) or any(is_stopped(key, among=stops) for key in _sources(transfer.bundle_id))


def _halted(transfer: Transfer, begun: datetime, now: datetime) -> timedelta:
    """For how long emergency stops held a transfer back since it was confirmed. Where several lay on it at once, that counts once."""
    stops = EmergencyStop.objects.filter(source_key__in=["", *_sources(transfer.bundle_id)]).exclude(lifted_at__lte=begun)
    held, counted_to = timedelta(), begun
    for stopped_at, lifted_at in stops.order_by("stopped_at").values_list("stopped_at", "lifted_at"):
        until = lifted_at or now
        if until > counted_to:
            held += until - max(stopped_at, counted_to)
            counted_to = until
    return held


def _sources(bundle_id: int | None) -> list[str]:
    """The keys of the sources of which something is in a bundle."""
    return list(Step.objects.filter(bundle=bundle_id, status=StepStatus.FOUND).values_list("source_key", flat=True))


def record_disclosure(transfer: Transfer, *, actor: Actor) -> bool:
    """Note, before the first byte leaves, that this person's data goes to another controller. Once; if that fails, nothing leaves.

    Answers whether the transfer is still under way and its disclosure on record; otherwise nothing may leave.
    """
    with transaction.atomic():
        first = Transfer.objects.filter(pk=transfer.pk, begun_at=None, state=TransferState.SENDING)
        if not first.update(begun_at=clock.now()):
            return Transfer.objects.filter(pk=transfer.pk, begun_at__isnull=False, state=TransferState.SENDING).exists()
        record(
            "requests.transfer_begun",
            actor=actor,
            subject=subject_of(transfer.request),
            ticket=transfer.request.ref,
            receiver=transfer.receiver.public_id,
            bytes=transfer.size,
        )
    return True
