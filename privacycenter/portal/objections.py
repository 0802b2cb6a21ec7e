"""What a person can object to: purposes that rest on legitimate interests (GDPR Art. 21), and what their browser said for them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacycenter.datamap.enums import LegalBasis
from privacycenter.datamap.models import Purpose
from privacycenter.preferences import texts
from privacycenter.preferences.enums import EventKind
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import Party
from privacycenter.preferences.queries import states_of
from privacycenter.preferences.scopes import GPC, Scope

SIGNAL = texts.register(
    "portal.signal",
    gettext_lazy(
        "A browser of yours asked us not to sell or share your data, or use it for targeting (Global Privacy Control), and we noted "
        "that as your objection. You can take it back for your account. A browser that still sends the signal is treated as it asks, "
        "as long as it sends it: there, what is for sale, sharing or targeting stays off."
    ),
)


@dataclass(frozen=True)
class PurposeLine:
    """A purpose that may be objected to. `event` is the objection that stands, None where there is none."""

    purpose: Purpose
    event: ConsentEvent | None

    @property
    def effect(self) -> str:
        """What an objection does, in plain words."""
        if self.purpose.is_direct_marketing:
            return _("This is direct marketing. If you object, it stops at once and stays stopped until you take the objection back.")
        return _(
            "If you object, we stop using your data for this at once. A colleague then weighs your reasons against ours, and tells you."
        )


@dataclass(frozen=True)
class Objections:
    """What the page shows. `signal` is the newest word about Global Privacy Control in the account."""

    purposes: list[PurposeLine]
    signal: ConsentEvent | None

    @property
    def signal_stands(self) -> bool:
        return self.signal is not None and self.signal.kind == EventKind.OBJECTED


def objections_of(party: Party) -> Objections:
    """Every purpose that rests on legitimate interests, and others that the person objected to. Two queries."""
    states = states_of(party)
    stands = {scope.purpose: event for scope, event in states.items() if event.kind == EventKind.OBJECTED and scope == Scope(scope.purpose)}
    purposes = Purpose.objects.filter(Q(legal_basis=LegalBasis.LEGITIMATE_INTERESTS) | Q(key__in=stands)).order_by("position", "key")
    return Objections([PurposeLine(purpose, stands.get(purpose.key)) for purpose in purposes], states.get(Scope(GPC)))


def objection_text(purpose: Purpose) -> str:
    """What a person reads beside the button: the same words as on the page."""
    line = PurposeLine(purpose, None)
    return "\n".join(filter(None, (purpose.title, purpose.description, purpose.balancing_note, line.effect)))
