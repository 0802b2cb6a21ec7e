"""What becomes of choices when their person is erased: the ledger stays, under hashes; what they said yes to ends."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.preferences import standing, texts
from privacycenter.preferences.domain.ledger import Choice, Presented, new_event
from privacycenter.preferences.enums import EventKind, Method
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of_row
from privacycenter.preferences.queries import scope_of
from privacycenter.preferences.receipts import evidence_hash

TEXT = texts.register("preferences.erased", _("Your data was erased. What you had agreed to ended with it."))
_ACTOR = Actor.system("preferences")


@transaction.atomic
def end_consents(digests: Sequence[str]) -> int:
    """Note the end of every yes that stands under one of these hashes of one person; answers how many. A second time there is none.

    An address that comes in again later must not be written to because of what its owner allowed before. Where a no is newer under
    another of the hashes, the yes is left alone: its end would be newer than that no.
    """
    now = clock.now()
    rows = list(ConsentEvent.objects.filter(party_hash__in=digests).defer("evidence").order_by("id"))
    together = standing.newest_by_scope((scope_of(row), row) for row in rows)
    ending = []
    for digest in dict.fromkeys(row.party_hash for row in rows):
        own = standing.newest_by_scope((scope_of(row), row) for row in rows if row.party_hash == digest)
        ending += [
            (party_of_row(row), scope) for scope, row in own.items() if standing.says(row, now) and standing.says(together[scope], now)
        ]
    if ending:
        shown = Presented(texts.registered(TEXT, language="en"), Method.SYSTEM)
        choices = [(party, Choice(scope, EventKind.EXPIRED, reason="erased")) for party, scope in ending]
        ConsentEvent.objects.bulk_create([new_event(party, choice, shown, _ACTOR, now) for party, choice in choices])
    return len(ending)


def forget_words(events: QuerySet[ConsentEvent]) -> None:
    """Put the hash in place of what staff or another system wrote as evidence: free words, which may name the person."""
    for key in list(events.exclude(evidence=b"").values_list("pk", flat=True)):
        row = ConsentEvent.objects.filter(pk=key)
        try:
            words = str(row.values_list("evidence", flat=True).get())
        except DecryptionFailed:
            row.update(evidence="")  # nobody can read it, and nobody shall one day
        else:
            row.update(evidence=evidence_hash(words))
