"""Keeping a no where addresses come and go. A person who no longer has an address keeps what was refused by its links; where one
person turns out to be two, nobody can tell whose no it was, so it counts for both. A yes stays where it was said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences import queries, standing, texts
from privacycenter.preferences.domain.ledger import Choice, Presented, new_event
from privacycenter.preferences.domain.suppression import hashes_reached, put_on_list
from privacycenter.preferences.enums import NEGATIVE, POSITIVE, Channel, DeliveryKind, EventKind, Method, PartyKind, SuppressionReason
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Suppression, Topic
from privacycenter.preferences.parties import Party, PartyHash, hashes_of, party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import public_ids

SPLIT_TEXT = texts.register(
    "preferences.split", _("Somebody we took you for had refused this. It counts for you too until you choose otherwise.")
)
LOST_TEXT = texts.register(
    "preferences.kept_refusal",
    _("This was refused for an address or a number that you no longer use here. It counts for you until you choose otherwise."),
)
ERASED_TEXT = texts.register(
    "preferences.refused_before_erasure",
    _("The person whose address or number this was had refused it, and was erased. It counts until its owner chooses otherwise."),
)
_ACTOR = Actor.system("preferences")
_WRITTEN_TO = frozenset({PartyKind.EMAIL, PartyKind.PHONE, PartyKind.DEVICE})
_NOBODY = PartyHash(PartyKind.SUBJECT, "", "")


def keep_refusals(subject: Subject, new: Subject, moved: list[tuple[str, str]], actor: Actor) -> None:
    """Handler of subjects.splitting."""
    one, other = (party_of(Subject.objects.get(pk=each.pk)) for each in (subject, new))
    # Read before anything is written, so that neither is told what the other was told.
    before = _Before(tuple(dict.fromkeys((*one.reads, *other.reads))))
    for party in (one, other):
        before.carry_to(party, key=SPLIT_TEXT, reason="split")


def keep_what_was_refused_there(subject: Subject, kind: str, value: str) -> None:
    """Handler of subjects.holding: the person no longer has this proven address or number."""
    party = party_of(Subject.objects.get(pk=subject.pk))
    before = _Before(tuple(dict.fromkeys((*party.reads, *hashes_of(kind, value)))))
    before.carry_to(party, key=LOST_TEXT, reason="identifier_removed")


def note_for_proven(subject: Subject, kind: str, value: str) -> None:
    """Handler of subjects.holding: what stands against messages to a person is noted for an address that they prove later, too."""
    own = [hashed.digest for public_id in public_ids(subject) for hashed in hashes_of(PartyKind.SUBJECT, public_id)]
    contact = hashes_of(kind, value)[0]
    reached = Party(_NOBODY, (), (contact,))
    rows = Suppression.objects.filter(party_hash__in=own, lifted_at__isnull=True).exclude(reason=SuppressionReason.HARD_BOUNCE)
    put_on_list([_copy(row, contact) for row in rows if contact in hashes_reached(reached, row.channel)])


def keep_under_address(subject: Subject, kind: str, value: str) -> None:
    """Handler of subjects.holding: the person is being erased, and what they refused must be known of the address or number alone."""
    if kind not in _WRITTEN_TO:
        return
    own = hashes_of(kind, value)
    before = _Before(tuple(dict.fromkeys((*party_of(Subject.objects.get(pk=subject.pk)).reads, *own))))
    before.carry_choices(Party(own[0], own, own[:1]), key=ERASED_TEXT, reason="erased")
    before.carry_suppressions(Party(_NOBODY, own, own[:1]))


class _Before:
    """What stood under all of these hashes together, for parties who from now on are read under some of them only."""

    def __init__(self, hashes: tuple[PartyHash, ...]) -> None:
        self.party = Party(hashes[0], hashes)
        self.now = clock.now()
        self.states = queries.states_of(self.party)
        self.suppressions = queries.active_suppressions(self.party)
        self.delivery = queries.delivery_of(self.party)

    def carry_to(self, party: Party, *, key: str, reason: str) -> None:
        """Write what is stricter under the hashes that a party is not read under, so that nothing is allowed that was not."""
        self.carry_choices(party, key=key, reason=reason)
        self.carry_suppressions(party)
        self._carry_delivery(party)

    def carry_choices(self, party: Party, *, key: str, reason: str) -> None:
        """What was refused or declared invalid."""
        shown = Presented(texts.registered(key, language="en"), Method.SYSTEM)
        topics = _topics_by_purpose(scope.purpose for scope in self.states)
        choices = [
            Choice(scope, EventKind(event.kind), None, reason)
            for refused, event in sorted(self.states.items(), key=lambda item: item[1].pk)
            if event.party_hash not in party.digests and event.kind in NEGATIVE | {EventKind.INVALIDATED}
            for scope in self._without_yes(refused, party, topics)
        ]
        ConsentEvent.objects.bulk_create([new_event(party, choice, shown, _ACTOR, self.now) for choice in choices])

    def carry_suppressions(self, party: Party) -> None:
        """What stands against messages, under each hash of the party that its channel reaches."""
        rows = [_copy(row, hashed) for row in self._newest_elsewhere(party) for hashed in hashes_reached(party, row.channel)]
        put_on_list([row for row in rows if row.party_hash])

    def _without_yes(self, scope: Scope, party: Party, topics: dict[str, list[str]]) -> Iterable[Scope]:
        """A refused scope; where the party says yes to a part of it since, all parts but that one: a copy is newer than that yes."""
        # A yes to a service or a recipient is none to messages: it is kept by refusing the topics one by one.
        near = [known for known in self.states if known[3:] == scope[3:] or not (scope.topic or scope.channel)]
        if not any(_overlap(scope, known) and self._says_yes(_meet(scope, known), party) for known in near):
            yield scope
        elif not scope.topic and topics.get(scope.purpose):
            for topic in topics[scope.purpose]:
                yield from self._without_yes(scope._replace(topic=topic), party, topics)
        elif not scope.channel:
            for channel in Channel.values:
                yield from self._without_yes(scope._replace(channel=channel), party, topics)

    def _says_yes(self, scope: Scope, party: Party) -> bool:
        event = standing.deciding(self.states, scope, self.now)
        return event is not None and event.kind in POSITIVE and event.party_hash in party.digests

    def _newest_elsewhere(self, party: Party) -> Iterable[Suppression]:
        """The suppressions under other hashes, each scope and reason once, as it was said last. A bounce is about its address alone."""
        newest: dict[tuple[str, str, str], Suppression] = {}
        for row in sorted(self.suppressions, key=lambda row: row.said_at):
            if row.party_hash not in party.digests and row.reason != SuppressionReason.HARD_BOUNCE:
                newest[(row.channel, row.topic, row.reason)] = row
        return newest.values()

    def _carry_delivery(self, party: Party) -> None:
        was, is_now = self.delivery, queries.delivery_of(party)
        values: dict[DeliveryKind, dict[str, Any]] = {}
        if was.pause_until is not None and was.pause_until > max(self.now, is_now.pause_until or self.now):
            values[DeliveryKind.PAUSE] = {"until": _utc(was.pause_until)}
        quiet = (was.quiet_from, was.quiet_until)
        if was.quiet_from is not None and was.quiet_until is not None and quiet != (is_now.quiet_from, is_now.quiet_until):
            values[DeliveryKind.QUIET_HOURS] = {"from": f"{was.quiet_from:%H:%M}", "until": f"{was.quiet_until:%H:%M}"}
        if was.frequency is not None and was.frequency != is_now.frequency:
            values[DeliveryKind.FREQUENCY] = was.frequency._asdict()
        DeliveryChoice.objects.bulk_create(
            DeliveryChoice(
                **party.writes_to.columns(),
                kind=kind,
                value=value,
                method=Method.SYSTEM,
                actor_kind=_ACTOR.kind,
                actor_ref=_ACTOR.ref,
                at=self.now,
            )
            for kind, value in values.items()
        )


def _copy(row: Suppression, hashed: PartyHash) -> Suppression:
    """The same said of another hash, at the same time: a later yes still outweighs it."""
    return Suppression(
        **hashed.columns(),
        channel=row.channel,
        topic=row.topic,
        reason=row.reason,
        source_event_id=row.source_event_id,
        created_at=row.said_at,
        actor_kind=row.actor_kind,
        actor_ref=row.actor_ref,
    )


def _overlap(one: Scope, other: Scope) -> bool:
    return all(not a or not b or a == b for a, b in zip(one, other, strict=True))


def _meet(one: Scope, other: Scope) -> Scope:
    """What two scopes that overlap have in common."""
    return Scope(*(a or b for a, b in zip(one, other, strict=True)))


def _topics_by_purpose(purposes: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for purpose, topic in Topic.objects.filter(purpose_id__in=set(purposes)).order_by("key").values_list("purpose_id", "key"):
        found.setdefault(str(purpose), []).append(topic)
    return found


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
