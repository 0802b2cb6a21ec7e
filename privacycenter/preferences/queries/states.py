"""What somebody chose, now and at any moment before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import QuerySet

from privacycenter.kernel import clock
from privacycenter.preferences import standing
from privacycenter.preferences.enums import POSITIVE, EventKind
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import Party
from privacycenter.preferences.scopes import Scope

_LAPSED = POSITIVE | {EventKind.EXPIRED, EventKind.INVALIDATED}


def states_of(party: Party, at: datetime | None = None) -> dict[Scope, ConsentEvent]:
    """The newest event of each scope, whichever of the party's hashes it stands under; as it was `at` a moment. One query.

    An event that only asked shows where nothing else happened. Whether a consent has run out meanwhile is for is_on to say.
    """
    events = ConsentEvent.objects.filter(party_hash__in=party.digests).select_related("text").defer("text__text", "evidence")
    if at is not None:
        events = events.filter(at__lte=at)
    return standing.newest_by_scope((scope_of(event), event) for event in events.order_by("id"))


def is_on(party: Party, scope: Scope, at: datetime | None = None) -> bool | None:
    """Whether the party said yes to this, now or `at` a moment; None where nobody ever chose. One query.

    A consent that has run out or was declared invalid is a no, even before the nightly job has written it down.
    """
    return answer_in(states_of(party, at), scope, at)


def answer_in(states: Mapping[Scope, ConsentEvent], scope: Scope, at: datetime | None = None) -> bool | None:
    """`is_on` for states that were read already: for pages that ask about many scopes."""
    event = standing.deciding(states, scope, at or clock.now())
    if event is not None:
        return event.kind in POSITIVE
    lapsed = any(known.covers(scope) and state.kind in _LAPSED for known, state in states.items())
    return False if lapsed else None


def history_of(party: Party) -> QuerySet[ConsentEvent]:
    """Every event about the party, newest first."""
    return ConsentEvent.objects.filter(party_hash__in=party.digests).select_related("text").defer("text__text", "evidence").order_by("-id")


def scope_of(event: ConsentEvent) -> Scope:
    """What an event is about."""
    return Scope(event.purpose, event.topic, event.channel, event.service, event.recipient)
