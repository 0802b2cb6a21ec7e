"""Everything a person chose, and what came of it, in one order of time: the ledger, settings, stops by others, messages.

The sources are read newest first, each from the same cursor on, and merged: a page costs a query per source, however long the history is.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import models
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacycenter.mail.enums import MessageState
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.queries import address_hashes, messages_to
from privacycenter.portal.history_words import Words
from privacycenter.preferences.enums import Method
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Suppression
from privacycenter.preferences.parties import Party, party_of
from privacycenter.preferences.queries import answer_in, history_of, states_of
from privacycenter.preferences.scopes import GPC, Scope
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers, public_ids

PAGE_SIZE = 25
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,3})-(\d{1,18})")


class LineKind(models.TextChoices):
    """What the history can be narrowed to."""

    CHOICE = "choices", _("Choices")
    SIGNAL = "signals", _("Browser signals")
    DELIVERY = "settings", _("Settings")
    STOP = "stops", _("Stopped by others")
    MESSAGE = "messages", _("Messages")


class Position(NamedTuple):
    """Where a line stands: by time, then by source, then by row. Newest first is the largest first."""

    at: datetime
    rank: int
    row: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.rank}-{self.row}"

    @classmethod
    def read(cls, cursor: str) -> Position | None:
        """The position that a cursor names; None for anything that is none."""
        found = _CURSOR.fullmatch(cursor)
        if not found:
            return None
        try:
            return cls(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2]), int(found[3]))
        except OverflowError:
            return None


@dataclass(frozen=True)
class Line:
    """One thing that happened, in words. `event_id` is set where there is a receipt."""

    position: Position
    kind: LineKind
    title: str
    detail: str
    icon: str
    event_id: str = ""

    @property
    def at(self) -> datetime:
        return self.position.at

    @property
    def day(self) -> date:
        """The day it happened on, where the reader is."""
        return timezone.localtime(self.at).date()


@dataclass(frozen=True)
class HistoryPage:
    """Some lines of the history; `older` is the cursor of the next page, empty on the last one."""

    lines: list[Line]
    older: str


@dataclass(frozen=True)
class InForce:
    """A yes that counts now, and can be taken back."""

    event: ConsentEvent
    what: str
    detail: str


class _Source(NamedTuple):
    """Rows of one kind: `rows` newest first, each with `moment` and `row`."""

    kinds: frozenset[LineKind]
    rows: Callable[[str], QuerySet[Any, Any]]


def history_page(subject: Subject, *, account_id: int, only: str = "", before: str = "", size: int = PAGE_SIZE) -> HistoryPage:
    """The newest lines before a cursor, all or of one kind. An unreadable cursor is the beginning, an unknown kind is all."""
    only = only if only in LineKind.values else ""
    start = Position.read(before)
    found: list[list[tuple[Position, Any]]] = []
    for rank, source in enumerate(_sources(subject)):
        if only and only not in source.kinds:
            continue
        rows = source.rows(only)
        if start is not None:
            rows = rows.filter(_before(start, rank))
        found.append([(Position(_of(row, "moment"), rank, _of(row, "row")), row) for row in rows.order_by("-moment", "-row")[: size + 1]])
    merged = list(heapq.merge(*found, key=lambda each: each[0], reverse=True))[: size + 1]
    shown = merged[:size]
    words = Words([row for _position, row in shown], account_id=account_id)
    lines = [_line(position, row, words) for position, row in shown]
    return HistoryPage(lines, str(shown[-1][0]) if len(merged) > size else "")


def consents_in_force(subject: Subject, *, account_id: int) -> list[InForce]:
    """Every yes of the person that counts now, newest first."""
    states = states_of(party_of(subject))
    standing = [
        event for scope, event in states.items() if scope.purpose != GPC and answer_in(states, scope) and event.kind in ("given", "renewed")
    ]
    words = Words(standing, account_id=account_id)
    return [InForce(event, words.what(event), words.how(event)) for event in sorted(standing, key=lambda event: event.id, reverse=True)]


def consent_with_record(party: Party, record_id: str) -> tuple[Scope, ConsentEvent] | None:
    """The newest event of one consent record of a party, with its scope."""
    return next(((scope, event) for scope, event in states_of(party).items() if str(event.record_id) == record_id), None)


def _sources(subject: Subject) -> list[_Source]:
    """Where lines come from, in a fixed order: a line's rank is the number of its source."""
    party = party_of(subject)
    here = Q(party_hash__in=party.digests)
    addresses = [value for kind, value in proven_identifiers(subject) if kind == "email"]
    messages = messages_to(subject_keys=public_ids(subject), hashes=address_hashes(addresses))
    return [
        _Source(frozenset({LineKind.CHOICE, LineKind.SIGNAL}), lambda only: _events(party, only)),
        _Source(frozenset({LineKind.DELIVERY}), lambda only: DeliveryChoice.objects.filter(here).annotate(moment=F("at"), row=F("id"))),
        # What the person said themselves stands in the ledger; these are the stops that have no event there.
        _Source(frozenset({LineKind.STOP}), lambda only: _stops(here, "created_at")),
        _Source(frozenset({LineKind.STOP}), lambda only: _stops(here & Q(lifted_at__isnull=False), "lifted_at")),
        *(_Source(frozenset({LineKind.MESSAGE}), lambda only, rows=rows: _sent(rows)) for rows in messages),  # type: ignore[misc]
    ]


def _events(party: Party, only: str) -> QuerySet[ConsentEvent, Any]:
    signal = Q(purpose=GPC) | Q(method=Method.SIGNAL)
    rows = history_of(party)
    if only:
        rows = rows.filter(signal if only == LineKind.SIGNAL else ~signal)
    return rows.annotate(moment=F("at"), row=F("id"))


def _stops(which: Q, moment: str) -> QuerySet[Suppression, Any]:
    """One row for each thing that was said, though it is noted for every address it concerns."""
    said = Suppression.objects.filter(which, source_event__isnull=True)
    return said.values("reason", "topic", "channel", "lift_reason", "actor_kind", moment=F(moment)).annotate(row=Min("id"))


def _sent(rows: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage, Any]:
    return rows.filter(state=MessageState.SENT).defer("to", "subject", "body", "headers").annotate(moment=F("sent_at"), row=F("id"))


def _before(start: Position, rank: int) -> Q:
    """Rows of a source that stand behind a position."""
    if rank > start.rank:
        return Q(moment__lt=start.at)
    if rank < start.rank:
        return Q(moment__lte=start.at)
    return Q(moment__lt=start.at) | Q(moment=start.at, row__lt=start.row)


def _of(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def _line(position: Position, row: Any, words: Words) -> Line:
    if isinstance(row, ConsentEvent):
        is_signal = row.purpose == GPC or row.method == Method.SIGNAL
        kind = LineKind.SIGNAL if is_signal else LineKind.CHOICE
        return Line(position, kind, words.event(row), words.how(row), words.icon(row), str(row.event_id))
    if isinstance(row, DeliveryChoice):
        return Line(position, LineKind.DELIVERY, words.delivery(row), words.how(row), "clock")
    if isinstance(row, OutboxMessage):
        return Line(position, LineKind.MESSAGE, words.message(row), words.why_sent(row), "mail")
    is_lifted = position.rank == 3
    return Line(position, LineKind.STOP, words.stop(row, is_lifted=is_lifted), "", "circle-check" if is_lifted else "octagon-alert")
