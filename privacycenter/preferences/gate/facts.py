"""Everything the rules look at, for thousands of questions in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Case, DateTimeField, F, Q, Value, When

from privacycenter.datamap.models import Purpose, Recipient
from privacycenter.mail import kinds
from privacycenter.mail.enums import MessageState
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.queries import address_hashes
from privacycenter.preferences.enums import EventKind
from privacycenter.preferences.gate.answers import Question
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Suppression, Topic
from privacycenter.preferences.parties import Party, parties_of
from privacycenter.preferences.queries import Delivery, delivery_from
from privacycenter.preferences.scopes import GPC, PARTNERS, Scope
from privacycenter.preferences.standing import newest_by_scope
from privacycenter.subjects.models import Restriction

_NAMED = 500
_NEVER = Value(None, output_field=DateTimeField())


class Said(NamedTuple):
    """The columns of a ConsentEvent that the rules look at."""

    id: int
    kind: str
    at: datetime | None  # read only of those about whom there is a suppression
    valid_until: datetime | None
    scope: Scope


class Listed(NamedTuple):
    """The columns of a Suppression that the rules look at."""

    party_hash: str
    channel: str
    topic: str
    reason: str
    said_at: datetime
    about: tuple[str, str]  # topic and channel of the no it came from, which may be wider: a no to a purpose is listed topic by topic


@dataclass
class Facts:
    """What is known about everybody who was asked about, by hash; and the small tables whole."""

    now: datetime
    purposes: dict[str, Purpose]
    topics: dict[str, Topic]
    recipients: dict[str, Recipient]
    events: dict[str, list[Said]]
    suppressions: dict[str, list[Listed]]
    delivery: dict[str, list[tuple[int, str, Any, str]]]
    sent: dict[str, list[tuple[int, datetime]]] = field(default_factory=dict)
    restricted: frozenset[tuple[int, str]] = frozenset()  # (person, source), read only where a question names a source

    def states_of(self, party: Party) -> dict[Scope, Said]:
        """The newest event of each scope."""
        return newest_by_scope((said.scope, said) for digest in party.digests for said in self.events.get(digest, ()))

    def suppressions_of(self, party: Party) -> list[Listed]:
        return [row for digest in party.digests for row in self.suppressions.get(digest, ())]

    def delivery_of(self, party: Party) -> Delivery | None:
        """The settings in force, or None where the party never set anything."""
        rows = [row for digest in party.digests for row in self.delivery.get(digest, ())]
        return delivery_from(row[1:] for row in sorted(rows, key=lambda row: row[0])) if rows else None

    def sent_to(self, party: Party) -> list[datetime]:
        """When non-essential messages were sent to the party, oldest first."""
        found = {row for key in _outbox_keys(party) for row in self.sent.get(key, ())}
        return sorted(moment for _, moment in found)


def facts_for(questions: Sequence[Question], *, now: datetime, at: datetime | None) -> tuple[list[Party], Facts]:
    """The party of each question, in order, and what the rules need to know. Raises InvalidIdentifier."""
    parties = _parties(questions)
    facts = _facts(
        parties,
        {each.purpose for each in questions},
        purposes={each.key: each for each in Purpose.objects.all()},
        topics={each.key: each for each in Topic.objects.all()} if any(each.topic for each in questions) else {},
        recipients={each.key: each for each in Recipient.objects.all()} if any(each.recipient for each in questions) else {},
        now=now,
        at=at,
    )
    _add_sent(facts, parties)
    _add_restricted(facts, questions, parties)
    return parties, facts


def facts_about(party: Party, topics: Sequence[Topic], *, now: datetime) -> Facts:
    """What the rules need to know to decide about these topics, read with their purposes; not what was sent lately. Three queries."""
    purposes = {each.purpose_id: each.purpose for each in topics}
    return _facts([party], set(purposes), purposes=purposes, topics={each.key: each for each in topics}, recipients={}, now=now, at=None)


def _facts(
    parties: Sequence[Party],
    asked: set[str],
    *,
    purposes: dict[str, Purpose],
    topics: dict[str, Topic],
    recipients: dict[str, Recipient],
    now: datetime,
    at: datetime | None,
) -> Facts:
    digests = list({digest for party in parties for digest in party.digests})
    suppressions = _suppressions(digests, at)
    # Whether a yes outweighs a no of the same person depends on when it was said, whichever of their hashes either stands under.
    listed = [party for party in parties if any(digest in suppressions for digest in party.digests)] if suppressions else []
    weighed = [digest for party in listed for digest in party.digests]
    return Facts(
        now=now,
        purposes=purposes,
        topics=topics,
        recipients=recipients,
        events=_events(digests, weighed, asked, at),
        suppressions=suppressions,
        delivery=_delivery(digests, at),
    )


def _parties(questions: Sequence[Question]) -> list[Party]:
    unknown = [each.party for each in questions if not isinstance(each.party, Party)]
    found = iter(parties_of(unknown))
    return [each.party if isinstance(each.party, Party) else next(found) for each in questions]


def _events(digests: list[str], weighed: list[str], purposes: set[str], at: datetime | None) -> dict[str, list[Said]]:
    rows = ConsentEvent.objects.filter(party_hash__among=digests, purpose__in=purposes | {GPC, PARTNERS}).exclude(kind=EventKind.REQUESTED)
    if at is not None:
        rows = rows.filter(at__lte=at)
    # A moment is dear to read, and most are not needed.
    rows = rows.annotate(said_at=Case(When(party_hash__among=weighed, then=F("at")))) if weighed else rows.annotate(said_at=_NEVER)
    found: dict[str, list[Said]] = defaultdict(list)
    columns = ("party_hash", "id", "kind", "said_at", "valid_until", "purpose", "topic", "channel", "service", "recipient")
    for digest, pk, kind, moment, valid_until, *scope in rows.values_list(*columns):
        found[digest].append(Said(pk, kind, moment, valid_until, Scope(*scope)))
    return found


def _suppressions(digests: list[str], at: datetime | None) -> dict[str, list[Listed]]:
    rows = Suppression.objects.filter(party_hash__among=digests)
    if at is None:
        rows = rows.filter(lifted_at__isnull=True)
    else:
        rows = rows.filter(Q(lifted_at__isnull=True) | Q(lifted_at__gt=at), created_at__lte=at)
    found: dict[str, list[Listed]] = defaultdict(list)
    columns = ("party_hash", "channel", "topic", "reason", "created_at", "repeated_at", "source_event__topic", "source_event__channel")
    for digest, channel, topic, reason, created_at, repeated_at, said_topic, said_channel in rows.values_list(*columns):
        about = (topic, channel) if said_topic is None else (said_topic, said_channel)
        found[digest].append(Listed(digest, channel, topic, reason, repeated_at or created_at, about))
    return found


def _delivery(digests: list[str], at: datetime | None) -> dict[str, list[tuple[int, str, Any, str]]]:
    rows = DeliveryChoice.objects.filter(party_hash__among=digests)
    if at is not None:
        rows = rows.filter(at__lte=at)
    found: dict[str, list[tuple[int, str, Any, str]]] = defaultdict(list)
    for digest, *row in rows.values_list("party_hash", "id", "kind", "value", "method"):
        found[digest].append((row[0], row[1], row[2], row[3]))
    return found


def _outbox_keys(party: Party) -> Iterable[str]:
    """Under what the outbox knows somebody: hashes of addresses, and public ids."""
    yield from address_hashes(list(party.addresses))
    if party.person is not None:
        yield from party.person.public_ids


def _add_sent(facts: Facts, parties: Sequence[Party]) -> None:
    """Read what was sent to those who limit how often, as far back as the longest of their limits."""
    limited = []
    longest = 0
    for party in {id(party): party for party in parties}.values() if facts.delivery else ():
        delivery = facts.delivery_of(party)
        if delivery is not None and delivery.frequency is not None:
            limited.append(party)
            longest = max(longest, delivery.frequency.days)
    if not limited:
        return
    keys = list({key for party in limited for key in _outbox_keys(party)})
    essential = [key for key, kind in kinds.all_kinds().items() if kind.essential]
    rows = OutboxMessage.objects.filter(
        Q(address_hash__among=keys) | (~Q(subject_key="") & Q(subject_key__among=keys)),
        state=MessageState.SENT,
        sent_at__gt=facts.now - timedelta(days=longest),
        sent_at__lte=facts.now,
    ).exclude(kind__in=essential)
    sent: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    columns: Any = rows.values_list("id", "address_hash", "subject_key", "sent_at")
    for pk, digest, subject_key, sent_at in columns:
        sent[digest].append((pk, sent_at))
        if subject_key:
            sent[subject_key].append((pk, sent_at))
    facts.sent = sent


def _add_restricted(facts: Facts, questions: Sequence[Question], parties: Sequence[Party]) -> None:
    """Read which of the sources that are asked about are restricted, for whom. One query, none where no question names a source."""
    people = {party.person.id for question, party in zip(questions, parties, strict=True) if question.source and party.person is not None}
    if not people:
        return
    rows = Restriction.objects.filter(source__in={question.source for question in questions if question.source}, since__lte=facts.now)
    if len(people) <= _NAMED:  # of more, the whole of the small table is read
        rows = rows.filter(subject_id__in=people)
    facts.restricted = frozenset(rows.values_list("subject_id", "source"))
