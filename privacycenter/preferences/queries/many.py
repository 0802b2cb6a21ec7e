"""What thousands of parties chose, and where they are not written to: one query each, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from privacycenter.preferences import among  # noqa: F401 - registers the look-up
from privacycenter.preferences.models import ConsentEvent, Suppression
from privacycenter.preferences.parties import Party


def histories_of(parties: Sequence[Party], at: datetime | None = None) -> list[list[ConsentEvent]]:
    """The events of each party, oldest first, as they were `at` a moment. One query."""
    rows = ConsentEvent.objects.filter(party_hash__among=_digests(parties)).select_related("text").defer("text__text", "evidence")
    if at is not None:
        rows = rows.filter(at__lte=at)
    found: dict[str, list[ConsentEvent]] = defaultdict(list)
    for event in rows.order_by("id"):
        found[event.party_hash].append(event)
    return [sorted((event for digest in party.digests for event in found.get(digest, ())), key=lambda event: event.pk) for party in parties]


def suppressions_of(parties: Sequence[Party], *, lock: bool = False) -> list[list[Suppression]]:
    """The suppressions in force of each party, oldest first. One query. `lock` keeps the rows from others until the transaction ends."""
    rows = Suppression.objects.filter(party_hash__among=_digests(parties), lifted_at__isnull=True).defer("evidence", "lift_evidence")
    if lock:
        rows = rows.select_for_update()
    found: dict[str, list[Suppression]] = defaultdict(list)
    for row in rows.order_by("id"):
        found[row.party_hash].append(row)
    return [sorted((row for digest in party.digests for row in found.get(digest, ())), key=lambda row: row.pk) for party in parties]


def _digests(parties: Iterable[Party]) -> list[str]:
    return sorted({digest for party in parties for digest in party.digests})
