"""Writing the consent ledger: one plain insert per event."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.enums import EventKind, Method
from privacycenter.preferences.errors import EvidenceMissing
from privacycenter.preferences.inserting import insert
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import Party
from privacycenter.preferences.receipts import receipt_of, sha256_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.texts import ShownText


@dataclass(frozen=True)
class Presented:
    """How a choice was put to somebody: the text, the method, the control they used and the page (a path without tokens)."""

    text: ShownText
    method: Method
    control: str = ""
    page: str = ""


@dataclass(frozen=True)
class Choice:
    """One event to be written. `reason` (a short code) and `evidence` are required of staff."""

    scope: Scope
    kind: EventKind
    valid_until: datetime | None = None
    reason: str = ""
    evidence: str = ""


def record_choice(party: Party, choice: Choice, *, presented: Presented, actor: Actor) -> ConsentEvent:
    """Write one event of the ledger. One INSERT. Raises EvidenceMissing for staff without reason or evidence."""
    event = new_event(party, choice, presented, actor, clock.now())
    insert(event)
    return event


def record_choices(
    party: Party, choices: Iterable[Choice], *, presented: Presented, actor: Actor, at: datetime | None = None
) -> Sequence[ConsentEvent]:
    """Write several events of one party, all of the same moment (`at`, by default now), with one statement. Raises EvidenceMissing."""
    now = at or clock.now()
    return ConsentEvent.objects.bulk_create([new_event(party, choice, presented, actor, now) for choice in choices])


def new_event(party: Party, choice: Choice, presented: Presented, actor: Actor, at: datetime) -> ConsentEvent:
    """An event with its receipt, not yet written. Raises EvidenceMissing."""
    if (actor.is_staff or presented.method == Method.STAFF) and not (choice.reason and choice.evidence):
        raise EvidenceMissing
    event = ConsentEvent(
        event_id=uuid.uuid4(),
        record_id=choice.scope.record_id(party.writes_to.digest),
        **party.writes_to.columns(),
        kind=choice.kind,
        **choice.scope._asdict(),
        text_id=presented.text.id,
        method=presented.method,
        control=presented.control,
        page=presented.page,
        actor_kind=actor.kind,
        actor_ref=actor.ref,
        at=at,
        valid_until=choice.valid_until,
        reason=choice.reason,
        evidence=choice.evidence,
    )
    event.receipt_sha256 = sha256_of(receipt_of(event, presented.text))
    return event
