"""The erasure ledger: who was erased, by keyed hashes, outside the database, so that a restored backup can't bring anybody back.

Entries are chained: each bears the hash of the one before. An entry is on disk before the first destructive statement of its
erasure; that the database knows it is part of the business transactions. So the ledger may be ahead of the database only by
erasures that are running here, or because the database was restored.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.hashing import hasher
from privacycenter.kernel.sources import Treatment
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers, public_ids
from requests_app.enums import LedgerEvent
from requests_app.erasure.stores import LedgerStore, Wait, ledger_store
from requests_app.errors import LedgerUnfit
from requests_app.models import LedgerEntry, Request

GENESIS = "0" * 64
RECENT = 20  # so many at least are compared with the ledger before another is added
_HASH, _PREVIOUS = re.compile(rb'"hash":"([0-9a-f]{64})",'), re.compile(rb'"previous":"([0-9a-f]{64})"')
_SEQUENCE = re.compile(rb'"sequence":([0-9]{1,15})[,}]')
SUBJECT_CONTEXT, IDENTIFIER_CONTEXT = "erasure.subject", "erasure.identifier"


class Plan(Protocol):
    """What the ledger needs of the plan of an erasure: its request with the person, and steps with source_key, treatment and until."""

    @property
    def pk(self) -> Any: ...

    @property
    def request(self) -> Request: ...

    @property
    def steps(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done with one source. `until` is set where its records are kept for a time."""

    source: str
    treatment: Treatment
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, read and checked. Hashes read `key id:digest`; those of identifiers go with their kind."""

    sequence: int
    previous: str
    hash: str
    at: str
    event: LedgerEvent
    erasure: str
    reference: str
    subjects: tuple[str, ...]
    identifiers: tuple[tuple[str, str], ...]
    gone_by: str
    line: str

    @property
    def sources(self) -> list[Kept]:
        """What was done with each source. Read when it is asked for: of many entries, few are."""
        return [Kept(key, Treatment(treatment), until) for key, treatment, until in json.loads(self.line)["sources"]]

    @property
    def key_id(self) -> str:
        """The key of its hashes; empty where it has none."""
        return self.subjects[0].partition(":")[0] if self.subjects else ""


class BrokenChain(Exception):
    """An entry is not what was written, or does not follow the one before. `sequence` is the first bad one."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"entry {sequence} of the erasure ledger was changed, or one before it is missing")
        self.sequence = sequence


@dataclass(slots=True)
class Noted:
    """What is in the ledger of an erasure, and perhaps not known to the database yet."""

    sequence: int
    hash: str
    request: Request
    unknown: Entry | None  # what the database has to be told
    safe: Wait = field(init=False)

    def wait(self) -> None:
        """Until the entry is safe: before the first destructive statement. Raises LedgerUnfit."""
        try:
            self.safe()
        except OSError as error:
            raise LedgerUnfit(type(error).__name__) from error

    def remember(self, *, actor: Actor) -> None:
        """Let the database know, in the caller's transaction; once. Where that is rolled back, note anew: the entry is found again."""
        if self.unknown is None:
            return
        know([self.unknown], requests={self.request.ref: self.request.pk})
        record("requests.noted_in_ledger", actor=actor, ticket=self.request.ref, entry=self.sequence)
        self.unknown = None


def note_erasure(*, plan: Plan, again: bool = False) -> Noted:
    """Write to the ledger that this person is about to be erased. Asked again, it finds that entry.

    Call it once the request stands as being erased and that is committed: after a crash, the request shows that its erasure is
    running. Wait for the answer to be safe before the first destructive statement, and have it remembered with what can be rolled
    back or before anything is done that can't. `again` says that a run before this one may have died: it is looked for among all
    entries.
    Raises LedgerUnfit, and then nothing may be erased.
    """
    return _note(plan, LedgerEvent.BEGUN, again)


def note_finished(*, plan: Plan, again: bool = False, begun: Noted | None = None) -> Noted:
    """Write that the erasure is done: from now on no new backup holds the person, and the older ones expire. Idempotent as well.

    Wait for it before the end of the request is committed. `begun` is what this run noted before: where nobody has added anything
    since, nothing else has to be looked up.
    """
    return _note(plan, LedgerEvent.FINISHED, again, begun)


