"""Whose choice it is: a party is a person or a bare identifier, known here by keyed hashes only.

A subject is found under the hash of its public id (and of those merged into it) and of every identifier it has proven, so
that a choice made by a mailed link and one made after signing in meet. What is written goes under the newest key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any, NamedTuple
from uuid import UUID

from privacycenter.kernel.hashing import KeyedHash, candidates, hasher
from privacycenter.kernel.normalise import normalise
from privacycenter.preferences import among  # noqa: F401 - registers the look-up
from privacycenter.preferences.enums import PartyKind
from privacycenter.subjects.models import Identifier, Subject
from privacycenter.subjects.queries import proven_identifiers

CONTEXT = "preferences.party"
_CHUNK = 5_000


class PartyHash(NamedTuple):
    """A keyed hash of what `kind` names, as PartyRow stores it."""

    kind: str
    key_id: str
    digest: str

    def columns(self) -> dict[str, str]:
        """The columns of a PartyRow."""
        return {"party_kind": self.kind, "party_key_id": self.key_id, "party_hash": self.digest}


class Person(NamedTuple):
    """What is needed to know of a subject; its first columns as they are read for thousands."""

    id: int
    public_id: UUID
    former_ids: list[str]
    restricted_at: datetime | None
    is_child: bool
    time_zone: str

    @property
    def public_ids(self) -> list[str]:
        """Own and former public ids, as subjects.queries.public_ids."""
        return [str(self.public_id), *self.former_ids]


@dataclass(frozen=True)
class Party:
    """Somebody whose choice counts. `writes_to` is what a choice of theirs is stored under.

    `contacts` are the newest hashes of the addresses and numbers by which they are reached: an opt-out is noted for each, so that it
    outlives the person's row. `own` is what this party may undo: everything of a person, of a bare address only its own hashes.
    `addresses` are the normalised e-mail addresses, held for the moment of asking only and never stored here.
    """

    writes_to: PartyHash
    reads: tuple[PartyHash, ...]
    contacts: tuple[PartyHash, ...] = ()
    person: Person | None = None
    own: tuple[PartyHash, ...] = ()
    addresses: tuple[str, ...] = field(default=(), repr=False)
    contact_groups: tuple[tuple[PartyHash, ...], ...] = ()  # every hash of each contact

    def __post_init__(self) -> None:
        if not self.own and self.person is None:
            object.__setattr__(self, "own", self.reads)

    @cached_property
    def digests(self) -> frozenset[str]:
        """Every hash under which something about this party may stand."""
        return frozenset(each.digest for each in self.reads)

    @cached_property
    def subject(self) -> Subject | None:
        """The person's row, as far as it was read here; None for nobody we know."""
        if self.person is None:
            return None
        # from_db takes values in the order of the model's fields
        names = [each.attname for each in Subject._meta.concrete_fields if each.attname in Person._fields]
        return Subject.from_db(None, names, [getattr(self.person, name) for name in names])

    @property
    def subject_key(self) -> str:
        """The subject's public id as a string, or empty for nobody we know."""
        return str(self.person.public_id) if self.person is not None else ""


def hashes_of(kind: str, value: str) -> tuple[PartyHash, ...]:
    """Every hash that a normalised value may stand under, newest key first."""
    return tuple(PartyHash(kind, *hashed) for hashed in candidates(value, context=f"{CONTEXT}.{kind}"))


def party_of(who: Subject | Identifier | tuple[str, str]) -> Party:
    """The party of a subject, an identifier row, or (kind, value). Raises InvalidIdentifier for an impossible value."""
    return parties_of([who])[0]


def parties_of(everyone: Iterable[Subject | Identifier | tuple[str, str]]) -> list[Party]:
    """The party of each, in order; a bare identifier that somebody has proven is that person. A few queries for thousands.

    Raises InvalidIdentifier.
    """
    asked = [who if isinstance(who, Subject) else _bare(who) for who in everyone]
    owners, proven = _owners([who for who in asked if not isinstance(who, Subject)])
    _add_proven(proven, [who for who in asked if isinstance(who, Subject)])
    hashes = _hasher()
    parties = []
    for who in asked:
        if isinstance(who, Subject):
            party = _of_person(Person(*(getattr(who, name) for name in Person._fields)), proven[who.pk], hashes)
            party.__dict__["subject"] = who
            parties.append(party)
            continue
        own, owner = hashes(*who), owners.get(who)
        reads = own
        if owner is not None:
            # A choice that came in for one address is kept for that address; what is read is all of the person's.
            others = [pair for pair in proven[owner.id] if pair != who]
            pairs = [*((PartyKind.SUBJECT.value, public_id) for public_id in owner.public_ids), *others]
            reads = (*own, *(hashed for pair in pairs for hashed in hashes(*pair)))
        parties.append(Party(own[0], reads, own[:1], owner, own, (who[1],) if who[0] == PartyKind.EMAIL else (), (own,)))
    return parties


