"""Whether the database may be shown to anybody: not while it holds people whom the ledger knows as erased.

Asked at each request and by every worker, answered from memory for a few seconds.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from privacycenter.kernel.problems import API_PREFIX, MEDIA_TYPE, problem
from requests_app.enums import Kind, LedgerEvent, Status
from requests_app.erasure.ledger import GENESIS, BrokenChain, Entry, links, unseen
from requests_app.erasure.stores import LedgerStore, ledger_store
from requests_app.models import LedgerEntry, Request

log = structlog.get_logger("privacycenter.requests")

CHECK_SECONDS = 5.0
RETRY_AFTER_SECONDS = 300
MANY_RUNNING = 1_000  # more than could run at once
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics", "/.well-known/security.txt"})


class Standing(StrEnum):
    """How database and ledger fit."""

    FIT = "fit"
    REPLAY = "replay_needed"  # the database is from before erasures that the ledger knows
    MISSING = "ledger_missing"  # the database knows entries, and there is no ledger
    BEHIND = "ledger_behind"  # the ledger is an older copy
    BROKEN = "ledger_broken"  # changed, or not the ledger of this database
    UNREACHABLE = "ledger_unreachable"


@dataclass
class _Read:
    """How far this process has read and checked the ledger, so that a look costs only what is new."""

    address: str = ""
    mark: Hashable = None
    sequence: int = 0
    hash: str | None = GENESIS


@dataclass
class _Answer:
    standing: Standing | None = None
    good_until: float = float("-inf")


_lock, _reading = threading.Lock(), threading.Lock()
_read, _answer = _Read(), _Answer()


class ServingMiddleware:
    """Answers 503 while erased people would be seen again. Pages for machines and static files go on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in OPEN_PATHS or may_serve():
            return self.get_response(request)
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store"}
        if request.path.startswith(API_PREFIX):
            body = problem(503, code="being_restored", detail=_("Nothing was read or changed. Try again later."))
            return HttpResponse(json.dumps(body), content_type=MEDIA_TYPE, status=503, headers=headers)
        return HttpResponse(render_to_string("requests_app/being_restored.html"), status=503, headers=headers)


def may_serve() -> bool:
    """Whether people may be served and jobs worked. Looks afresh every few seconds; others go by the last answer meanwhile.

    A ledger that can't be reached for a while changes nothing: nobody can be erased without it.
    """
    if time.monotonic() < _answer.good_until:
        return _answer.standing is Standing.FIT
    if not _lock.acquire(blocking=_answer.standing is None):
        return _answer.standing is Standing.FIT
    try:
        if time.monotonic() >= _answer.good_until:
            found = standing()
            if found is not _answer.standing and found is not Standing.FIT:
                log.error("not_serving", standing=found)
            if found is Standing.UNREACHABLE and _answer.standing is not None:
                found = _answer.standing
            remember(found)
    except DatabaseError:
        return True  # not there, or not migrated: whoever needs it says so
    finally:
        _lock.release()
    return _answer.standing is Standing.FIT


def remember(found: Standing, *, seconds: float | None = None) -> None:
    """Answer this for so long, or for CHECK_SECONDS."""
    _answer.standing = found
    _answer.good_until = time.monotonic() + (CHECK_SECONDS if seconds is None else seconds)


def forget() -> None:
    """Look afresh at the next request."""
    _answer.standing, _answer.good_until = None, float("-inf")
    _read.address = ""


def is_held() -> bool:
    """Whether jobs have to wait."""
    return not may_serve()


def standing() -> Standing:
    """Look at ledger and database now. Raises DatabaseError."""
    try:
        return _standing(ledger_store())
    except BrokenChain as error:
        log.error("erasure_ledger_broken", entry=error.sequence)
        return Standing.BROKEN
    except DatabaseError:
        raise
    except Exception as error:  # a storage has errors of its own, and each means: not reachable
        log.error("erasure_ledger_unreachable", error=type(error).__name__)
        return Standing.UNREACHABLE


def _standing(store: LedgerStore) -> Standing:
    known = LedgerEntry.objects.aggregate(head=Max("sequence"), count=Count("pk"))
    head, count, size = known["head"] or 0, known["count"], store.size()
    if size < head:
        return Standing.BEHIND if size else Standing.MISSING
    with _reading:
        _check_chain(store, size, head)
    if head and _hash_at(store, head) != LedgerEntry.objects.values_list("hash", flat=True).get(sequence=head):
        raise BrokenChain(head)
    if size == count:
        return Standing.FIT
    if size - count > MANY_RUNNING:
        return Standing.REPLAY
    return Standing.FIT if _are_running(list(unseen(store, size))) else Standing.REPLAY


def _check_chain(store: LedgerStore, size: int, head: int) -> None:
    """Check what this process has not read yet: everything at first, where that is cheap, and only what was added later on."""
    mark, address = store.mark(), settings.ERASURE_LEDGER
    if address != _read.address or size < _read.sequence or (size == _read.sequence and mark != _read.mark):
        _read.address, _read.sequence, _read.hash = address, 0, GENESIS
        if not store.reads_all_cheaply and head > 1:
            _read.sequence, _read.hash = head - 1, None
    try:
        _read_new(store, size)
    except BrokenChain:
        if _read.sequence == 0:
            raise
        _read.sequence, _read.hash = 0, GENESIS  # another ledger was put in its place: judge that one
        _read_new(store, size)
    _read.mark = mark


def _hash_at(store: LedgerStore, sequence: int) -> str | None:
    return _read.hash if _read.sequence == sequence else next(links(store, first=sequence, previous=None)).hash


def _read_new(store: LedgerStore, size: int) -> None:
    if size > _read.sequence:
        for link in links(store, first=_read.sequence + 1, previous=_read.hash):
            _read.sequence, _read.hash = link.sequence, link.hash
    if _read.sequence < size:
        raise BrokenChain(_read.sequence + 1)


def _are_running(unknown: list[Entry]) -> bool:
    """Whether these entries are all of erasures that go on by themselves, or that lie begun before staff because a part failed.

    The latter may be noted as begun and no further: where the ledger knows their end, the database is from before it.
    """
    known = set(LedgerEntry.objects.filter(sequence__in=[entry.sequence for entry in unknown]).values_list("sequence", flat=True))
    new = [entry for entry in unknown if entry.sequence not in known]
    refs = {entry.reference for entry in new}
    ended = {entry.reference for entry in new if entry.event == LedgerEvent.FINISHED}
    failed = Q(erasure_plans__superseded_at=None, erasure_plans__begun_at__isnull=False, erasure_plans__finished_at=None)
    running = Q(status=Status.ERASING) | (Q(status=Status.ATTENTION, kind=Kind.ERASURE) & failed & ~Q(ref__in=ended))
    return Request.objects.filter(running, ref__in=refs).distinct().count() == len(refs)
