"""The statements of the one-click path, by hand: what a link is about in one, what it stops in one more.

Everything that a mail program waits for passes here, and most of the time of the usual way goes into building the same statements
anew. Names of tables and columns come from the models.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from django.db import connection, models, transaction
from django.db.models import Subquery

from privacycenter.preferences.domain.suppression import put_on_list
from privacycenter.preferences.enums import POSITIVE, LinkKind, SuppressionReason
from privacycenter.preferences.models import ConsentEvent, LinkToken, Suppression, Topic


class Found(NamedTuple):
    """A link to unsubscribe with what its topic is called today; both empty where the topic is gone."""

    link: LinkToken
    title: str
    purpose: str
    is_off: bool


# What an event and its suppression have in common.
_SHARED = ("party_kind", "party_key_id", "party_hash", "channel", "topic", "actor_kind", "actor_ref")
# In the order of the model: from_db takes them by it.
_COLUMNS = ("id", "party_kind", "party_key_id", "party_hash", "digest", "kind", "topic", "channel", "campaign", "subject_key")


def find(digest: str) -> Found | None:
    """The link to unsubscribe with this digest; what of it is not read here is read when it is asked for.

    `is_off`: the same was said before, and no yes can stand against it. One statement, planned in a moment; one more where it was
    said before.
    """
    with connection.cursor() as cursor:
        cursor.execute(_find_statement(), [SuppressionReason.CHOICE.value, digest, LinkKind.UNSUBSCRIBE.value])
        row = cursor.fetchone()
    if row is None:
        return None
    *columns, title, purpose, said_before = row
    link = LinkToken.from_db(connection.alias, _COLUMNS, columns)
    return Found(link, title or "", purpose or "", said_before is not None and bool(link.topic) and _still_stands(said_before))


def _still_stands(suppression_id: int) -> bool:
    """Whether nobody has said yes to anything since a suppression: whose the address is can't be seen by its hash, and a yes of the
    same person may stand under any other. The newest yes of all stands near the end of the ledger, which is read backwards."""
    newest_yes = ConsentEvent.objects.filter(kind__in=POSITIVE).order_by("-id").values("at")[:1]
    rows = Suppression.objects.filter(pk=suppression_id).values_list("created_at", "repeated_at", Subquery(newest_yes))
    return any(newest is None or newest < (repeated or created) for created, repeated, newest in rows)


def write(event: ConsentEvent) -> None:
    """Store an event that stops something, and the suppression that follows from it, both or neither. A confirmation becomes due.

    On PostgreSQL one statement without a transaction around it. Said before, the suppression notes that it was said again.
    """
    if connection.vendor != "postgresql":
        with transaction.atomic():
            event.save(force_insert=True)
            put_on_list([_suppression_of(event)])
        return
    with connection.cursor() as cursor:
        cursor.execute(_write_statement(), [field.get_db_prep_save(getattr(event, field.attname), connection) for field in _fields()])


def _suppression_of(event: ConsentEvent) -> Suppression:
    shared = {name: getattr(event, name) for name in _SHARED}
    return Suppression(**shared, reason=SuppressionReason.CHOICE, created_at=event.at, source_event=event, is_notice_due=True)


@cache
def _find_statement() -> str:
    quote = connection.ops.quote_name
    link, topic, listed = (quote(model._meta.db_table) for model in (LinkToken, Topic, Suppression))
    columns = ", ".join(f"l.{quote(name)}" for name in _COLUMNS)
    # A suppression is looked up for the one link that was found. As a join, a database without fresh figures about its tables
    # reads every suppression of this reason. Names come from the models, values are parameters.
    return (
        f"SELECT {columns}, t.title, t.purpose_id, (SELECT s.id FROM {listed} s WHERE s.party_hash = l.party_hash "  # noqa: S608
        "AND s.channel = l.channel AND s.topic = l.topic AND s.reason = %s AND s.lifted_at IS NULL) "
        f"FROM {link} l LEFT JOIN {topic} t ON t.key = l.topic WHERE l.digest = %s AND l.kind = %s"
    )


@cache
def _write_statement() -> str:
    table, listed = (connection.ops.quote_name(model._meta.db_table) for model in (ConsentEvent, Suppression))
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in _fields())
    holders = ", ".join("%s" for _ in _fields())
    shared = ", ".join(_SHARED)
    # Names come from the models, values are parameters. What the suppression needs is taken from the event, not sent twice.
    return (
        f"WITH event AS (INSERT INTO {table} ({columns}) VALUES ({holders}) RETURNING id, at, {shared}) "  # noqa: S608
        f"INSERT INTO {listed} ({shared}, reason, source_event_id, created_at, is_notice_due, "
        "evidence, lifted_by_kind, lifted_by_ref, lift_reason, lift_evidence) "
        f"SELECT {shared}, '{SuppressionReason.CHOICE.value}', id, at, TRUE, ''::bytea, '', '', '', ''::bytea FROM event "
        "ON CONFLICT (party_hash, channel, topic, reason) WHERE lifted_at IS NULL DO UPDATE SET repeated_at = EXCLUDED.created_at"
    )


@cache
def _fields() -> tuple[models.Field[Any, Any], ...]:
    return tuple(field for field in ConsentEvent._meta.concrete_fields if not field.primary_key)
