"""Choosing: what is said on and off in one go, with everything that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from privacycenter.audit.domain import record
from privacycenter.datamap.models import Purpose
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences import objecting, queries, standing
from privacycenter.preferences.domain.ledger import Choice, Presented, record_choices
from privacycenter.preferences.domain.suppression import mark_lifted, soft_bounces, suppress, suppress_topics
from privacycenter.preferences.enums import OWN_REASONS, POSITIVE, Channel, EventKind, Method, PartyKind, SuppressionReason
from privacycenter.preferences.errors import EvidenceMissing, OnlyOptOut, UnknownPurpose
from privacycenter.preferences.models import ConsentEvent, Suppression, Topic
from privacycenter.preferences.parties import Party
from privacycenter.preferences.scopes import PARTNERS, Scope
from privacycenter.subjects.errors import StaffOnly

# Nobody has shown who they are, yet a yes counts: their own browser's storage, and a link that only the address' owner got.
_ANONYMOUS_YES = frozenset({Method.BANNER, Method.MAILED_CONFIRMATION})


@transaction.atomic
def choose(
    party: Party,
    *,
    on: Iterable[Scope] = (),
    off: Iterable[Scope] = (),
    presented: Presented,
    actor: Actor,
    reason: str = "",
    evidence: str = "",
    valid_until: datetime | None = None,
) -> Sequence[ConsentEvent]:
    """Say yes and no to scopes; answers the events that were written: only what differs from what stands.

    A no to messages becomes suppression rows too; a yes lifts the person's own ones of its scope. What is in both lists is off.
    Raises OnlyOptOut where somebody who has not shown who they are would switch something on, EvidenceMissing for staff.
    """
    wanted_off = list(dict.fromkeys(off))
    wanted_on = [scope for scope in dict.fromkeys(on) if scope not in wanted_off]
    _require_evidence(presented, actor, reason, evidence, switches_on=bool(wanted_on))
    if wanted_on:
        _require_somebody(presented, actor)
    # One moment for all: a no that comes in while this runs is younger than what is written here, and stands.
    now = clock.now()
    states = queries.states_of(party)
    topics = _topics_by_purpose({scope.purpose for scope in (*wanted_on, *wanted_off) if scope.purpose and not scope.topic})
    choices = [
        Choice(scope, EventKind.WITHDRAWN if _any_yes(states, scope, now) else EventKind.REFUSED, None, reason, evidence)
        for scope in wanted_off
        if not _is_no(states, scope, now)
    ]
    if wanted_on:
        _lift_own(party, wanted_on, topics, now, method=presented.method, reason=reason, evidence=evidence, actor=actor)
        left = [row for row in queries.active_suppressions(party) if row.reason in OWN_REASONS]
        for scope in wanted_on:
            is_yes = _is_yes(states, scope, now)
            if not is_yes or any(_stands_against(row, scope, states, now) for row in left) or valid_until is not None:
                choices.append(Choice(scope, EventKind.RENEWED if is_yes else EventKind.GIVEN, valid_until, reason, evidence))
    events = record_choices(party, choices, presented=presented, actor=actor, at=now) if choices else []
    written = {queries.scope_of(event): event for event in events}
    for scope in wanted_off:
        kept = [scope.topic] if scope.topic else topics.get(scope.purpose, [])
        if kept and not scope.service and not scope.recipient:
            suppress_topics(
                party,
                channel=scope.channel,
                topics=kept,
                reason=SuppressionReason.CHOICE,
                source_event=written.get(scope) or standing.deciding(states, scope, now),  # a no that stood already
                evidence=evidence,
                actor=actor,
                at=now,
            )
    if actor.is_staff and events:
        record("preferences.chosen_for", actor=actor, subject=party.subject_key, reason=reason, events=len(events))
    return events


@transaction.atomic
def stop_all_marketing(
    party: Party,
    *,
    presented: Presented,
    actor: Actor,
    reason: str = SuppressionReason.CHOICE,
    notice: bool = False,
    evidence: str = "",
) -> Sequence[ConsentEvent]:
    """Switch off every purpose of direct marketing, on every channel, also for topics that come later. Answers the events.

    With reason "objection" it is one under GDPR Art. 21(2). Essential messages go on.
    """
    now = clock.now()
    states = queries.states_of(party)
    objects = reason == SuppressionReason.OBJECTION
    purposes = Purpose.objects.filter(is_direct_marketing=True).values_list("key", flat=True)
    choices = []
    for scope in (Scope(purpose=key) for key in purposes):
        is_yes = _any_yes(states, scope, now)
        declined = EventKind.WITHDRAWN if is_yes else EventKind.REFUSED
        kind = EventKind.OBJECTED if objects else declined
        if is_yes or not _is_no(states, scope, now) or (objects and not _is_objection(states, scope)):
            choices.append(Choice(scope, kind, None, str(reason) if actor.is_staff else "", evidence))
    events = record_choices(party, choices, presented=presented, actor=actor, at=now) if choices else []
    suppress(party, reason=reason, source_event=events[-1] if events else None, evidence=evidence, notice=notice, actor=actor, at=now)
    if actor.is_staff and events:
        record("preferences.chosen_for", actor=actor, subject=party.subject_key, reason=str(reason), events=len(events))
    return events


@transaction.atomic
def object_to(
    party: Party, purpose: str, *, presented: Presented, actor: Actor, reason: str = "", evidence: str = ""
) -> ConsentEvent | None:
    """Object to a purpose (GDPR Art. 21); None where the objection stands already. It counts at once; whoever assesses it is told.

    Raises UnknownPurpose, EvidenceMissing for staff.
    """
    if not Purpose.objects.filter(key=purpose).exists():
        raise UnknownPurpose
    scope = Scope(purpose=purpose)
    states = queries.states_of(party)
    if _is_objection(states, scope) and not _any_yes(states, scope, clock.now()):
        return None
    event = record_choices(party, [Choice(scope, EventKind.OBJECTED, None, reason, evidence)], presented=presented, actor=actor)[0]
    if topics := queries.topics_of([purpose]):
        suppress_topics(party, topics=topics, reason=SuppressionReason.OBJECTION, source_event=event, evidence=evidence, actor=actor)
    if actor.is_staff:
        record("preferences.chosen_for", actor=actor, subject=party.subject_key, reason=reason, events=1)
    objecting.tell(party, purpose, True, actor)
    return event


@transaction.atomic
def lift_objection(
    party: Party, purpose: str, *, presented: Presented, actor: Actor, reason: str = "", evidence: str = ""
) -> ConsentEvent | None:
    """Take an objection back; None where there is none. A consent given before it does not come to life again.

    Raises OnlyOptOut for somebody who has not shown who they are, EvidenceMissing for staff.
    """
    _require_somebody(presented, actor)
    scope = Scope(purpose=purpose)
    if not _is_objection(queries.states_of(party), scope):
        return None
    event = record_choices(party, [Choice(scope, EventKind.OBJECTION_LIFTED, None, reason, evidence)], presented=presented, actor=actor)[0]
    topics = queries.topics_of([purpose])
    rows = _standing_rows(party).filter(reason=SuppressionReason.OBJECTION, channel="", topic__in=topics)
    mark_lifted(rows, reason=reason or "objection_lifted", evidence=evidence, actor=actor)
    if actor.is_staff:
        record("preferences.chosen_for", actor=actor, subject=party.subject_key, reason=reason, events=1)
    objecting.tell(party, purpose, False, actor)
    return event


def choose_partner(
    party: Party, recipient_key: str, allowed: bool, *, presented: Presented, actor: Actor, reason: str = "", evidence: str = ""
) -> Sequence[ConsentEvent]:
    """Choose whether to deal with a recipient that a person may decline (S-03). Answers the events: none where nothing changes."""
    scope = [Scope(purpose=PARTNERS, recipient=recipient_key)]
    on, off = (scope, []) if allowed else ([], scope)
    return choose(party, on=on, off=off, presented=presented, actor=actor, reason=reason, evidence=evidence)


@transaction.atomic
def invalidate(party: Party, scopes: Iterable[Scope], *, presented: Presented, reason: str, evidence: str, actor: Actor) -> int:
    """Declare consents invalid: something was wrong with how they were obtained. Staff only; answers how many.

    Only a yes that stands can be declared invalid; the person may consent anew. Raises StaffOnly, and
    EvidenceMissing without reason and evidence.
    """
    if not actor.is_staff:
        raise StaffOnly
    if not (reason and evidence):
        raise EvidenceMissing
    states, now = queries.states_of(party), clock.now()
    wrong = [scope for scope in dict.fromkeys(scopes) if scope in states and standing.says(states[scope], now)]
    record_choices(
        party, [Choice(scope, EventKind.INVALIDATED, None, reason, evidence) for scope in wrong], presented=presented, actor=actor
    )
    if wrong:
        record("preferences.invalidated", actor=actor, subject=party.subject_key, reason=reason, events=len(wrong))
    return len(wrong)


def _require_evidence(presented: Presented, actor: Actor, reason: str, evidence: str, *, switches_on: bool) -> None:
    """Before anything is lifted: who acts for somebody else says why, and what shows that the person wants it."""
    is_staff = actor.is_staff or presented.method == Method.STAFF
    if (is_staff or (switches_on and actor.kind is ActorKind.API_CLIENT)) and not (reason and evidence):
        raise EvidenceMissing


def _require_somebody(presented: Presented, actor: Actor) -> None:
    if presented.method == Method.ONE_CLICK or (actor.kind is ActorKind.ANONYMOUS and presented.method not in _ANONYMOUS_YES):
        raise OnlyOptOut


def _is_yes(states: dict[Scope, ConsentEvent], scope: Scope, now: datetime) -> bool:
    event = standing.deciding(states, scope, now)
    return event is not None and event.kind in POSITIVE


def _is_no(states: dict[Scope, ConsentEvent], scope: Scope, now: datetime) -> bool:
    """Whether a no stands for this and everything narrower: a later yes to a part of it must be undone."""
    event = standing.deciding(states, scope, now)
    return event is not None and event.kind not in POSITIVE and not _any_yes(states, scope, now)


def _any_yes(states: dict[Scope, ConsentEvent], scope: Scope, now: datetime) -> bool:
    """Whether a yes stands for this or for any part of it, be it said for the part or for something that reaches into it."""
    parts = {scope, *(part for known in states if (part := scope.common(known)) is not None)}
    return any(_is_yes(states, part, now) for part in parts)


def _is_objection(states: dict[Scope, ConsentEvent], scope: Scope) -> bool:
    event = states.get(scope)
    return event is not None and event.kind == EventKind.OBJECTED


def _topics_by_purpose(purposes: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if purposes:
        for topic in Topic.objects.filter(purpose_id__in=purposes).order_by("key"):
            found.setdefault(str(topic.purpose_id), []).append(topic.key)
    return found


def _standing_rows(party: Party) -> QuerySet[Suppression]:
    """What stands against messages to the party; of a bare address only what stands under it."""
    return Suppression.objects.filter(party_hash__in=[hashed.digest for hashed in party.own], lifted_at__isnull=True)


def _lift_own(
    party: Party,
    scopes: Iterable[Scope],
    topics: dict[str, list[str]],
    now: datetime,
    *,
    method: Method,
    reason: str,
    evidence: str,
    actor: Actor,
) -> None:
    """Lift what the person said themselves until now against exactly these scopes or parts of them, and bounces that are refuted.

    Somebody who confirms by a mail from an address shows that it takes mail; a mailbox that was only full for long is tried again.
    """
    within = Q()
    by_mail = False
    for scope in scopes:
        kept = [scope.topic] if scope.topic else topics.get(scope.purpose, [])
        if kept:
            within |= Q(topic__in=kept, channel=scope.channel) if scope.channel else Q(topic__in=kept)
            by_mail = by_mail or scope.channel in ("", Channel.EMAIL)
    if not within:
        return
    own = Q(reason__in=OWN_REASONS) & within
    if by_mail:
        bounces = Q(reason=SuppressionReason.HARD_BOUNCE, channel=Channel.EMAIL)
        own |= bounces if method == Method.MAILED_CONFIRMATION and party.writes_to.kind == PartyKind.EMAIL else bounces & soft_bounces()
    rows = _standing_rows(party).filter(own).annotate(last_said=Coalesce("repeated_at", "created_at")).filter(last_said__lte=now)
    mark_lifted(rows, reason=reason or str(method), evidence=evidence, actor=actor)


def _stands_against(row: Suppression, scope: Scope, states: dict[Scope, ConsentEvent], now: datetime) -> bool:
    """Whether a suppression still answers for this scope, so that a new yes is needed to outweigh it."""
    if row.topic not in ("", scope.topic) or row.channel not in ("", scope.channel):
        return False
    event = standing.deciding(states, scope, now)
    return event is None or event.at <= row.said_at
