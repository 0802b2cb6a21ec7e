"""Where somebody is not written to."""

from __future__ import annotations

from privacycenter.preferences.models import Suppression
from privacycenter.preferences.parties import Party


def active_suppressions(party: Party) -> list[Suppression]:
    """Every suppression in force under one of the party's hashes, oldest first. One query."""
    rows = Suppression.objects.filter(party_hash__in=party.digests, lifted_at__isnull=True)
    return list(rows.defer("evidence", "lift_evidence").order_by("id"))
