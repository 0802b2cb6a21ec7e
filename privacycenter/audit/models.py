"""The trail: entries that nobody can change, and seals that chain them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class TransactionId(models.Func):
    """The database's own transaction id as a column default: it tells which entries are safely committed."""

    output_field = models.BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        return "(pg_current_xact_id()::text::bigint)", []

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[str | int, ...]]:
        return "0", ()  # one writer at a time: what is visible is committed


class AuditEntry(models.Model):
    """One thing that was done. Holds no personal data: keyed references, field names, codes and counts only."""

    at = models.DateTimeField(_("when"))
    verb = models.CharField(_("what"), max_length=80)
    actor_kind = models.CharField(_("who (kind)"), max_length=16)
    actor_ref = models.CharField(_("who"), max_length=64, blank=True)

    # HMAC of the subject's public id under HASH_KEYS: entries can be found for a known person, nobody can be found from an entry.
    subject_key_id = models.CharField(max_length=16, blank=True)
    subject_hash = models.CharField(max_length=64, blank=True)

    ticket = models.CharField(_("request"), max_length=32, blank=True)
    fields = models.JSONField(_("fields"), default=list, blank=True)
    parameters = models.JSONField(_("details"), default=dict, blank=True)

    transaction_id = models.BigIntegerField(db_default=TransactionId(), editable=False)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            # "who looked" of one person, newest first
            models.Index(fields=["subject_hash", "-id"], name="audit_by_subject", condition=~models.Q(subject_hash="")),
            # the trail of one request
            models.Index(fields=["ticket", "id"], name="audit_by_ticket", condition=~models.Q(ticket="")),
        ]

    def __str__(self) -> str:
        return f"{self.verb} #{self.pk}"


class AuditSeal(models.Model):
    """A link of the chain over a range of entries. Made asynchronously, never changed.

    `leaves` holds 16 bytes of SHA-256 per entry, so that verification names the first bad entry. Ids that were handed out
    but not committed when the range was sealed stand in `gaps`; those that commit later are sealed by a later seal, in `late`.
    """

    sealed_at = models.DateTimeField(_("sealed at"))
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    gaps = models.JSONField(default=list)
    late = models.JSONField(default=list)
    leaves = models.BinaryField()
    previous_hash = models.CharField(max_length=64)
    chain_hash = models.CharField(_("chain hash"), max_length=64, unique=True)

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        constraints = [models.UniqueConstraint(fields=["previous_hash"], name="audit_seal_one_successor")]

    def __str__(self) -> str:
        return f"seal #{self.pk}"
