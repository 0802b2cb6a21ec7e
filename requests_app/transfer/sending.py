"""The job that carries a copy to its receiver. It may die at any byte: what the receiver has is asked of the receiver."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.db import transaction

from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.jobs.errors import Permanent, Retryable
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.streams import SealedReader
from requests_app.domain.stops import on_lift
from requests_app.fulfilment.reading import open_bundle
from requests_app.models import Transfer
from requests_app.transfer.ending import end_transfer
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.leave import GONE, TOO_LONG, is_halted, record_disclosure, why_not
from requests_app.transfer.receivers import WITHDRAWN
from requests_app.transfer.wire import Line, UploadLost

log = structlog.get_logger("privacycenter.requests")

SEND = "requests.send_copy"
ACTOR = Actor.system("requests")
PIECE = 4 * 1024 * 1024  # all of a copy that is in memory, and all that a cut costs
RUN_SECONDS = 60.0  # then other work has its turn
AGAIN_SECONDS = 10
UPLOADS = 5  # a receiver that loses one upload after the other gets no further one


class _Ended(Exception):
    """Somebody ended the transfer while it ran."""


class _Halted(Exception):
    """An emergency stop lies on what would go. Nothing ends by that."""


class _NoMore(Exception):
    """Nothing more may go there; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def order_sending(transfer: Transfer) -> None:
    """Ring for the worker that sends, goes on, or gives up what was begun. In the caller's transaction."""
    enqueue(SEND, key=str(transfer.pk), payload={"transfer": transfer.pk})


def send_copy(claim: Claim) -> None:
    """Carry a transfer on from wherever it stands, for a minute or until it ends."""
    transfer = (
        Transfer.objects.select_related("receiver", "bundle__request__subject", "request__subject")
        .filter(pk=claim.payload["transfer"])
        .first()
    )
    if transfer is None:
        return
    if transfer.state != TransferState.SENDING:
        _give_up_upload(claim, transfer)
    else:
        _carry_on(claim, transfer)


def give_up_sending(job: Job) -> None:
    """The job is exhausted: the person gets to know, and may try once more."""
    transfer = Transfer.objects.select_related("receiver", "request__subject").filter(pk=job.payload["transfer"]).first()
    if transfer is not None and not end_transfer(transfer, TransferState.FAILED, code=job.last_error or "worker_lost", actor=ACTOR):
        Transfer.objects.filter(pk=transfer.pk).update(upload_url=None)


def resume_transfers() -> None:
    """Let what an emergency stop halted go on."""
    for transfer in Transfer.objects.filter(state=TransferState.SENDING):
        order_sending(transfer)


def _carry_on(claim: Claim, transfer: Transfer) -> None:
    began_with = transfer.sent
    try:
        _upload(claim, transfer)
    except _Ended:
        return  # whoever ended it has ordered what is left to do
    except _Halted:
        claim.finish()  # whoever lifts the stop orders it again
    except _NoMore as reason:
        _stop(claim, transfer, reason.code)
    except UploadLost:
        _begin_anew(claim, transfer)
    except Permanent as error:
        log.info("transfer_refused", transfer=transfer.pk, code=error.code)
        with transaction.atomic():
            claim.finish()
            end_transfer(transfer, TransferState.FAILED, code=error.code, actor=ACTOR)
    except Retryable as error:
        if transfer.sent <= began_with:
            raise
        # It got further, so the errors of before don't count against it.
        _go_on_later(claim, transfer, seconds=error.after_seconds or AGAIN_SECONDS)


def _upload(claim: Claim, transfer: Transfer) -> None:
    ends_at = time.monotonic() + RUN_SECONDS
    _check(transfer)
    reader = _open(transfer)
    with Line(transfer.receiver.url) as line:
        if not transfer.upload_url:
            _create(claim, transfer, line)
        upload = transfer.upload_url or ""
        offset, receipt = line.offset(upload, size=transfer.size)
        while offset < transfer.size:
            _note_progress(claim, transfer, offset)
            _check(transfer)
            piece = _read(transfer, reader, offset)
            if not record_disclosure(transfer, actor=ACTOR):
                raise _Ended
            offset, receipt = line.append(upload, offset, piece)
            if offset < transfer.size and time.monotonic() >= ends_at:
                _note_progress(claim, transfer, offset)
                _go_on_later(claim, transfer, seconds=0)
                return
    _finish(claim, transfer, receipt)


