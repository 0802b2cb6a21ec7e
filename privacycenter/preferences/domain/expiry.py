"""Consents that run out. Nothing waits for this: a consent past its end counts as none; here that is written down for the history."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences import texts
from privacycenter.preferences.domain.ledger import Choice, Presented, new_event
from privacycenter.preferences.enums import POSITIVE, EventKind, Method
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of_row
from privacycenter.preferences.queries import scope_of

TEXT = texts.register("preferences.expired", _("What you agreed to was for a limited time, which is over."))
_BATCH = 500
_ACTOR = Actor.system("preferences")


def note_expired() -> int:
    """Write an event for every consent that has run out since; answers how many. Each once; a job sees to it that no two run at a time.

    Batch by batch, so that a run that dies loses nothing.
    """
    count = 0
    while batch := _note_batch():
        count += batch
    return count


@transaction.atomic
def _note_batch() -> int:
    now = clock.now()
    later = ConsentEvent.objects.filter(party_hash=OuterRef("party_hash"), record_id=OuterRef("record_id"), id__gt=OuterRef("id"))
    ended = ConsentEvent.objects.filter(valid_until__lte=now, kind__in=POSITIVE).exclude(Exists(later.exclude(kind=EventKind.REQUESTED)))
    rows = list(ended.defer("evidence").order_by("valid_until", "id")[:_BATCH])
    if rows:
        shown = Presented(texts.registered(TEXT, language="en"), Method.SYSTEM)
        choices = [(party_of_row(row), Choice(scope_of(row), EventKind.EXPIRED, row.valid_until)) for row in rows]
        ConsentEvent.objects.bulk_create([new_event(party, choice, shown, _ACTOR, now) for party, choice in choices])
    return len(rows)