def _note(plan: Plan, event: LedgerEvent, again: bool, before: Noted | None = None) -> Noted:
    erasure, found = f"{plan.request.ref}:{plan.pk}", list[Noted]()
    store, body = ledger_store(), _body(plan, event, erasure)

    def make(size: int) -> bytes | None:
        found.clear()
        if before is not None and before.sequence == size:
            newest = _following(store, size, size, {size: before.hash})
        else:
            is_this = Q(erasure=erasure, event=event)
            rows = LedgerEntry.objects.filter(is_this | Q(sequence__gt=size - RECENT)).values_list("sequence", "hash", "erasure", "event")
            known = {}
            for sequence, its_hash, *names in rows:
                if names == [erasure, event]:
                    found.append(Noted(sequence, its_hash, plan.request, None))
                    return None
                known[sequence] = its_hash
            newest = unseen(store, size) if again else _recent(store, size, known)
        tail = GENESIS
        for entry in newest:
            tail = entry.hash
            if (entry.erasure, entry.event) == (erasure, event):
                found.append(Noted(entry.sequence, entry.hash, plan.request, entry))  # written before a crash
                return None
        entry = seal(body, size + 1, tail)
        found.append(Noted(entry.sequence, entry.hash, plan.request, entry))
        return entry.line.encode()

    try:
        safe = store.append(make)
    except (OSError, BrokenChain) as error:
        raise LedgerUnfit(type(error).__name__) from error
    found[0].safe = safe
    return found[0]


def _body(plan: Plan, event: LedgerEvent, erasure: str) -> dict[str, Any]:
    now = clock.now()
    body: dict[str, Any] = {
        "at": now.isoformat(),
        "event": str(event),
        "erasure": erasure,
        "reference": plan.request.ref,
        "gone_by": (now + timedelta(days=settings.BACKUP_EXPIRY_DAYS)).isoformat(),
        "subjects": [],
        "identifiers": [],
        "sources": [],
    }
    if event == LedgerEvent.BEGUN:
        assert plan.request.subject is not None  # every proven request has one
        body["subjects"], body["identifiers"] = hashes_of(plan.request.subject)
        body["sources"] = [
            [step.source_key, str(step.treatment), step.until.isoformat() if step.until else None] for step in plan.steps.all()
        ]
    return body


def hashes_of(subject: Subject) -> tuple[list[str], list[list[str]]]:
    """What a person is known by in the ledger: the public ids they had, and every identifier that they have proven."""
    of_subject, of_identifier = hasher(SUBJECT_CONTEXT), hasher(IDENTIFIER_CONTEXT)
    identifiers = [[kind, str(of_identifier(f"{kind}:{value}")[0])] for kind, value in proven_identifiers(subject)]
    return [str(of_subject(public_id)[0]) for public_id in public_ids(subject)], identifiers


def seal(body: dict[str, Any], sequence: int, previous: str) -> Entry:
    """Make the entry that follows the one with hash `previous`."""
    content = {**body, "sequence": sequence, "previous": previous}
    return parse(_canonical({**content, "hash": _hash(content)}).encode())


def parse(line: bytes) -> Entry:
    """Read a line and check its own hash. Raises ValueError."""
    return _entry(_link(line))


class Link(NamedTuple):
    """A line, and what chains it."""

    sequence: int
    previous: str
    hash: str
    line: bytes


def _link(line: bytes) -> Link:
    # A line is canonical JSON as `seal` made it, so the hash covers its other bytes as they stand, and no text in it can look like
    # one of these members: its quotes are escaped. Reading all of it as JSON would cost thrice as much.
    found, sequence, previous = _HASH.search(line), _SEQUENCE.search(line), _PREVIOUS.search(line)
    if found is None or sequence is None or previous is None:
        raise ValueError("not an entry")
    given = found[1].decode()
    if hashlib.sha256(line[: found.start()] + line[found.end() :]).hexdigest() != given:
        raise ValueError("the hash does not fit")
    return Link(int(sequence[1]), previous[1].decode(), given, line)


