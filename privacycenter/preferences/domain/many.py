"""Verbs for thousands of parties at once, as other systems use them: the same rules as for one, with a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from privacycenter.audit.domain import record
from privacycenter.datamap.models import Purpose, Recipient
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.preferences import standing, texts
from privacycenter.preferences.domain.ledger import Choice, Presented, new_event
from privacycenter.preferences.domain.suppression import OTHERS, hashes_reached, is_soft_bounce, put_on_list
from privacycenter.preferences.enums import NEGATIVE, OWN_REASONS, POSITIVE, EventKind, Method, SuppressionReason
from privacycenter.preferences.errors import EvidenceMissing, OptedOut, UnknownPurpose, UnknownRecipient, UnknownTopic
from privacycenter.preferences.models import ConsentEvent, Suppression, Topic
from privacycenter.preferences.parties import Party
from privacycenter.preferences.queries import scope_of
from privacycenter.preferences.queries.many import histories_of, suppressions_of
from privacycenter.preferences.scopes import PARTNERS, Scope

_CHUNK = 1_000
# Said by somebody other than the person: it needs a ground that can be shown later.
_NEEDS_EVIDENCE = frozenset({SuppressionReason.LAW, SuppressionReason.STAFF})
_LIFTED = ["lifted_at", "lifted_by_kind", "lifted_by_ref", "lift_reason", "lift_evidence", "is_notice_due"]
TEXT = texts.register(
    "preferences.told", _("Another service told us that the person does not want these messages: they unsubscribed there, or reported one.")
)
_AFTER_ALL = 2**62  # where events of this call stand among those that have an id


class _Said(NamedTuple):
    """The columns of an event that decide."""

    id: int
    kind: str
    at: datetime
    valid_until: datetime | None


@dataclass(frozen=True)
class ToSuppress:
    """One entry for the list. `topic` and `channel` empty: all."""

    party: Party
    reason: str
    channel: str = ""
    topic: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class ToLift:
    """One entry to be taken off the list: exactly this topic and channel."""

    party: Party
    evidence: str
    channel: str = ""
    topic: str = ""


@dataclass(frozen=True)
class ToRecord:
    """One event for the ledger."""

    party: Party
    choice: Choice
    presented: Presented


def check_suppression(reason: str, evidence: str) -> None:
    """Raises EvidenceMissing where the reason needs evidence."""
    if reason in _NEEDS_EVIDENCE and not evidence:
        raise EvidenceMissing


@transaction.atomic
def suppress_many(entries: Iterable[ToSuppress], *, actor: Actor) -> int:
    """Put many parties on the list; answers how many rows say so now. Raises EvidenceMissing.

    What the person said themselves (a choice, an objection, a complaint) stands in the ledger, too, where it changes something.
    """
    entries = list(entries)
    if not entries:
        return 0
    for entry in entries:
        check_suppression(entry.reason, entry.evidence)
    now = clock.now()
    count = _put([(entry, event, now) for entry, event in zip(entries, _say_no(entries, actor, now), strict=True)], actor)
    if actor.kind in OTHERS:
        record("preferences.suppressed", actor=actor, reason=" ".join(sorted({entry.reason for entry in entries})), channel="", rows=count)
    return count


@transaction.atomic
def lift_many(entries: Sequence[ToLift], *, actor: Actor) -> list[int]:
    """Take many parties off the list; answers for each how many rows were lifted.

    What the person said themselves, and what soft bounces led to; only with evidence that they want it. A hard bounce, the law and what
    staff wrote stay. Raises EvidenceMissing.
    """
    if not all(entry.evidence for entry in entries):
        raise EvidenceMissing
    now = clock.now()
    counts, changed = [], {}
    for entry, rows in zip(entries, suppressions_of([entry.party for entry in entries], lock=True), strict=True):
        fitting = [
            row
            for row in rows
            if (row.reason in OWN_REASONS or is_soft_bounce(row))
            and (row.channel, row.topic) == (entry.channel, entry.topic)
            and row.said_at <= now
            and row.pk not in changed
        ]
        for row in fitting:
            changed[row.pk] = _mark(row, entry.evidence, actor, now)
        counts.append(len(fitting))
    _save_lifted(changed.values(), actor)
    return counts


@transaction.atomic
def record_many(entries: Sequence[ToRecord], *, actor: Actor) -> list[ConsentEvent | PrivacyCenterError]:
    """Write many events; answers each, or in its place why it was not written.

    A no becomes suppressions too. A yes against a no of the person needs evidence: without it the answer is OptedOut, with it what
    stood against exactly this scope or a part of it is lifted; what is broader stays, and is outweighed for this scope. Events of one
    call follow each other in the order given, a microsecond apart.
    """
    purposes = {PARTNERS, *Purpose.objects.values_list("key", flat=True)}
    topics: dict[str, str] = dict(Topic.objects.values_list("key", "purpose__key"))
    recipients = set(Recipient.objects.values_list("key", flat=True)) if any(each.choice.scope.recipient for each in entries) else set()
    results: list[ConsentEvent | PrivacyCenterError] = []
    now = clock.now()
    said = _already_said(entries)
    lifted: dict[int, Suppression] = {}
    listed: list[tuple[ToSuppress, ConsentEvent | None, datetime]] = []
    for entry in entries:
        scope = entry.choice.scope
        if unknown := _unknown(scope, purposes, topics, recipients):
            results.append(unknown)
            continue
        at = now + timedelta(microseconds=len(results))
        # one key for all items of the same party, so that a later one sees what an earlier one said
        events, rows = said.setdefault(entry.party.writes_to.digest, ([], []))
        about = [scope.topic] if scope.topic else sorted(key for key, purpose in topics.items() if purpose == scope.purpose)
        if entry.choice.kind in POSITIVE:
            decides = standing.deciding(standing.newest_by_scope(events), scope, now)
            against = [row for row in rows if row.pk not in lifted and _stands_against(row, scope, about, decides)]
            if not entry.choice.evidence and (against or (decides is not None and decides.kind not in POSITIVE)):
                results.append(OptedOut())
                continue
            within = [row for row in against if _is_within(row, scope, about) and row.said_at <= now]
            lifted.update({row.pk: _mark(row, entry.choice.evidence, actor, now) for row in within})
        event = new_event(entry.party, entry.choice, entry.presented, actor, at)
        events.append((scope, _Said(_AFTER_ALL + len(results), entry.choice.kind, at, event.valid_until)))
        results.append(event)
        if entry.choice.kind in NEGATIVE and not scope.service and not scope.recipient:
            reason = SuppressionReason.OBJECTION if entry.choice.kind == EventKind.OBJECTED else SuppressionReason.CHOICE
            for topic in about:
                listed.append((ToSuppress(entry.party, reason, scope.channel, topic, entry.choice.evidence), event, at))
    ConsentEvent.objects.bulk_create([event for event in results if isinstance(event, ConsentEvent)])
    _save_lifted(lifted.values(), actor)
    _put(listed, actor)
    return results


def _unknown(scope: Scope, purposes: set[str], topics: dict[str, str], recipients: set[str]) -> PrivacyCenterError | None:
    """What of a scope does not exist, as the error to answer."""
    if scope.purpose not in purposes:
        return UnknownPurpose()
    if scope.topic and topics.get(scope.topic) != scope.purpose:
        return UnknownTopic()
    return UnknownRecipient() if scope.recipient and scope.recipient not in recipients else None


def _already_said(entries: Sequence[ToRecord]) -> dict[str, tuple[list[tuple[Scope, _Said]], list[Suppression]]]:
    """What stands of the parties of whom a yes is to be written. Two queries, none where there is no yes."""
    parties = {each.party.writes_to.digest: each.party for each in entries if each.choice.kind in POSITIVE}
    if not parties:
        return {}
    asked = list(parties.values())
    rows = suppressions_of(asked, lock=True)
    return dict(zip(parties, zip(_said_by(asked), rows, strict=True), strict=True))


def _said_by(parties: Sequence[Party]) -> list[list[tuple[Scope, _Said]]]:
    return [[(scope_of(each), _Said(each.pk, each.kind, each.at, each.valid_until)) for each in events] for events in histories_of(parties)]


def _say_no(entries: Sequence[ToSuppress], actor: Actor, now: datetime) -> list[ConsentEvent | None]:
    """Write what people said themselves, and answer the event of each entry: none where it is not theirs, or says nothing new."""
    own = [entry for entry in entries if entry.reason in OWN_REASONS]
    if not own:
        return [None] * len(entries)
    marketing = sorted(Purpose.objects.filter(is_direct_marketing=True).values_list("key", flat=True))
    topics: dict[str, str] = dict(Topic.objects.values_list("key", "purpose__key"))
    shown = Presented(texts.registered(TEXT, language="en"), Method.API)
    parties = {entry.party.writes_to.digest: entry.party for entry in own}
    said = dict(zip(parties, _said_by(list(parties.values())), strict=True))
    written: list[ConsentEvent] = []
    answers: list[ConsentEvent | None] = []
    for entry in entries:
        event = None
        if entry.reason in OWN_REASONS:
            events = said[entry.party.writes_to.digest]
            for purpose in marketing if not entry.topic else [topics[entry.topic]] if entry.topic in topics else []:
                scope = Scope(purpose, entry.topic, entry.channel)
                kind = _no_to(scope, events, now, objects=entry.reason == SuppressionReason.OBJECTION)
                if kind is None:
                    continue
                event = new_event(entry.party, Choice(scope, kind, None, entry.reason, entry.evidence), shown, actor, now)
                written.append(event)
                events.append((scope, _Said(_AFTER_ALL + len(written), kind, now, None)))
        answers.append(event)
    ConsentEvent.objects.bulk_create(written)
    return answers


def _no_to(scope: Scope, events: Sequence[tuple[Scope, _Said]], now: datetime, *, objects: bool) -> EventKind | None:
    """What kind of event says no to a scope; None where that stands already, for it and all within it."""
    states = standing.newest_by_scope(events)
    decides = standing.deciding(states, scope, now)
    asked = {scope, *(part for known in states if (part := scope.common(known)) is not None)}
    is_yes = any(event is not None and event.kind in POSITIVE for event in (standing.deciding(states, each, now) for each in asked))
    if objects:
        return EventKind.OBJECTED if is_yes or decides is None or decides.kind != EventKind.OBJECTED else None
    if is_yes:
        return EventKind.WITHDRAWN
    return EventKind.REFUSED if decides is None else None


def _stands_against(row: Suppression, scope: Scope, about: Sequence[str], decides: _Said | None) -> bool:
    """Whether the person's own no answers for this scope or a part of it, and no yes was said since."""
    if row.reason not in OWN_REASONS or row.topic not in ("", *about) or (scope.channel and row.channel not in ("", scope.channel)):
        return False
    return _is_within(row, scope, about) or decides is None or decides.kind not in POSITIVE or decides.at <= row.said_at


