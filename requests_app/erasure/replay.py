"""Erasing again: after a restore, everybody whom the ledger knows as erased and the database as still there.

Safe to be killed at any point and run again: an entry counts as known to the database in the transaction that erased its
person, and nobody is served before all are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from accounts.locks import take_turns
from privacycenter.audit.domain import record
from privacycenter.jobs.runner import place_of
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.hashing import hasher
from privacycenter.kernel.sources import CannotErase, CarriesIdentifiers, Erased, Locator, Source, Treatment, registry
from privacycenter.subjects.models import Identifier, Subject
from requests_app.domain.release import expire_bundle
from requests_app.erasure import serving
from requests_app.erasure.ledger import IDENTIFIER_CONTEXT, SUBJECT_CONTEXT, Entry, know, unseen
from requests_app.erasure.stores import ledger_store
from requests_app.models import Bundle, LedgerEntry, Request, TimelineEvent

log = structlog.get_logger("privacycenter.requests")

TOGETHER = 50_000  # entries whose hashes are held in memory for one pass over the people
PAGE = 5_000
EVENT = "erased_again"

Progress = Callable[[str, int], None]
"""Gets what is being done, as a code, and how much of it is done."""


class CannotReplay(Exception):
    """`reason` is a standing of the ledger, or `unknown_key`: there is nothing to erase by."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Replayed:
    """What a replay came to. `failed` and `left` go by numbers of entries; `failed` says why, as a code."""

    entries: int = 0
    people: int = 0
    addresses: int = 0  # without a person: records that bear an erased identifier
    erased: Erased = field(default_factory=Erased)
    bundles: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)  # an identifier of theirs is now proven by somebody who was not erased


@dataclass
class _Found:
    """What the database holds of one entry's person."""

    subjects: set[int] = field(default_factory=set)
    identifiers: set[tuple[str, str]] = field(default_factory=set)


class _StillHeld(Exception):
    """A source still finds something after it has erased. `code` names it."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.code = f"still_held_by_{source}"


@dataclass(frozen=True)
class _Run:
    """One replay: what was asked for, and every source in the order of erasing."""

    sources: list[Source]
    dry_run: bool
    progress: Progress
    actor: Actor
    result: Replayed = field(default_factory=Replayed)


def replay(*, connectors: bool = False, dry_run: bool = False, progress: Progress = lambda what, count: None, actor: Actor) -> Replayed:
    """Shred bundles whose days are over, and erase again whom the ledger knows and this database does not.

    `connectors`: ask sources outside this database as well, for the people found here. `dry_run`: only find
    and count. Raises CannotReplay where the ledger is missing, behind, broken or hashed under a key that is not configured.
    """
    standing = serving.standing()
    if standing not in {serving.Standing.FIT, serving.Standing.REPLAY}:
        raise CannotReplay(standing)
    run = _Run(_sources(connectors=connectors), dry_run, progress, actor)
    result = run.result
    if not dry_run:
        result.bundles = _shred_expired(actor)
    for batch in _pages(_unknown(), TOGETHER):
        if lost := {entry.key_id for entry in batch if entry.key_id} - set(settings.HASH_KEYS):
            log.error("erasure_ledger_key_missing", keys=sorted(lost))
            raise CannotReplay("unknown_key")
        _replay_batch(run, batch)
    if not dry_run:
        if result.entries:
            with transaction.atomic():
                record("requests.replayed", actor=actor, entries=result.entries, people=result.people, failed=len(result.failed))
        serving.forget()
    return result


def _unknown() -> Iterator[Entry]:
    store = ledger_store()
    for page in _pages(unseen(store, store.size()), PAGE):
        known = set(LedgerEntry.objects.filter(sequence__in=[entry.sequence for entry in page]).values_list("sequence", flat=True))
        yield from (entry for entry in page if entry.sequence not in known)


def _pages(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while page := list(islice(iterator, size)):
        yield page


def _replay_batch(run: _Run, batch: list[Entry]) -> None:
    found, result = _find(run, batch), run.result
    failed: dict[int, str] = {}
    for done, entry in enumerate((entry for entry in batch if entry.sequence in found), start=1):
        theirs = found[entry.sequence]
        try:
            erased = _erase_again(run, entry, theirs)
            if erased is not None:
                result.erased += erased
                result.people += len(theirs.subjects)
                result.addresses += not theirs.subjects
        except Exception as error:  # one that can't be erased keeps the service closed, and the others are erased all the same
            failed[entry.sequence] = error.code if isinstance(error, CannotErase | _StillHeld) else type(error).__name__
            log.error("replay_failed", entry=entry.sequence, code=failed[entry.sequence], place=place_of(error))
        run.progress("erased", done)
    result.failed |= failed
    result.entries += len(batch) - len(failed)
    if not run.dry_run:
        now = clock.now()
        for page in _pages((entry for entry in batch if entry.sequence not in failed), PAGE):
            with transaction.atomic():
                know(page, replayed_at=now)


def _find(run: _Run, batch: list[Entry]) -> dict[int, _Found]:
    """Who and what of these entries is in the database: one pass over people, their identifiers, and rows that bear one."""
    found: dict[int, _Found] = defaultdict(_Found)
    by_subject, by_identifier = _Index(SUBJECT_CONTEXT), _Index(IDENTIFIER_CONTEXT)
    for entry in batch:
        by_subject.add(entry.subjects, entry.sequence)
        by_identifier.add((value for _kind, value in entry.identifiers), entry.sequence)
    looked, gone = 0, set[int]()
    for pk, public_id, former in Subject.objects.values_list("pk", "public_id", "former_ids").order_by("pk").iterator(chunk_size=PAGE):
        for sequence in {number for known in (str(public_id), *former) for number in by_subject.of(known)}:
            found[sequence].subjects.add(pk)
            gone.add(pk)
        looked += 1
        if looked % PAGE == 0:
            run.progress("looked_at", looked)
    taken, covered = dict[tuple[str, str], list[int]](), set[tuple[str, str]]()
    proven = Identifier.objects.proven().values_list("pk", "subject_id", "kind", "value").order_by("pk")
    for _pk, subject, kind, value in proven.iterator(chunk_size=PAGE):
        if subject in gone:
            covered.add((kind, value))  # found with the person
        elif numbers := by_identifier.of(f"{kind}:{value}"):
            taken[kind, value] = numbers
        looked += 1
        if looked % PAGE == 0:
            run.progress("looked_at", looked)
    for source in _carrying(run):
        for kind, value in source.identifiers():
            if (kind, value) not in taken and (kind, value) not in covered:
                for sequence in by_identifier.of(f"{kind}:{value}"):
                    found[sequence].identifiers.add((kind, value))
            looked += 1
            if looked % PAGE == 0:
                run.progress("looked_at", looked)
    # Not theirs any more, or never theirs alone: that is for people to decide.
    run.result.left += sorted({number for numbers in taken.values() for number in numbers})
    return found


class _Index:
    """Entries by the hashes they bear. Values are hashed under those keys only that the entries were."""

    def __init__(self, context: str) -> None:
        self._hashes = hasher(context)
        self._entries: dict[str, dict[bytes, list[int]]] = {}

    def add(self, hashes: Iterable[str], sequence: int) -> None:
        for each in hashes:
            key_id, _separator, digest = each.partition(":")
            self._entries.setdefault(key_id, {}).setdefault(bytes.fromhex(digest), []).append(sequence)

    def of(self, value: str) -> list[int]:
        """Numbers of the entries that bear this value."""
        if not self._entries:
            return []
        return [
            number
            for key_id, digest in self._hashes(value)
            if key_id in self._entries
            for number in self._entries[key_id].get(bytes.fromhex(digest), ())
        ]


def _sources(*, connectors: bool) -> list[Source]:
    """Accounts after what hangs on them, the person's own row last. First of all what lies outside this database."""
    found = [source for source in registry.all() if connectors or source.describe().in_database]
    return sorted(found, key=lambda source: (source.describe().in_database, source.describe().erasure.order))


