"""Where somebody is not written to: put on the list, and taken off it on good ground only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences.enums import OWN_REASONS, Channel, PartyKind, SuppressionReason
from privacycenter.preferences.errors import EvidenceMissing
from privacycenter.preferences.inserting import statement
from privacycenter.preferences.models import ConsentEvent, Suppression
from privacycenter.preferences.parties import Party, PartyHash

# What a channel reaches. A letter needs no identifier that we know: a person's own row covers it.
_REACHES: dict[str, tuple[str, ...]] = {
    "": (PartyKind.EMAIL, PartyKind.PHONE, PartyKind.DEVICE),
    Channel.EMAIL: (PartyKind.EMAIL,),
    Channel.SMS: (PartyKind.PHONE,),
    Channel.PHONE: (PartyKind.PHONE,),
    Channel.PUSH: (PartyKind.DEVICE,),
    Channel.POST: (),
}
# Whose deed a suppression is that soft bounces led to: nobody ever said that the address does not exist.
SOFT_BOUNCES = Actor.system("soft bounces")
# They act for somebody else: on the trail, and with evidence where it goes against what the person said.
OTHERS = frozenset({ActorKind.STAFF, ActorKind.API_CLIENT})


def suppress(
    party: Party,
    *,
    channel: str = "",
    topic: str = "",
    reason: str,
    source_event: ConsentEvent | None = None,
    evidence: str = "",
    notice: bool = False,
    actor: Actor,
    at: datetime | None = None,
) -> int:
    """Put a party on the list for a topic and a channel (empty: all). Answers how many rows say so now, new or not. One statement.

    Rows stand under what the party writes to and every contact that the channel reaches, so that they outlive the person's own row.
    Said again, a row notes when, so that an opt-in between the two counts no more. `notice` has the plain confirmation mailed once,
    to one address. What staff and other systems enter is put on the trail.
    """
    return suppress_topics(
        party,
        channel=channel,
        topics=[topic],
        reason=reason,
        source_event=source_event,
        evidence=evidence,
        notice=notice,
        actor=actor,
        at=at,
    )


@transaction.atomic
def suppress_topics(
    party: Party,
    *,
    channel: str = "",
    topics: Iterable[str],
    reason: str,
    source_event: ConsentEvent | None = None,
    evidence: str = "",
    notice: bool = False,
    actor: Actor,
    at: datetime | None = None,
) -> int:
    """`suppress` for several topics with one statement. `at`: when it was said, by default now."""
    now = at or clock.now()
    rows = [
        Suppression(
            **hashed.columns(),
            channel=channel,
            topic=topic,
            reason=SuppressionReason(reason),
            source_event=source_event,
            created_at=now,
            actor_kind=actor.kind,
            actor_ref=actor.ref,
            evidence=evidence,
        )
        for topic in dict.fromkeys(topics)
        for hashed in hashes_reached(party, channel)
    ]
    if notice and rows:
        _to_be_told(rows).is_notice_due = True
    count = put_on_list(rows)
    if actor.kind in OTHERS:
        record("preferences.suppressed", actor=actor, subject=party.subject_key, reason=str(reason), channel=channel, rows=count)
    return count


def lift(
    party: Party,
    *,
    channel: str = "",
    topic: str = "",
    reason: str,
    evidence: str = "",
    actor: Actor,
) -> int:
    """Take a party off the list for exactly this topic and channel; answers how many rows were lifted. They stay, marked, as evidence.

    `reason` is a short code. The person lifts what they said themselves (a choice, an objection, a complaint), nothing else. Staff
    lift anything, another system not what the law or an undeliverable address put there; both need evidence, save for what staff
    entered. Raises EvidenceMissing.
    """
    with transaction.atomic():
        rows = Suppression.objects.select_for_update().filter(
            party_hash__in=party.digests, channel=channel, topic=topic, lifted_at__isnull=True
        )
        if actor.kind is ActorKind.API_CLIENT:
            rows = rows.filter(Q(reason__in=[*OWN_REASONS, SuppressionReason.STAFF]) | soft_bounces())
        elif not actor.is_staff:
            rows = rows.filter(reason__in=OWN_REASONS)
        if actor.kind in OTHERS and not (reason and evidence) and rows.exclude(reason=SuppressionReason.STAFF).exists():
            raise EvidenceMissing
        count = mark_lifted(rows, reason=reason, evidence=evidence, actor=actor)
        if actor.kind in OTHERS and count:
            record("preferences.suppression_lifted", actor=actor, subject=party.subject_key, reason=reason, channel=channel, rows=count)
    return count


def mark_lifted(rows: QuerySet[Suppression], *, reason: str, evidence: str = "", actor: Actor) -> int:
    """Mark rows as lifted; answers how many. Whether they may be is for the caller to know."""
    return rows.update(
        lifted_at=clock.now(),
        lifted_by_kind=actor.kind,
        lifted_by_ref=actor.ref,
        lift_reason=reason,
        lift_evidence=evidence,
        is_notice_due=False,
    )


def soft_bounces() -> Q:
    """Suppressions of addresses whose mail came back for the time being, again and again."""
    return Q(reason=SuppressionReason.HARD_BOUNCE, actor_kind=SOFT_BOUNCES.kind, actor_ref=SOFT_BOUNCES.ref)


def is_soft_bounce(row: Suppression) -> bool:
    """Whether a suppression is one of those."""
    return (row.reason, row.actor_kind, row.actor_ref) == (SuppressionReason.HARD_BOUNCE, SOFT_BOUNCES.kind, SOFT_BOUNCES.ref)


def hashes_reached(party: Party, channel: str) -> list[PartyHash]:
    """Under which hashes a suppression of this channel is noted."""
    reached = [hashed for hashed in party.contacts if hashed.kind in _REACHES[channel]]
    return list(dict.fromkeys([party.writes_to, *reached]))


def _to_be_told(rows: Sequence[Suppression]) -> Suppression:
    """The row whose party gets the confirmation: an address where there is one, else the person."""
    return next((row for row in rows if row.party_kind == PartyKind.EMAIL), rows[0])


def put_on_list(rows: Sequence[Suppression]) -> int:
    """Insert rows; those that stand already note that it was said again. Django's bulk_create can't name a partial index."""
    if not rows:
        return 0
    sql, parameters = statement(rows)
    table = connection.ops.quote_name(Suppression._meta.db_table)
    again = (
        "ON CONFLICT (party_hash, channel, topic, reason) WHERE lifted_at IS NULL DO UPDATE SET repeated_at = "
        # what is noted late must not make younger what was said since
        f"CASE WHEN EXCLUDED.created_at >= COALESCE({table}.repeated_at, {table}.created_at) "
        f"THEN EXCLUDED.created_at ELSE {table}.repeated_at END"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} {again}", parameters)
        return int(cursor.rowcount)
