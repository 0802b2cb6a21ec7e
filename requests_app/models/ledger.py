"""What the database knows of the erasure ledger, which lies outside it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from requests_app.enums import LedgerEvent
from requests_app.models.request import Request


class LedgerEntry(models.Model):
    """One entry of the erasure ledger that this database has seen: written when its erasure ran here, or was made again by a replay.

    After a restore of an old backup the ledger outside has entries that no row names: those people must be erased again.
    """

    sequence = models.BigIntegerField(_("number"), unique=True)
    hash = models.CharField(_("hash"), max_length=64)
    event = models.CharField(_("what"), max_length=16, choices=LedgerEvent)
    line = models.TextField(_("entry"))  # as it stands in the ledger: keyed hashes, keys of sources, dates
    key_id = models.CharField(max_length=16, blank=True)  # of HASH_KEYS

    erasure = models.CharField(max_length=40)  # names the plan; the same in both entries of one erasure
    reference = models.CharField(_("reference"), max_length=16)
    request = models.ForeignKey(Request, models.SET_NULL, null=True, blank=True, related_name="ledger_entries")

    at = models.DateTimeField(_("when"))
    gone_by = models.DateTimeField(_("gone from backups by"))
    gone_noted_at = models.DateTimeField(_("noted as gone"), null=True, blank=True)
    replayed_at = models.DateTimeField(_("erased again"), null=True, blank=True)

    class Meta:
        verbose_name = _("entry of the erasure ledger")
        verbose_name_plural = _("entries of the erasure ledger")
        constraints = [
            models.CheckConstraint(
                condition=Q(event__in=LedgerEvent.values), name="ledger_event_known", violation_error_code="unknown_event"
            ),
        ]
        indexes = [
            # whether an erasure is noted already
            models.Index(fields=["erasure"], name="ledger_of_erasure"),
            # what is gone from backups by now and not noted yet
            models.Index(
                fields=["gone_by"], name="ledger_backup_expiry", condition=Q(gone_noted_at__isnull=True, event=LedgerEvent.FINISHED)
            ),
            # which keys of HASH_KEYS are in use
            models.Index(fields=["key_id"], name="ledger_by_key"),
        ]

    def __str__(self) -> str:
        return f"ledger entry #{self.sequence}"
