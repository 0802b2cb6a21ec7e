"""POST decisions/: may data be used?"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from privacycenter.preferences import gate
from privacycenter.preferences.api.base import ClientView
from privacycenter.preferences.api.items import Fault, Item, items_in, read_each
from privacycenter.preferences.api.scopes import GATE_READ
from privacycenter.preferences.api.serializers import KEY, DecisionsIn, DecisionsOut
from privacycenter.preferences.enums import Channel

_CHANNELS = frozenset(Channel.values)


def _question(item: Item) -> gate.Question:
    return gate.Question(
        item.identifier(),
        item.text("purpose", most=KEY, required=True),
        item.text("topic", most=KEY),
        item.text("channel", most=KEY, choices=_CHANNELS),
        item.text("recipient", most=KEY),
    )


class DecisionsView(ClientView):
    scope = GATE_READ

    @extend_schema(operation_id="decisions", request=DecisionsIn, responses=DecisionsOut, tags=["gate"])
    def post(self, request: Any) -> Response:
        """Ask the gate up to 10,000 questions at the moment of use.

        The answers stand in the order of the questions. An answer holds for now: ask again before the next use.
        """
        read = read_each(items_in(request.data, "questions"), _question)
        decisions = gate.may_all(each for each in read if not isinstance(each, Fault))
        words = {id(each.reason): each.reason for each in decisions}  # a few, each to be translated once
        reasons = {key: str(reason) for key, reason in words.items()}
        said = iter(decisions)
        answers = [
            each.answer("questions", index) if isinstance(each, Fault) else _said(next(said), reasons) for index, each in enumerate(read)
        ]
        return Response({"decisions": answers})


def _said(decision: gate.Decision, reasons: dict[int, str]) -> dict[str, Any]:
    return {"allowed": decision.allowed, "rule": decision.rule.value, "reason": reasons[id(decision.reason)], "until": decision.until}
