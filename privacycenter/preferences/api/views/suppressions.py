"""POST suppressions/ and suppressions/check/: who is not written to."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from privacycenter.preferences.api.base import ClientView
from privacycenter.preferences.api.items import Fault, Item, items_in, read_each
from privacycenter.preferences.api.scopes import SUPPRESSION
from privacycenter.preferences.api.serializers import (
    ACTIONS,
    EVIDENCE,
    KEY,
    SuppressionChecksIn,
    SuppressionChecksOut,
    SuppressionsIn,
    SuppressionsOut,
)
from privacycenter.preferences.domain.many import ToLift, ToSuppress, check_suppression, lift_many, suppress_many
from privacycenter.preferences.enums import Channel, SuppressionReason
from privacycenter.preferences.errors import EvidenceMissing, UnknownTopic
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import parties_of
from privacycenter.preferences.queries.many import suppressions_of

_CHANNELS = frozenset(Channel.values)
_REASONS = frozenset(SuppressionReason.values)


class _Reader:
    """Reads items; topics are those that exist, also the ones that are no longer offered."""

    def __init__(self) -> None:
        self._topics = frozenset(Topic.objects.values_list("key", flat=True))

    def change(self, item: Item) -> dict[str, Any]:
        found = self.scope(item)
        found["action"] = item.text("action", most=KEY, choices=ACTIONS) or "add"
        found["evidence"] = item.text("evidence", most=EVIDENCE)
        adds = found["action"] == "add"
        found["reason"] = item.text("reason", most=KEY, required=adds, choices=_REASONS)
        try:
            if adds:
                check_suppression(found["reason"], found["evidence"])
            elif not found["evidence"]:
                raise EvidenceMissing
        except EvidenceMissing as error:
            raise Fault(error.code, "evidence", words=str(error)) from None
        return found

    def scope(self, item: Item) -> dict[str, Any]:
        who = item.identifier()
        channel, topic = item.text("channel", most=KEY, choices=_CHANNELS), item.text("topic", most=KEY)
        if topic and topic not in self._topics:
            raise Fault(UnknownTopic.code, "topic", words=UnknownTopic.message)
        return {"who": who, "channel": channel, "topic": topic}


class SuppressionsView(ClientView):
    scope = SUPPRESSION

    @extend_schema(operation_id="suppressions", request=SuppressionsIn, responses=SuppressionsOut, tags=["suppression"])
    def post(self, request: Any) -> Response:
        """Add entries to the list, or lift what a person said themselves.

        Adding is idempotent. The reasons `law` and `staff` need evidence. Lifting needs evidence that the person wants messages again, and
        never takes away bounces, what the law demands or what staff wrote. Within one call all lifting is done first, in whatever order the
        items stand: a no always outweighs a lift beside it.
        """
        read = read_each(items_in(request.data, "suppressions"), _Reader().change)
        good = [each for each in read if not isinstance(each, Fault)]
        parties = parties_of(each["who"] for each in good)
        adding, lifting = [], []
        for each, party in zip(good, parties, strict=True):
            scope = {"party": party, "channel": each["channel"], "topic": each["topic"], "evidence": each["evidence"]}
            if each["action"] == "add":
                adding.append(ToSuppress(reason=each["reason"], **scope))
            else:
                lifting.append(ToLift(**scope))
        with transaction.atomic():
            counts = iter(lift_many(lifting, actor=self.actor))
            suppress_many(adding, actor=self.actor)
        answers: list[dict[str, Any]] = []
        for index, one in enumerate(read):
            if isinstance(one, Fault):
                answers.append(one.answer("suppressions", index))
            elif one["action"] == "add":
                answers.append({"status": "suppressed"})
            else:
                answers.append({"status": "lifted" if next(counts) else "nothing_to_lift"})
        return Response({"suppressions": answers})


class SuppressionChecksView(ClientView):
    scope = SUPPRESSION

    @extend_schema(operation_id="suppressions_check", request=SuppressionChecksIn, responses=SuppressionChecksOut, tags=["suppression"])
    def post(self, request: Any) -> Response:
        """Say where identifiers are not written to, and why. Whether one may be written to, ask `decisions/`: it knows more rules."""
        read = read_each(items_in(request.data, "checks"), _Reader().scope)
        good = [each for each in read if not isinstance(each, Fault)]
        found = iter(suppressions_of(parties_of(each["who"] for each in good)))
        answers = [
            each.answer("checks", index) if isinstance(each, Fault) else _entries(each, next(found)) for index, each in enumerate(read)
        ]
        return Response({"checks": answers})


def _entries(asked: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
    """What stands on the list for the scope that was asked; the same entry under two hashes of one person once."""
    fitting = {
        (row.reason, row.channel, row.topic): row
        for row in reversed(rows)
        if (not asked["channel"] or row.channel in ("", asked["channel"])) and (not asked["topic"] or row.topic in ("", asked["topic"]))
    }
    entries = [
        {"reason": reason, "channel": channel, "topic": topic, "since": row.created_at}
        for (reason, channel, topic), row in reversed(fitting.items())
    ]
    return {"is_suppressed": bool(entries), "entries": entries}