def party_of_row(row: Any) -> Party:
    """The party a stored row is about, as far as the row tells: by its own hash alone."""
    own = PartyHash(row.party_kind, row.party_key_id, row.party_hash)
    return Party(own, (own,), () if own.kind == PartyKind.SUBJECT else (own,))


def _bare(who: Identifier | tuple[str, str]) -> tuple[str, str]:
    if isinstance(who, Identifier):
        return str(who.kind), who.value
    kind, value = who
    return str(kind), normalise(kind, value)


def _of_person(person: Person, proven: Sequence[tuple[str, str]], hashes: Callable[[str, str], tuple[PartyHash, ...]]) -> Party:
    own = [hashed for public_id in person.public_ids for hashed in hashes(PartyKind.SUBJECT.value, public_id)]
    contacts = tuple(hashes(kind, value) for kind, value in proven)
    reads = (*own, *(hashed for each in contacts for hashed in each))
    addresses = tuple(value for kind, value in proven if kind == PartyKind.EMAIL)
    return Party(own[0], reads, tuple(each[0] for each in contacts), person, reads, addresses, contacts)


def _hasher() -> Callable[[str, str], tuple[PartyHash, ...]]:
    """`hashes_of` for many: each value is hashed once."""
    by_kind: dict[str, Callable[[str], list[KeyedHash]]] = {}

    @cache
    def hashes(kind: str, value: str) -> tuple[PartyHash, ...]:
        if kind not in by_kind:
            by_kind[kind] = hasher(f"{CONTEXT}.{kind}")
        return tuple([PartyHash(kind, key_id, digest) for key_id, digest in by_kind[kind](value)])

    return hashes


_Proven = dict[int, list[tuple[str, str]]]


def _owners(bare: Sequence[tuple[str, str]]) -> tuple[dict[tuple[str, str], Person], _Proven]:
    """Who has proven each (kind, value), and what else they have proven. One query for each kind."""
    owners: dict[tuple[str, str], Person] = {}
    proven: _Proven = {}
    values: dict[str, set[str]] = {}
    for kind, value in bare:
        values.setdefault(kind, set()).add(value)
    for kind, wanted in values.items():
        rows = Identifier.objects.proven().filter(kind=kind, value__among=list(wanted))
        rows = rows.filter(subject__identifiers__proven_at__isnull=False).order_by()
        columns = (f"subject__{name}" for name in Person._fields)
        for value, other_kind, other_value, *person in rows.values_list(
            "value", "subject__identifiers__kind", "subject__identifiers__value", *columns
        ):
            if (kind, value) not in owners:
                owners[(kind, value)] = Person(*person)
            proven.setdefault(person[0], []).append((other_kind, other_value))
    return owners, {pk: sorted(set(pairs)) for pk, pairs in proven.items()}


def _add_proven(proven: _Proven, subjects: Sequence[Subject]) -> None:
    """Read what these people have proven, where they don't carry it already, and let them carry it (subjects.queries)."""
    for subject in subjects:
        if hasattr(subject, "_proven_identifiers"):
            proven.setdefault(subject.pk, proven_identifiers(subject))
    missing = sorted({subject.pk for subject in subjects} - set(proven))
    found: _Proven = {pk: [] for pk in missing}
    for start in range(0, len(missing), _CHUNK):
        rows = Identifier.objects.proven().filter(subject_id__in=missing[start : start + _CHUNK])
        for pk, kind, value in rows.values_list("subject_id", "kind", "value"):
            found[pk].append((kind, value))
    proven.update({pk: sorted(pairs) for pk, pairs in found.items()})
    for subject in subjects:
        subject._proven_identifiers = list(proven[subject.pk])  # type: ignore[attr-defined]
