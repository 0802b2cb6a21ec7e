"""Reads of the room: what somebody chose, where they are not written to, when and how often."""

from __future__ import annotations

from privacycenter.preferences.queries.delivery import Delivery, Frequency, delivery_from, delivery_of
from privacycenter.preferences.queries.states import answer_in, history_of, is_on, scope_of, states_of
from privacycenter.preferences.queries.suppressions import active_suppressions
from privacycenter.preferences.queries.topics import active_topics, topics_of

__all__ = [
    "Delivery",
    "Frequency",
    "active_suppressions",
    "active_topics",
    "answer_in",
    "delivery_from",
    "delivery_of",
    "history_of",
    "is_on",
    "scope_of",
    "states_of",
    "topics_of",
]
