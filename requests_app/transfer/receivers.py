"""Receivers and their approval: what staff decide, once for everybody."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.outbound import public_addresses
from privacycenter.kernel.text import storable
from requests_app.domain.mails import tell_person
from requests_app.domain.people import require_permission
from requests_app.errors import KnownAlready, ReasonMissing
from requests_app.models import Receiver, Transfer
from requests_app.transfer.addresses import tidy_address
from requests_app.transfer.ending import end_transfer
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.errors import AddedByYou, NameMissing, ReceiverDecided, ReceiverTurnedDown

DECIDE = "requests_app.change_receiver"
WITHDRAWN = "approval_withdrawn"
NAME, REASON = 120, 500


def propose_receiver(*, name: str, url: str, actor: Actor) -> Receiver:
    """The receiver at an address, as a proposal where nobody named it before. In the caller's transaction.

    Raises NotAReceiver, NameMissing, ReceiverTurnedDown with the reason staff gave for it.
    """
    address, words = tidy_address(url), _tidy_name(name)
    found, is_new = Receiver.objects.get_or_create(url=address, defaults={"name": words, "proposed_at": clock.now()})
    if is_new:
        record("requests.receiver_proposed", actor=actor, receiver=found.public_id)
    if found.state not in {ReceiverState.PROPOSED, ReceiverState.APPROVED}:
        raise ReceiverTurnedDown(found.reason)
    return found


def add_receiver(*, name: str, url: str, actor: Actor) -> Receiver:
    """Add a receiver that staff know, as a proposal; approving it is a step of its own.

    Raises NotAllowed, NotAReceiver, NameMissing, KnownAlready.
    """
    require_permission(actor, DECIDE)
    address, words = tidy_address(url), _tidy_name(name)
    try:
        with transaction.atomic():
            receiver = Receiver.objects.create(name=words, url=address, proposed_at=clock.now(), added_by_id=int(actor.ref))
            record("requests.receiver_proposed", actor=actor, receiver=receiver.public_id)
    except IntegrityError as error:
        raise KnownAlready from error
    return receiver


def approve_receiver(receiver: Receiver, *, name: str, seen: str, actor: Actor) -> None:
    """Let everybody choose a receiver, under the name that staff give it, and tell those who wait for it.

    `seen` is the state in which they saw it: what a colleague decided since stands. Whoever added it leaves this to somebody else,
    where there is one. Its host is looked up first, outside the transaction: a mistyped or a private one is found now rather than by
    the first transfer. Raises NotAllowed, AddedByYou, NameMissing, HostNotFound, PrivateAddress, ReceiverDecided.
    """
    require_permission(actor, DECIDE)
    if _needs_another(receiver, actor):
        raise AddedByYou
    words = _tidy_name(name)
    parts = urlsplit(receiver.url)
    public_addresses(parts.hostname or "", parts.port or 443, allow_loopback=settings.TRANSFER_ALLOW_LOOPBACK)
    with transaction.atomic():
        _decide(receiver, ReceiverState.APPROVED, among={seen} - {ReceiverState.APPROVED}, name=words, reason=None, actor=actor)
        for transfer in _live(receiver):
            tell_person(transfer.request, "requests.receiver_approved", actor=actor)


def turn_down_receiver(receiver: Receiver, *, reason: str, actor: Actor) -> None:
    """Refuse a proposed receiver; those who named it are told why. Raises NotAllowed, ReasonMissing, ReceiverDecided."""
    require_permission(actor, DECIDE)
    words = _tidy_reason(reason)
    with transaction.atomic():
        _decide(receiver, ReceiverState.TURNED_DOWN, among={ReceiverState.PROPOSED}, reason=words, actor=actor)
        for transfer in _live(receiver):
            end_transfer(transfer, TransferState.TURNED_DOWN, actor=actor)


def withdraw_approval(receiver: Receiver, *, reason: str, actor: Actor) -> None:
    """Send nothing more to a receiver. What is under way ends before its next piece; what was only chosen is turned down.

    Raises NotAllowed, ReasonMissing, ReceiverDecided.
    """
    require_permission(actor, DECIDE)
    words = _tidy_reason(reason)
    with transaction.atomic():
        _decide(receiver, ReceiverState.WITHDRAWN, among={ReceiverState.APPROVED}, reason=words, actor=actor)
        for transfer in _live(receiver):
            if transfer.state == TransferState.SENDING:
                end_transfer(transfer, TransferState.STOPPED, code=WITHDRAWN, actor=actor)
            else:
                end_transfer(transfer, TransferState.TURNED_DOWN, code=WITHDRAWN, actor=actor)


def _decide(receiver: Receiver, state: ReceiverState, *, among: set[str], actor: Actor, **columns: str | None) -> None:
    values = {**columns, "state": state, "decided_at": clock.now(), "decided_by_id": int(actor.ref)}
    if Receiver.objects.filter(pk=receiver.pk, state__in=among).update(**values) != 1:
        raise ReceiverDecided
    for name, value in values.items():
        setattr(receiver, name, value)
    record(f"requests.receiver_{state}", actor=actor, receiver=receiver.public_id)


def _needs_another(receiver: Receiver, actor: Actor) -> bool:
    """Whether this member of staff added it, and somebody else is there who can look at it."""
    return (
        receiver.added_by_id == int(actor.ref)
        and User.objects.with_perm(DECIDE).filter(is_active=True, is_staff=True).exclude(pk=actor.ref).exists()
    )


def _live(receiver: Receiver) -> list[Transfer]:
    live = Transfer.objects.filter(receiver=receiver, state__in=TransferState.LIVE)
    return list(live.select_related("request__subject", "receiver").order_by("pk"))


def _tidy_name(name: str) -> str:
    words = " ".join(storable(name).split())[:NAME]
    if not words:
        raise NameMissing
    return words


def _tidy_reason(reason: str) -> str:
    words = storable(reason).strip()[:REASON]
    if not words:
        raise ReasonMissing
    return words
