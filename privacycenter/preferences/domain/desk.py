"""What staff see of somebody's choices: after a reason was given, and on the person's own list of who looked."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.preferences import queries
from privacycenter.preferences.models import ConsentEvent, Suppression
from privacycenter.preferences.parties import Party
from privacycenter.preferences.queries import Delivery
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.domain import name_use
from privacycenter.subjects.errors import StaffOnly


@dataclass(frozen=True)
class ShownChoices:
    """What stands for a party."""

    states: dict[Scope, ConsentEvent]
    suppressions: list[Suppression]
    delivery: Delivery


def show_choices(party: Party, *, reason: str, use: str = "", actor: Actor) -> ShownChoices:
    """What stands for a party, for staff who gave a reason (a short code). The look is on record before anything is shown.

    Where the use of the person's data is restricted, `use` names what the law allows it for. Raises UseMissing, StaffOnly.
    """
    if not actor.is_staff:
        raise StaffOnly
    with transaction.atomic():
        if party.subject is not None:
            name_use(party.subject, use=use, actor=actor)
        record("preferences.choices_shown", actor=actor, subject=party.subject_key, reason=reason)
    return ShownChoices(queries.states_of(party), queries.active_suppressions(party), queries.delivery_of(party))
