"""Who must not be written to: by keyed hash, so that it survives erasure and a new import of the same address."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.preferences.enums import SuppressionReason
from privacycenter.preferences.models.ledger import ConsentEvent
from privacycenter.preferences.models.party import PartyRow


class Suppression(PartyRow):
    """Non-essential messages of this scope are not sent to this party. Lifted rows stay as evidence."""

    channel = models.CharField(_("channel"), max_length=8, blank=True)  # empty: every channel
    topic = models.CharField(_("topic"), max_length=40, blank=True)  # empty: all marketing
    reason = models.CharField(_("reason"), max_length=12, choices=SuppressionReason.choices)

    source_event = models.ForeignKey(ConsentEvent, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("since"))
    repeated_at = models.DateTimeField(_("last said"), null=True, blank=True)  # the same was said again: an opt-in between counts no more
    actor_kind = models.CharField(max_length=16)
    actor_ref = models.CharField(max_length=64, blank=True)
    evidence = EncryptedTextField(blank=True)
    # the plain confirmation to the person is still to be mailed (a periodic task does)
    is_notice_due = models.BooleanField(default=False)

    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by_kind = models.CharField(max_length=16, blank=True)
    lifted_by_ref = models.CharField(max_length=64, blank=True)
    lift_reason = models.CharField(max_length=60, blank=True)  # a code
    lift_evidence = EncryptedTextField(blank=True)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=SuppressionReason.values), name="preferences_suppression_reason_is_known"),
            # also answers "is this address suppressed"
            models.UniqueConstraint(
                fields=["party_hash", "channel", "topic", "reason"],
                condition=Q(lifted_at__isnull=True),
                name="preferences_suppression_once",
            ),
        ]
        indexes = [
            models.Index(fields=["party_hash", "id"], name="preferences_suppr_by_party"),
            models.Index(fields=["id"], condition=Q(is_notice_due=True), name="preferences_suppr_notice"),
            # whether anybody chose about a topic
            models.Index(fields=["topic"], condition=~Q(topic=""), name="preferences_suppr_by_topic"),
            # which keys of HASH_KEYS are in use
            models.Index(fields=["party_key_id"], name="preferences_suppr_by_key"),
        ]

    @property
    def said_at(self) -> datetime:
        """When this was last said."""
        return self.repeated_at or self.created_at

    def __str__(self) -> str:
        return f"suppression #{self.pk}"