def _check(transfer: Transfer) -> None:
    if is_halted(transfer):
        raise _Halted
    code = why_not(transfer)
    if code:
        raise _NoMore(code)


def _open(transfer: Transfer) -> SealedReader:
    assert transfer.bundle is not None, "why_not has seen it"
    try:
        reader = open_bundle(transfer.bundle)
    except (FileNotFoundError, DecryptionFailed) as error:
        raise Permanent("copy_unreadable") from error
    if reader.size != transfer.size:
        raise _NoMore(GONE)
    return reader


def _read(transfer: Transfer, reader: SealedReader, offset: int) -> bytes:
    try:
        return reader.read(offset, PIECE)
    except (FileNotFoundError, DecryptionFailed) as error:
        raise _NoMore(why_not(transfer) or GONE) from error


def _create(claim: Claim, transfer: Transfer, line: Line) -> None:
    """Open the upload at the receiver and write down where it lies.

    A worker that dies in between asks with the same key again, so that a careful receiver answers with the upload it opened before.
    """
    metadata = {"filename": "privacy-bundle.zip", "filetype": "application/zip", "sha256": transfer.sha256}
    upload = line.create(size=transfer.size, metadata=metadata, key=f"{transfer.public_id}-{transfer.uploads}")
    transfer.upload_url = upload
    with transaction.atomic():
        claim.hold()
        is_wanted = Transfer.objects.filter(pk=transfer.pk, state=TransferState.SENDING).update(upload_url=upload)
        if not is_wanted:
            Transfer.objects.filter(pk=transfer.pk, state=TransferState.CANCELLED).update(upload_url=upload)
            order_sending(transfer)
    if not is_wanted:
        raise _Ended


def _note_progress(claim: Claim, transfer: Transfer, offset: int) -> None:
    with transaction.atomic():
        claim.hold()
        if Transfer.objects.filter(pk=transfer.pk, state=TransferState.SENDING).update(sent=offset) != 1:
            raise _Ended
    transfer.sent = offset


def _finish(claim: Claim, transfer: Transfer, receipt: str) -> None:
    with transaction.atomic():
        claim.finish()
        end_transfer(transfer, TransferState.DONE, sent=transfer.size, receipt=receipt or None, actor=ACTOR)


def _stop(claim: Claim, transfer: Transfer, code: str) -> None:
    """End what may not go on, and have the receiver throw away what it got, unless it is one we don't talk to any more."""
    state = TransferState.FAILED if code == TOO_LONG else TransferState.STOPPED
    with transaction.atomic():
        is_ours = end_transfer(transfer, state, code=code, keeps_upload=code not in {WITHDRAWN, TOO_LONG}, actor=ACTOR)
        if is_ours and transfer.upload_url:
            order_sending(transfer)
        claim.finish()


def _begin_anew(claim: Claim, transfer: Transfer) -> None:
    with transaction.atomic():
        if transfer.uploads + 1 >= UPLOADS:
            claim.finish()
            end_transfer(transfer, TransferState.FAILED, code="upload_lost", actor=ACTOR)
            return
        again = Transfer.objects.filter(pk=transfer.pk, state=TransferState.SENDING)
        again.update(upload_url=None, sent=0, uploads=transfer.uploads + 1)
        _order_later(transfer, seconds=AGAIN_SECONDS)
        claim.finish()


def _go_on_later(claim: Claim, transfer: Transfer, *, seconds: float) -> None:
    with transaction.atomic():
        _order_later(transfer, seconds=seconds)
        claim.finish()


def _order_later(transfer: Transfer, *, seconds: float) -> None:
    enqueue(SEND, key=str(transfer.pk), payload={"transfer": transfer.pk}, run_at=clock.now() + timedelta(seconds=seconds))


def _give_up_upload(claim: Claim, transfer: Transfer) -> None:
    """Have what was begun thrown away at a receiver we still trust. Nobody waits for it: the transfer has ended."""
    if not transfer.upload_url:
        return
    if transfer.receiver.state == ReceiverState.APPROVED:
        try:
            with Line(transfer.receiver.url) as line:
                line.give_up(transfer.upload_url)
        except Permanent as error:
            log.info("upload_not_given_up", transfer=transfer.pk, code=error.code)
    with transaction.atomic():
        claim.finish()
        Transfer.objects.filter(pk=transfer.pk).update(upload_url=None)


on_lift(resume_transfers)
