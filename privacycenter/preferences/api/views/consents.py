"""POST consents/ and consents/query/: the ledger for other systems."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from privacycenter.kernel import clock
from privacycenter.kernel.problems import TooLarge
from privacycenter.preferences.api.base import ClientView
from privacycenter.preferences.api.events import event_out, text_out
from privacycenter.preferences.api.items import Fault, Item, items_in, read_each
from privacycenter.preferences.api.scopes import CONSENTS
from privacycenter.preferences.api.serializers import (
    CONSENT_KINDS,
    EVIDENCE,
    KEY,
    ConsentQueriesIn,
    ConsentQueriesOut,
    ConsentsIn,
    ConsentsOut,
)
from privacycenter.preferences.api.text_refs import TextReference, find_texts, read_text
from privacycenter.preferences.domain import Choice, Presented
from privacycenter.preferences.domain.api_answers import Asked, asked, is_same, keep_answers, known_answers
from privacycenter.preferences.domain.many import ToRecord, record_many
from privacycenter.preferences.enums import Channel, EventKind, Method
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import Party, parties_of
from privacycenter.preferences.queries import answer_in, scope_of
from privacycenter.preferences.queries.many import histories_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.standing import newest_by_scope
from privacycenter.preferences.texts import ShownText

CALL = "consents"
MOST_HISTORIES, MOST_EVENTS = 100, 1_000
_CHANNELS = frozenset(Channel.values)
_KINDS = frozenset(CONSENT_KINDS)


@dataclass(frozen=True)
class _Said:
    """One item of consents/, read."""

    who: tuple[str, str]
    choice: Choice
    text: TextReference
    control: str
    page: str
    key: str


def _scope(item: Item, *, service: str = "") -> Scope:
    return Scope(
        item.text("purpose", most=KEY, required=True),
        item.text("topic", most=KEY),
        item.text("channel", most=KEY, choices=_CHANNELS),
        service,
        item.text("recipient", most=KEY),
    )


def _said(item: Item) -> _Said:
    who, scope = item.identifier(), _scope(item)
    kind = EventKind(item.text("kind", most=KEY, required=True, choices=_KINDS))
    page = item.text("page", most=120)
    if "?" in page or "#" in page:
        raise Fault("not_a_path", "page", words=_("Give the path alone: queries may hold personal data."))
    valid_until = item.moment("valid_until")
    if valid_until is not None and valid_until <= clock.now():
        raise Fault("in_the_past", "valid_until", words=_("This moment is over."))
    choice = Choice(scope, kind, valid_until, evidence=item.text("evidence", most=EVIDENCE))
    return _Said(who, choice, read_text(item.inner("text")), item.text("control", most=60), page, item.text("idempotency_key", most=120))


class ConsentsView(ClientView):
    scope = CONSENTS

    @extend_schema(operation_id="consents", request=ConsentsIn, responses=ConsentsOut, tags=["consents"])
    def post(self, request: Any) -> Response:
        """Record what people said in another system, each event with the exact words they were shown.

        A no takes effect at once, as a suppression too. A yes of somebody who said no here needs `evidence`; without it the item is
        refused as `opted_out`. Events can't be changed or taken back; record what happened next instead.
        """
        items = items_in(request.data, "consents")
        read = read_each(items, _said)
        try:
            answers = self._record(items, read)
        except IntegrityError:  # the same keys in another call at the same time: now its answers are there
            answers = self._record(items, read)
        return Response({"consents": [each.answer(CALL, index) if isinstance(each, Fault) else each for index, each in enumerate(answers)]})

    @transaction.atomic
    def _record(self, items: list[Any], read: list[_Said | Fault]) -> list[dict[str, Any] | Fault]:
        answers: dict[int, dict[str, Any] | Fault] = {index: each for index, each in enumerate(read) if isinstance(each, Fault)}
        keyed = {index: asked(index, each.key, items[index]) for index, each in enumerate(read) if not isinstance(each, Fault) and each.key}
        client_id = self.request.user.client_id
        before = known_answers(client_id, CALL, [item.key for item in keyed.values()])
        first: dict[str, Asked] = {}
        again: dict[int, Asked] = {}  # the same key twice in one call: answered like the first
        for index, item in keyed.items():
            if item.key in before:
                row = before[item.key]
                answers[index] = {**row.answer, "is_repeat": True} if is_same(row, item) else _reused()
            elif item.key in first:
                if first[item.key].content == item.content:
                    again[index] = first[item.key]
                else:
                    answers[index] = _reused()
            else:
                first[item.key] = item
        new = {
            index: each for index, each in enumerate(read) if index not in answers and index not in again and not isinstance(each, Fault)
        }
        texts = find_texts({each.text for each in new.values()})
        for index, each in new.items():
            found = texts[each.text]
            if isinstance(found, Fault):
                answers[index] = found
        written = self._write({index: each for index, each in new.items() if index not in answers}, texts)
        keep_answers(
            client_id, CALL, [(keyed[index], done) for index, done in written.items() if index in keyed and isinstance(done, dict)]
        )
        answers |= written
        for index, item in again.items():
            done = answers[item.index]
            answers[index] = {**done, "is_repeat": True} if isinstance(done, dict) else done
        return [answers[index] for index in range(len(items))]

    def _write(self, new: dict[int, _Said], texts: dict[TextReference, ShownText | Fault]) -> dict[int, dict[str, Any] | Fault]:
        entries = []
        parties: list[Party] = parties_of(each.who for each in new.values())
        for each, party in zip(new.values(), parties, strict=True):
            text = texts[each.text]
            assert isinstance(text, ShownText)
            entries.append(ToRecord(party, each.choice, Presented(text, Method.API, each.control, each.page)))
        written: dict[int, dict[str, Any] | Fault] = {}
        for index, entry, result in zip(new, entries, record_many(entries, actor=self.actor), strict=True):
            if isinstance(result, ConsentEvent):
                written[index] = {
                    "event_id": str(result.event_id),
                    "receipt_sha256": result.receipt_sha256,
                    "at": result.at.isoformat().replace("+00:00", "Z"),
                    "text": text_out(entry.presented.text),
                    "is_repeat": False,
                }
            else:
                written[index] = Fault(result.code, words=str(result))
        return written


def _reused() -> Fault:
    return Fault("idempotency_key_reused", "idempotency_key", words=_("This key was used for something else."))


@dataclass(frozen=True)
class _Query:
    """One item of consents/query/, read."""

    who: tuple[str, str]
    scope: Scope
    at: datetime | None
    history: bool


def _query(item: Item) -> _Query:
    return _Query(item.identifier(), _scope(item, service=item.text("service", most=KEY)), item.moment("at"), item.flag("history"))


class ConsentQueriesView(ClientView):
    scope = CONSENTS

    @extend_schema(operation_id="consents_query", request=ConsentQueriesIn, responses=ConsentQueriesOut, tags=["consents"])
    def post(self, request: Any) -> Response:
        """Ask what people chose, now or at any moment before.

        `is_on` follows from everything that covers the question: a choice for all topics answers for one. Whether data may be used now,
        ask `decisions/`: consent is one of its rules.
        """
        read = read_each(items_in(request.data, "queries"), _query)
        good = [each for each in read if not isinstance(each, Fault)]
        if sum(each.history for each in good) > MOST_HISTORIES:
            raise TooLarge(_("At most %(most)s histories in one call.") % {"most": MOST_HISTORIES})
        found = iter(histories_of(parties_of(each.who for each in good)))
        answers = [
            each.answer("queries", index) if isinstance(each, Fault) else _state(each, next(found)) for index, each in enumerate(read)
        ]
        return Response({"queries": answers})


def _state(query: _Query, events: list[ConsentEvent]) -> dict[str, Any]:
    if query.at is not None:
        events = [event for event in events if event.at <= query.at]
    states = newest_by_scope((scope_of(event), event) for event in events)
    newest = states.get(query.scope)
    answer: dict[str, Any] = {"is_on": answer_in(states, query.scope, query.at), "event": event_out(newest) if newest else None}
    if query.history:
        about = [event for event in events if query.scope.covers(scope_of(event)) or scope_of(event).covers(query.scope)]
        answer["events"] = [event_out(event) for event in reversed(about[-MOST_EVENTS:])]
    return answer
