"""Legal holds: what must stay for a while, with its ground and its end (GDPR Art. 17(3), obligation K-02)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.text import storable
from privacycenter.subjects.models import Subject
from requests_app.domain.people import require_permission
from requests_app.errors import HoldsNothing, ReasonMissing, WrongDate
from requests_app.models import LegalHold

HOLD = "requests_app.hold_data"


def holds_on(subject: Subject | None, source_keys: Iterable[str]) -> dict[str, LegalHold]:
    """The hold that binds each of these sources for this person, the longest where there are several. One query."""
    keys = list(source_keys)
    today = timezone.localdate(clock.now())
    standing = LegalHold.objects.filter(Q(subject=subject) | Q(subject=None), lifted_at=None, until__gte=today)
    found: dict[str, LegalHold] = {}
    for hold in standing.order_by("until", "pk"):
        found |= {key: hold for key in keys if hold.source_key in {"", key}}
    return found


def place_hold(
    *, subject: Subject | None = None, source_key: str = "", ground: str, until: date, note: str = "", actor: Actor
) -> LegalHold:
    """Keep data of a person, of a source, or of a person in a source until a day (included). The person reads the ground.

    Raises NotAllowed, ReasonMissing, HoldsNothing where neither is named, WrongDate for an end that has passed.
    """
    require_permission(actor, HOLD)
    words = storable(ground).strip()[:200]
    if not words:
        raise ReasonMissing
    if subject is None and not source_key:
        raise HoldsNothing
    if until < timezone.localdate(clock.now()):
        raise WrongDate
    with transaction.atomic():
        hold = LegalHold.objects.create(
            subject=subject,
            source_key=source_key,
            ground=words,
            note=storable(note).strip() or None,
            until=until,
            placed_at=clock.now(),
            placed_by_id=int(actor.ref),
        )
        record("requests.hold_placed", actor=actor, subject=_key(subject), source=source_key)
    return hold


def lift_hold(hold: LegalHold, *, actor: Actor) -> None:
    """End a hold before its day. Lifted before, it does nothing. Raises NotAllowed."""
    require_permission(actor, HOLD)
    with transaction.atomic():
        if LegalHold.objects.filter(pk=hold.pk, lifted_at=None).update(lifted_at=clock.now()):
            record("requests.hold_lifted", actor=actor, subject=_key(hold.subject), source=hold.source_key)


def _key(subject: Subject | None) -> str:
    return str(subject.public_id) if subject is not None else ""
