"""What the events of a ledger come to: pure rules, used for one person's page and for ten thousand questions alike.

The newest event of a scope is its state. For one question, every state whose scope covers it has a say. A yes counts unless
a no stands against it: one that is newer, or that is about something narrower or simply other (no texts at all, against yes to
this topic). So the narrower choice wins over an older broader one, and a later broader no ends narrower ones too. What ran out,
was declared invalid, or is an objection taken back says neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from privacycenter.preferences.enums import NEGATIVE, POSITIVE, EventKind
from privacycenter.preferences.scopes import Scope

# Has `kind`, `id` and `valid_until`: a ConsentEvent or the few columns of one.
AnyEvent = TypeVar("AnyEvent", bound=Any)


def newest_by_scope(events: Iterable[tuple[Scope, AnyEvent]]) -> dict[Scope, AnyEvent]:
    """The newest event of each scope, in whatever order they come. One that only asks counts where there is no other.

    The note that a consent ran out (it bears the end of that consent) is no word against another one that stands: the same person
    may have said yes by a link and after signing in.
    """
    newest: dict[Scope, AnyEvent] = {}
    notes: list[tuple[Scope, AnyEvent]] = []
    for scope, event in events:
        if event.kind == EventKind.EXPIRED and event.valid_until is not None:
            notes.append((scope, event))
            continue
        known = newest.get(scope)
        if known is None or _rank(event) > _rank(known):
            newest[scope] = event
    for scope, note in notes:
        known = newest.get(scope)
        if known is None or (_rank(note) > _rank(known) and not says(known, note.valid_until)):
            newest[scope] = note
    return newest


def says(event: Any, now: datetime) -> bool | None:
    """What an event says as the newest of its scope: yes, no, or neither."""
    if event.kind in POSITIVE:
        return True if event.valid_until is None or event.valid_until > now else None
    return False if event.kind in NEGATIVE else None


def deciding(newest: Mapping[Scope, AnyEvent], question: Scope, now: datetime) -> AnyEvent | None:
    """The event that answers the question, or None where none says anything. The rules stand above."""
    yes: list[tuple[Scope, AnyEvent]] = []
    no: list[tuple[Scope, AnyEvent]] = []
    for scope, event in newest.items():
        if scope.covers(question):
            said = says(event, now)
            if said is not None:
                (yes if said else no).append((scope, event))
    standing = [event for scope, event in yes if not any(_beats(against, scope, event) for against in no)]
    return max(standing or [event for _, event in no], key=lambda event: event.id, default=None)


def _beats(against: tuple[Scope, Any], scope: Scope, event: Any) -> bool:
    their_scope, theirs = against
    return bool(theirs.id > event.id) or not their_scope.covers(scope)


def _rank(event: Any) -> tuple[bool, int]:
    return event.kind != EventKind.REQUESTED, event.id