def _carrying(run: _Run) -> list[CarriesIdentifiers]:
    return [source for source in run.sources if isinstance(source, CarriesIdentifiers)]


def _erase_again(run: _Run, entry: Entry, found: _Found) -> Erased | None:
    """Erase one entry's person, source by source, in one transaction; sources outside of this database before it.

    None where another replay, at the same time, was faster.
    """
    treatments = {kept.source: kept.treatment for kept in entry.sources}
    work = [
        (source, locator, treatments.get(source.describe().key, source.describe().erasure.treatment))  # its own rule where it is newer
        for source, locator in _work(run, found)
    ]
    if run.dry_run:
        return Erased(removed=sum(source.count(locator) for source, locator, treatment in work if treatment is not Treatment.RETAIN))
    total = _erase([item for item in work if not item[0].describe().in_database])
    with transaction.atomic():
        take_turns("erasure.replay")
        if LedgerEntry.objects.filter(sequence=entry.sequence).exists():
            return None
        who = list(Subject.objects.filter(pk__in=found.subjects).values_list("public_id", flat=True))
        total += _erase([item for item in work if item[0].describe().in_database])
        _note(entry, who, run.actor)
        know([entry], replayed_at=clock.now())
    return total


def _work(run: _Run, found: _Found) -> list[tuple[Source, Locator]]:
    """Every source with what it finds them by, before anything is gone that tells."""
    people = list(Subject.objects.filter(pk__in=found.subjects).order_by("pk"))
    work = [(source, source.locate(person)) for source in run.sources for person in people]
    if found.identifiers:
        bare = {"identifiers": sorted([kind, value] for kind, value in found.identifiers)}
        work += [(source, bare) for source in run.sources if isinstance(source, CarriesIdentifiers)]
    return [(source, locator) for source, locator in work if locator]


def _erase(work: list[tuple[Source, Locator, Treatment]]) -> Erased:
    """Erase, then ask again. What is kept is told as well: a source may have copies that are not."""
    total = Erased()
    for source, locator, treatment in work:
        total += source.erase(locator, treatment)
    for source, locator, treatment in work:
        if treatment is not Treatment.RETAIN and source.verify_erased(locator):
            raise _StillHeld(source.describe().key)
    return total


def _note(entry: Entry, who: list[Any], actor: Actor) -> None:
    request = Request.objects.filter(ref=entry.reference).first()
    if request is not None:
        TimelineEvent.objects.create(
            request=request,
            at=clock.now(),
            event=EVENT,
            status=request.status,
            actor_kind=actor.kind,
            actor_ref=actor.ref,
            details={"entry": entry.sequence},
            is_internal=True,
        )
    for public_id in who or [""]:
        record(f"requests.{EVENT}", actor=actor, subject=str(public_id), ticket=entry.reference, entry=entry.sequence)


def _shred_expired(actor: Actor) -> int:
    """Bundles whose days were over when the backup was restored: their keys go before anybody is served."""
    over = Bundle.objects.filter(shredded_at=None, released_at__isnull=False, expires_at__lte=clock.now()).select_related(
        "request__subject"
    )
    count = 0
    for bundle in over:
        expire_bundle(bundle, actor=actor)
        count += 1
    return count
