"""What another system may know of a request it filed: whether it was confirmed, is being worked on, was answered or ended.

Not how it was answered, and not how its work went: whether anything is held about somebody is for that person alone. What was set aside
because the person had another request open, and what was declined, looks like one that nobody confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from privacycenter.kernel import clock
from requests_app.enums import Outcome, Status, ToldOutcome, ToldStatus
from requests_app.models import Request
from requests_app.transitions import Event

CONFIRM_WITHIN_DAYS = 14  # the person reads of it when they read their mail

CONFIRMED = "confirmed"
ANSWERED = "answered"
REOPENED = "reopened"
ENDED = "ended"
_EVENTS = {
    Event.PROVE: CONFIRMED,
    Event.MATCH: CONFIRMED,
    Event.REOPEN: REOPENED,
    Event.GRANT_REVIEW: REOPENED,
    Event.WITHDRAW: ENDED,
    Event.LAPSE: ENDED,
}
_SILENT = frozenset({Event.SET_ASIDE, Event.EXPIRE, Event.DECLINE})
_UNCONFIRMED = frozenset({Outcome.DUPLICATE, Outcome.NOT_VERIFIED})


@dataclass(frozen=True)
class Told:
    """Where a request stands, as another system reads it."""

    status: str
    outcome: str = ""
    due_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None


def told_of(request: Request) -> Told:
    """Where it stands now."""
    unconfirmed_until = request.received_at + timedelta(days=CONFIRM_WITHIN_DAYS)
    if request.outcome in _UNCONFIRMED and clock.now() < unconfirmed_until:
        return Told(ToldStatus.RECEIVED)
    if request.outcome in _UNCONFIRMED:
        return Told(ToldStatus.CLOSED, ToldOutcome.ENDED, closed_at=unconfirmed_until)
    if request.status == Status.RECEIVED:
        return Told(ToldStatus.RECEIVED)
    if request.outcome == Outcome.WITHDRAWN:
        return Told(ToldStatus.CLOSED, ToldOutcome.ENDED, request.due_at, closed_at=request.closed_at)
    if request.status in Status.ANSWERED:
        # A copy that waits to be fetched is closed here like an answer in words: which of the two it was says what is held.
        return Told(ToldStatus.CLOSED, ToldOutcome.ANSWERED, request.due_at, request.answered_at, request.answered_at)
    return Told(ToldStatus.IN_PROGRESS, due_at=request.due_at)


def events_told(request: Request, events: Sequence[str]) -> list[str]:
    """What another system is told of moves that a request has just made."""
    found = [_EVENTS[event] for event in map(Event, events) if event in _EVENTS]
    if Event.DECLINE in events and clock.now() >= request.received_at + timedelta(days=CONFIRM_WITHIN_DAYS):
        found.append(ENDED)  # else when one that nobody confirmed ends
    answers = [event for event in events if event not in _EVENTS and event not in _SILENT]
    if answers and request.status in Status.ANSWERED and request.outcome != Outcome.WITHDRAWN:
        found.append(ANSWERED)
    return found
