"""What the person does: choose a receiver, confirm what goes, stop it (GDPR Art. 20(2))."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.behalf.standing import require_standing
from requests_app.domain.mails import tell_person
from requests_app.domain.people import require_role
from requests_app.enums import Behalf, Kind
from requests_app.errors import BundleGone, BundleLocked
from requests_app.models import Bundle, Receiver, Request, Transfer
from requests_app.queries import lock_of, released_bundle
from requests_app.transfer.ending import end_transfer, note, subject_of
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.errors import (
    CannotTransfer,
    ContentChanged,
    NameMissing,
    NotApproved,
    NotAReceiver,
    NothingToStop,
    ReceiverTurnedDown,
    UnderWay,
    UseRestricted,
)
from requests_app.transfer.leave import may_be_used
from requests_app.transfer.receivers import propose_receiver
from requests_app.transfer.sending import order_sending
from requests_app.transitions import Role

NEW = "new"  # among the choices of a request: its words name the receiver


def may_choose(request: Request) -> bool:
    """Whether a receiver can be chosen for the copy of this request: it is on its way, or there to be fetched.

    Only for oneself: where one's data goes for good is for the person to say, not for whoever asks in their place.
    """
    if request.kind != Kind.PORTABILITY or request.behalf != Behalf.SELF:
        return False
    return bool(request.is_open or released_bundle(request) is not None)


def live_transfer(request: Request) -> Transfer | None:
    """The transfer that is chosen or under way."""
    return Transfer.objects.select_related("receiver", "request__subject").filter(request=request, state__in=TransferState.LIVE).first()


def choose_receiver(request: Request, *, receiver: Receiver, actor: Actor) -> Transfer:
    """Choose an approved receiver, in place of the one that was chosen before. Nothing is sent by that.

    Raises NotAllowed, CannotTransfer, NotApproved, UnderWay.
    """
    require_role(request, Role.PERSON, actor=actor)
    if receiver.state != ReceiverState.APPROVED:
        raise NotApproved
    return note_choice(request, receiver, actor=actor)


def name_receiver(request: Request, *, name: str, url: str, actor: Actor) -> Transfer:
    """Choose a receiver by its name and address; one that staff have not approved waits for that.

    Raises NotAllowed, CannotTransfer, NotAReceiver, NameMissing, ReceiverTurnedDown, UnderWay.
    """
    require_role(request, Role.PERSON, actor=actor)
    with transaction.atomic():
        return note_choice(request, propose_receiver(name=name, url=url, actor=actor), actor=actor)


def note_choice(request: Request, receiver: Receiver, *, actor: Actor) -> Transfer:
    """Write down who is to take the copy over. Raises CannotTransfer, UnderWay."""
    if not may_choose(request):
        raise CannotTransfer
    try:
        with transaction.atomic():
            before = live_transfer(request)
            if before is not None and before.state != TransferState.NAMED:
                raise UnderWay
            if before is not None and before.receiver_id == receiver.pk:
                return before
            if before is not None:
                _remove(before)
            transfer = Transfer.objects.create(request=request, receiver=receiver, named_at=clock.now())
            record("requests.transfer_named", actor=actor, subject=subject_of(request), ticket=request.ref, receiver=receiver.public_id)
    except IntegrityError as error:
        raise UnderWay from error  # another window of theirs was faster
    return transfer


def drop_choice(request: Request, *, actor: Actor) -> None:
    """Take the choice of a receiver back, where nothing is being sent. Raises NotAllowed, UnderWay."""
    require_role(request, Role.PERSON, actor=actor)
    with transaction.atomic():
        transfer = live_transfer(request)
        if transfer is None:
            return
        if transfer.state != TransferState.NAMED:
            raise UnderWay
        record(
            "requests.transfer_dropped",
            actor=actor,
            subject=subject_of(request),
            ticket=request.ref,
            receiver=transfer.receiver.public_id,
        )
        _remove(transfer)


def seal_of(transfer: Transfer, bundle: Bundle) -> str:
    """What stands for the content of the page on which the person confirms: this receiver at this address, and these bytes."""
    parts = (transfer.public_id, transfer.receiver.public_id, transfer.receiver.url, transfer.receiver.name, bundle.sha256)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def confirm_transfer(request: Request, *, seal: str, actor: Actor) -> Transfer:
    """Send the released copy to the chosen receiver; the caller has seen to a fresh log-in or a fresh code.

    `seal` is that of the page that the person saw. Here the gate is asked for the first time; before each piece it is asked again.
    Raises NotAllowed, BundleGone, BundleLocked, ProofNoLongerStands, CannotTransfer without a choice, NotApproved, UseRestricted,
    ContentChanged, UnderWay.
    """
    require_role(request, Role.PERSON, actor=actor)
    bundle, transfer = released_bundle(request), live_transfer(request)
    if bundle is None:
        raise BundleGone
    if transfer is None or not may_choose(request):
        raise CannotTransfer
    if transfer.state != TransferState.NAMED:
        raise UnderWay
    if lock_of(request) is not None:
        raise BundleLocked
    require_standing(request)
    if transfer.receiver.state != ReceiverState.APPROVED:
        raise NotApproved
    if not may_be_used(bundle):
        raise UseRestricted
    if seal != seal_of(transfer, bundle):
        raise ContentChanged
    values = {"state": TransferState.SENDING, "bundle": bundle, "size": bundle.size, "sha256": bundle.sha256, "confirmed_at": clock.now()}
    with transaction.atomic():
        chosen = Transfer.objects.filter(pk=transfer.pk, state=TransferState.NAMED, receiver=transfer.receiver)
        if chosen.update(**values) != 1:
            raise UnderWay
        note(transfer, "transfer_confirmed", actor=actor, receiver=transfer.receiver.public_id, bytes=bundle.size)
        tell_person(request, "requests.transfer_confirmed", actor=actor)
        order_sending(transfer)
    transfer.refresh_from_db()
    return transfer


def cancel_transfer(request: Request, *, actor: Actor) -> None:
    """Stop what is being sent: nothing leaves after the piece that is on its way, and the receiver is asked to throw away what it has.

    Raises NotAllowed, NothingToStop.
    """
    require_role(request, Role.PERSON, actor=actor)
    transfer = live_transfer(request)
    if transfer is None or transfer.state != TransferState.SENDING:
        raise NothingToStop
    _cancel(transfer, actor=actor)


def take_choice(request: Request, *, actor: Actor) -> None:
    """Write down the receiver that was named when the request was filed. One that can't be had costs the choice, not the request."""
    chosen = request.choices.get("receiver", "")
    with suppress(NotAReceiver, NameMissing, ReceiverTurnedDown, CannotTransfer, UnderWay):
        if chosen == NEW:
            name, _line, url = (request.words or "").partition("\n")
            with transaction.atomic():
                note_choice(request, propose_receiver(name=name, url=url, actor=actor), actor=actor)
        elif chosen:
            receiver = Receiver.objects.filter(public_id=chosen, state=ReceiverState.APPROVED).first()
            if receiver is not None:
                note_choice(request, receiver, actor=actor)


def end_with_request(request: Request, *, actor: Actor) -> None:
    """The request came to nothing: so does what was chosen or begun for it."""
    transfer = live_transfer(request)
    if transfer is None:
        return
    if transfer.state == TransferState.NAMED:
        _remove(transfer)
    else:
        _cancel(transfer, actor=actor)


def _cancel(transfer: Transfer, *, actor: Actor) -> None:
    with transaction.atomic():
        if not end_transfer(transfer, TransferState.CANCELLED, keeps_upload=True, actor=actor):
            raise NothingToStop
        order_sending(transfer)


def _remove(transfer: Transfer) -> None:
    """A choice that came to nothing leaves no row, and neither does a proposal that nobody else made."""
    if not Transfer.objects.filter(pk=transfer.pk, state=TransferState.NAMED).delete()[0]:
        raise UnderWay
    proposed = Receiver.objects.filter(pk=transfer.receiver_id, state=ReceiverState.PROPOSED, decided_at=None)
    with suppress(ProtectedError, IntegrityError), transaction.atomic():
        proposed.filter(transfers=None).delete()