def _entry(link: Link) -> Entry:
    content = json.loads(link.line)
    return Entry(
        sequence=link.sequence,
        previous=link.previous,
        hash=link.hash,
        at=content["at"],
        event=LedgerEvent(content["event"]),
        erasure=content["erasure"],
        reference=content["reference"],
        subjects=tuple(content["subjects"]),
        identifiers=tuple((kind, value) for kind, value in content["identifiers"]),
        gone_by=content["gone_by"],
        line=link.line.decode(),
    )


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def links(store: LedgerStore, *, first: int = 1, previous: str | None = GENESIS) -> Iterator[Link]:
    """Lines from `first` on, each checked against the one before; `previous` is the hash before the first, None where unknown.

    Raises BrokenChain.
    """
    sequence = first
    lines = store.lines(first)
    while True:
        try:
            line = next(lines, None)
            if line is None:
                return
            link = _link(line)
        except (ValueError, FileNotFoundError) as error:
            raise BrokenChain(sequence) from error
        if link.sequence != sequence or (previous is not None and link.previous != previous):
            raise BrokenChain(sequence)
        yield link
        previous = link.hash
        sequence += 1


def entries(store: LedgerStore, *, first: int = 1, previous: str | None = GENESIS) -> Iterator[Entry]:
    """What `links` gives, read. Raises BrokenChain."""
    for link in links(store, first=first, previous=previous):
        try:
            yield _entry(link)
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenChain(link.sequence) from error


def unseen(store: LedgerStore, size: int) -> Iterator[Entry]:
    """From the last entry before the first that the database does not know, in order; everything where it knows none.

    Raises BrokenChain where ledger and database differ, and where the ledger is behind.
    """
    last = first_unknown() - 1
    known = LedgerEntry.objects.filter(sequence__gte=last).values_list("sequence", "hash")
    return _following(store, size, last, dict(known))


def _recent(store: LedgerStore, size: int, known: dict[int, str]) -> Iterator[Entry]:
    """`unseen` where only the newest entries count, of which the database knows these."""
    first = max(size - RECENT, 0) + 1
    if known:
        last = next((number for number in range(first, size + 1) if number not in known), size + 1) - 1
        return _following(store, size, last, known)
    return unseen(store, size)


def _following(store: LedgerStore, size: int, last: int, known: dict[int, str]) -> Iterator[Entry]:
    if known and max(known) > size:
        raise BrokenChain(size + 1)
    for entry in entries(store, first=max(last, 1), previous=GENESIS if last < 2 else None):
        if known.get(entry.sequence, entry.hash) != entry.hash:
            raise BrokenChain(entry.sequence)
        yield entry


def first_unknown() -> int:
    """The number of the first entry that the database does not know: behind its last one, or in a gap that running erasures leave."""
    if not LedgerEntry.objects.filter(sequence=1).exists():
        return 1
    following = LedgerEntry.objects.filter(sequence=OuterRef("sequence") + 1)
    last = LedgerEntry.objects.filter(~Exists(following)).order_by("sequence").values_list("sequence", flat=True).first()
    return 1 + (last or 0)


def know(batch: list[Entry], *, replayed_at: datetime | None = None, requests: Mapping[str, int] | None = None) -> None:
    """Let the database know entries. What it knows already stays. `requests` are those they belong to, where that is known."""
    if requests is None:
        refs = {entry.reference for entry in batch}
        requests = dict(Request.objects.filter(ref__in=refs).values_list("ref", "pk"))
    rows = [
        LedgerEntry(
            sequence=entry.sequence,
            hash=entry.hash,
            event=entry.event,
            line=entry.line,
            key_id=entry.key_id,
            erasure=entry.erasure,
            reference=entry.reference,
            request_id=requests.get(entry.reference),
            at=datetime.fromisoformat(entry.at),
            gone_by=datetime.fromisoformat(entry.gone_by),
            replayed_at=replayed_at,
        )
        for entry in batch
    ]
    LedgerEntry.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def lost_keys() -> list[str]:
    """Ids of keys that entries are hashed under and HASH_KEYS lacks: one look into the index for each, however many rows there are."""
    rows = LedgerEntry.objects.exclude(key_id="").order_by("key_id").values_list("key_id", flat=True)
    used, key_id = [], rows.first()
    while key_id is not None:
        used.append(key_id)
        key_id = rows.filter(key_id__gt=key_id).first()
    return [each for each in used if each not in settings.HASH_KEYS]
