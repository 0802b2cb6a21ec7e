"""What rows about a party have in common."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacycenter.preferences.enums import PartyKind


class PartyRow(models.Model):
    """A row about one party: a keyed hash of a subject's public id, an address, a number or a device, and the id of its key."""

    party_kind = models.CharField(_("about"), max_length=16, choices=PartyKind.choices)
    party_key_id = models.CharField(max_length=16)
    party_hash = models.CharField(max_length=64)

    class Meta:
        abstract = True
