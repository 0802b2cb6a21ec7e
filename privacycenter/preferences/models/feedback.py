"""What mail servers and e-mail services tell about addresses: bounces, complaints, unsubscribes. By keyed hash."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.preferences.enums import FeedbackKind
from privacycenter.preferences.models.party import PartyRow


class MailFeedback(PartyRow):
    """One report about one address. Its id at the service makes a repetition harmless."""

    service = models.CharField(_("reported by"), max_length=20)  # name of the e-mail service, or "smtp"
    event_id = models.CharField(max_length=64)  # SHA-256 of the id there
    kind = models.CharField(_("what"), max_length=12, choices=FeedbackKind.choices)
    campaign = models.CharField(_("campaign"), max_length=60, blank=True)  # reference of the newest mailing to this address
    happened_at = models.DateTimeField(_("when"))
    received_at = models.DateTimeField(_("reported"))

    class Meta:
        verbose_name = _("report about delivery")
        verbose_name_plural = _("reports about delivery")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FeedbackKind.values), name="preferences_feedback_kind_is_known"),
            models.UniqueConstraint(fields=["service", "event_id"], name="preferences_feedback_once"),
        ]
        indexes = [
            # soft bounces of an address in the last weeks; the export of a person
            models.Index(fields=["party_hash", "id"], name="preferences_feedback_by_party"),
            # figures of a campaign
            models.Index(fields=["campaign", "kind"], condition=~Q(campaign=""), name="preferences_feedback_figures"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