def _is_within(row: Suppression, scope: Scope, about: Sequence[str]) -> bool:
    return row.topic in about and (not scope.channel or row.channel == scope.channel)


def _mark(row: Suppression, evidence: str, actor: Actor, now: datetime) -> Suppression:
    row.lifted_at, row.lifted_by_kind, row.lifted_by_ref = now, actor.kind, actor.ref
    row.lift_reason, row.lift_evidence, row.is_notice_due = "api", evidence, False
    return row


def _save_lifted(rows: Iterable[Suppression], actor: Actor) -> None:
    changed = list(rows)
    if changed:
        Suppression.objects.bulk_update(changed, _LIFTED, batch_size=_CHUNK)
        record("preferences.suppressions_lifted", actor=actor, rows=len(changed))


def _put(entries: Iterable[tuple[ToSuppress, ConsentEvent | None, datetime]], actor: Actor) -> int:
    rows: dict[tuple[str, ...], Suppression] = {}
    for entry, event, at in entries:
        for hashed in hashes_reached(entry.party, entry.channel):
            # said twice in one call is said once: one statement can't write a row twice
            rows[(hashed.digest, entry.channel, entry.topic, entry.reason)] = Suppression(
                **hashed.columns(),
                channel=entry.channel,
                topic=entry.topic,
                reason=entry.reason,
                source_event=event,
                created_at=at,
                actor_kind=actor.kind,
                actor_ref=actor.ref,
                evidence=entry.evidence,
            )
    values = list(rows.values())
    return sum(put_on_list(values[start : start + _CHUNK]) for start in range(0, len(values), _CHUNK))
