"""A person's choices in one glance, for the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from privacycenter.kernel import clock
from privacycenter.preferences.enums import Channel, EventKind
from privacycenter.preferences.own_choices import messages_of
from privacycenter.preferences.partners import partner_choices
from privacycenter.preferences.scopes import GPC, PARTNERS, Scope
from privacycenter.subjects.models import Subject

SHOWN = 4  # topics that are named; more are counted


@dataclass(frozen=True)
class Glance:
    """What is on, what is paused, which partners are declined, and whether a signal stands."""

    topics: tuple[str, ...]
    more_count: int
    paused_until: datetime | None
    declined: tuple[str, ...]
    has_signal: bool


def glance_of(subject: Subject) -> Glance:
    """What the gate lets through for this person now. Five queries, one more for who ever chose about a partner."""
    known = messages_of(subject)
    on = [_words(choice.topic.title, choice.on) for choice in known.topics if choice.on]
    until = known.picture.delivery.pause_until
    states = known.picture.states
    partners = partner_choices(states) if any(scope.purpose == PARTNERS for scope in states) else ()
    signal = states.get(Scope(GPC))
    return Glance(
        topics=tuple(on[:SHOWN]),
        more_count=max(0, len(on) - SHOWN),
        paused_until=until if until is not None and until > clock.now() else None,
        declined=tuple(partner.recipient.name for partner in partners if not partner.is_allowed),
        has_signal=signal is not None and signal.kind == EventKind.OBJECTED,
    )


def _words(title: str, channels: frozenset[Channel]) -> str:
    ways = ", ".join(str(channel.label) for channel in Channel if channel in channels)
    return _("%(topic)s (%(ways)s)") % {"topic": title, "ways": ways}
