"""Who gets a campaign: everybody with a proven e-mail address for whom the gate says yes to its topic, asked in batches.

Nobody is listed beforehand. The walk goes through people by primary key, asks the gate about one batch at a time, and notes how
far it came; those it says no to are counted by the rule that decided, and forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, QuerySet

from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.preferences import gate
from privacycenter.preferences.enums import POSITIVE, Channel
from privacycenter.preferences.gate import Decision, Question, Rule
from privacycenter.preferences.models import ConsentEvent, Topic
from privacycenter.preferences.parties import Party, parties_of
from privacycenter.subjects.models import Identifier, Subject

BATCH = 100
_COUNTING_BATCH = 2_000
# They want the topic, only not at this moment.
_WANTED_LATER = frozenset({Rule.PAUSE, Rule.QUIET_HOURS, Rule.FREQUENCY})


@dataclass
class Batch:
    """One step of the walk: those who get it as (address, party), how many were asked, and why others were not."""

    last_subject: int = 0
    asked: int = 0
    wanted: list[tuple[str, Party]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def next_batch(topic: Topic, *, after: int, size: int = BATCH) -> Batch | None:
    """Ask the gate about the next people after primary key `after`; None when there are none left. A handful of queries."""
    people = list(_people(after)[:size])
    if not people:
        return None
    batch = Batch(people[-1].pk, len(people))
    for address, party, decision in _decisions(people, topic):
        # Quiet hours pass within a day: the message waits in the outbox for their end.
        if decision.allowed or decision.rule is Rule.QUIET_HOURS:
            batch.wanted.append((address, party))
        else:
            batch.refused[f"{decision.rule}.{decision.kind}" if decision.kind else decision.rule] += 1
    return batch


def count_subscribers(topic: Topic) -> int:
    """How many people want this topic by e-mail now, those who paused it included. Walks through all people."""
    count, after = 0, 0
    while people := list(_people(after)[:_COUNTING_BATCH]):
        after = people[-1].pk
        count += sum(decision.allowed or decision.rule in _WANTED_LATER for _, _, decision in _decisions(people, topic))
    return count


def people_count() -> int:
    """How many people have a proven e-mail address."""
    return _people(0).count()


def _people(after: int) -> QuerySet[Subject]:
    proven = Identifier.objects.proven().filter(subject=OuterRef("pk"), kind=IdentifierKind.EMAIL)
    return Subject.objects.filter(Exists(proven), pk__gt=after).order_by("pk")


def _decisions(people: Sequence[Subject], topic: Topic) -> Iterator[tuple[str, Party, Decision]]:
    """For each person the address a message would go to, and what the gate says to it."""
    addresses = _addresses(people)
    asked = [(person.pk, address) for person in people for address in addresses[person.pk]]
    parties = parties_of([(IdentifierKind.EMAIL, address) for _, address in asked])
    decisions = gate.may_all([Question(party, topic.purpose_id, topic.key, Channel.EMAIL) for party in parties])
    found: dict[int, list[tuple[str, Party, Decision]]] = {}
    for (person, address), party, decision in zip(asked, parties, decisions, strict=True):
        found.setdefault(person, []).append((address, party, decision))
    chosen_for = _chosen_for([party for choices in found.values() if len(choices) > 1 for _, party, _ in choices], topic)
    for choices in found.values():
        # the one they subscribed with, else the one they proved first; one that takes no mail only where there is no other
        yield min(choices, key=lambda choice: (not choice[2].allowed, choice[1].writes_to.digest not in chosen_for))


def _addresses(people: Sequence[Subject]) -> dict[int, list[str]]:
    """The proven addresses of each, oldest first."""
    rows = Identifier.objects.proven().filter(subject__in=people, kind=IdentifierKind.EMAIL).order_by("proven_at", "pk")
    found: dict[int, list[str]] = {person.pk: [] for person in people}
    for subject, value in rows.values_list("subject_id", "value"):
        found[subject].append(value)
    return found


def _chosen_for(parties: Sequence[Party], topic: Topic) -> set[str]:
    """Under which of these addresses somebody said yes to the topic."""
    if not parties:
        return set()
    rows = ConsentEvent.objects.filter(
        party_hash__among=[party.writes_to.digest for party in parties],
        purpose=topic.purpose_id,
        topic__in=["", topic.key],
        kind__in=POSITIVE,
    )
    return set(rows.values_list("party_hash", flat=True))
