"""Lists that staff upload: sealed at once, worked on in the background, fetched, shredded after a day."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import SealedReader, encrypt_stream, sealed_size
from privacycenter.preferences.enums import ListState, ListTask
from privacycenter.preferences.errors import UnfitList
from privacycenter.preferences.models import AddressList
from privacycenter.preferences.scrub.work import Scrub, Summary, Task
from privacycenter.subjects.errors import StaffOnly

WORK = "preferences.check_list"
KEEP = timedelta(days=1)
MAX_BYTES = 1024**3
_TELL_SECONDS = 1.0


def upload_list(address_list: AddressList, *, chunks: Iterable[bytes], actor: Actor) -> AddressList:
    """Seal an uploaded list and queue the work on it. `address_list` is unsaved and says what is asked. Raises StaffOnly.

    The file is sealed before the row is there: what a crash leaves behind nobody has a key to.
    """
    if not actor.is_staff:
        raise StaffOnly
    key = secrets.token_bytes(32)
    address_list.reference = "l-" + secrets.token_hex(6)
    counted = _Counted(chunks)
    storage().put_stream(address_list.input_name, encrypt_stream(counted, key=key, context=_context(address_list, "input")))
    address_list.key = key.hex()
    address_list.size = counted.size
    address_list.sealed_size = sealed_size(counted.size)
    address_list.uploaded_by = actor.ref
    address_list.uploaded_at = clock.now()
    with transaction.atomic():
        address_list.save(force_insert=True)
        record("preferences.list_uploaded", actor=actor, **_parameters(address_list))
        enqueue(WORK, key=address_list.reference, payload={"list": address_list.pk})
    return address_list


def open_result(address_list: AddressList, *, actor: Actor) -> Iterator[bytes]:
    """The answer as a stream, noted on the trail first. Raises UnfitList where there is none (any more), StaffOnly."""
    if not actor.is_staff:
        raise StaffOnly
    if address_list.state != ListState.DONE or is_over(address_list):
        raise UnfitList
    record("preferences.list_fetched", actor=actor, **_parameters(address_list))
    return _reader(address_list, address_list.result_name, address_list.result_sealed_size, "result").iter()


def is_over(address_list: AddressList) -> bool:
    """Whether a list is to be shredded, or was."""
    return address_list.uploaded_at + KEEP <= clock.now()


def check_list(claims: list[Claim]) -> None:
    """Handler of `preferences.check_list`: read, ask, write. A run that dies is done again under a name of its own."""
    [claim] = claims
    address_list = AddressList.objects.select_related("topic").filter(pk=claim.payload["list"]).first()
    if address_list is None or address_list.state not in {ListState.WAITING, ListState.RUNNING} or is_over(address_list):
        return
    AddressList.objects.filter(pk=address_list.pk).update(state=ListState.RUNNING, bytes_done=0)
    counted = _Counted(_reader(address_list, address_list.input_name, address_list.sealed_size, "input").iter())
    scrub = Scrub(counted, _task_of(address_list))
    name = f"lists/{address_list.reference}/{secrets.token_hex(8)}"
    answer = _Counted(_with_progress(scrub, counted, address_list, claim))
    try:
        key = bytes.fromhex(address_list.key)
        storage().put_stream(name, encrypt_stream(answer, key=key, context=_context(address_list, "result")))
    except UnfitList as error:
        _end(address_list, claim, scrub.summary, state=ListState.FAILED, problem=error.code)
        return
    _end(
        address_list,
        claim,
        scrub.summary,
        state=ListState.DONE,
        result_name=name,
        result_sealed_size=sealed_size(answer.size),
        bytes_done=address_list.size,
    )


def note_failure(job: Job) -> None:
    """The work on a list failed for good."""
    AddressList.objects.filter(pk=job.payload["list"]).update(state=ListState.FAILED, problem="error", ended_at=clock.now())


def shred_lists() -> int:
    """Delete files and keys of lists that are a day old. Answers how many."""
    over = AddressList.objects.filter(uploaded_at__lte=clock.now() - KEEP).exclude(state=ListState.SHREDDED)
    count = 0
    for address_list in over.defer("remarks", "counts")[:500]:
        storage().delete_folder(f"lists/{address_list.reference}")
        count += AddressList.objects.filter(pk=address_list.pk).update(state=ListState.SHREDDED, key="", result_name="")
    return count


class _Counted:
    """A stream that knows how many bytes have passed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.size += len(chunk)
            yield chunk


def _with_progress(scrub: Scrub, read: _Counted, address_list: AddressList, claim: Claim) -> Iterator[bytes]:
    told_at = time.monotonic()
    for piece in scrub:
        yield piece
        if (now := time.monotonic()) - told_at >= _TELL_SECONDS:
            told_at = now
            claim.heartbeat(progress=scrub.summary.rows)
            AddressList.objects.filter(pk=address_list.pk).update(
                bytes_done=read.size, rows=scrub.summary.rows, allowed=scrub.summary.allowed
            )


@transaction.atomic
def _end(address_list: AddressList, claim: Claim, summary: Summary, **changes: Any) -> None:
    claim.finish()
    AddressList.objects.filter(pk=address_list.pk).update(
        ended_at=clock.now(),
        rows=summary.rows,
        allowed=summary.allowed,
        counts={rule: count for rule, count in summary.counts.items() if count},
        remarks=[list(each) for each in summary.remarks],
        remarks_total=summary.remarks_total,
        **changes,
    )


def _task_of(address_list: AddressList) -> Task:
    return Task(
        address_list.topic,
        address_list.channel,
        address_list.column,
        with_links=address_list.task == ListTask.LINKS,
        campaign=address_list.campaign,
        tells_why=False,  # who works with lists sees nobody's file
    )


def _reader(address_list: AddressList, name: str, size: int, part: str) -> SealedReader:
    store = storage()
    key = bytes.fromhex(address_list.key)
    return SealedReader(lambda start, length: store.read_range(name, start, length), size, key, _context(address_list, part))


def _context(address_list: AddressList, part: str) -> str:
    return f"list:{address_list.reference}:{part}"


def _parameters(address_list: AddressList) -> dict[str, str]:
    return {"list": address_list.reference, "task": address_list.task, "topic": address_list.topic_id}
