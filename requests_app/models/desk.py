"""Tools of the desk: stops, holds and views that staff keep."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField


class EmergencyStop(models.Model):
    """While it lasts, no worker touches a source for a request: nothing is read, corrected or erased. An empty source means all."""

    source_key = models.CharField(_("source"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    stopped_at = models.DateTimeField(_("stopped"))
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("stopped by"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("lifted by")
    )

    class Meta:
        verbose_name = _("emergency stop")
        verbose_name_plural = _("emergency stops")
        permissions = [("stop_work", _("Can stop all work on sources, and let it go on"))]
        constraints = [
            models.UniqueConstraint(
                fields=["source_key"],
                condition=Q(lifted_at__isnull=True),
                name="stop_once_per_source",
                violation_error_code="stopped_already",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | Q(lifted_at__gte=F("stopped_at")),
                name="stop_lifted_after_it_began",
                violation_error_code="dates_out_of_order",
            ),
        ]

    def __str__(self) -> str:
        return f"stop #{self.pk}"


class LegalHold(models.Model):
    """Data that must stay for a while although somebody wants it erased (GDPR Art. 17(3)): of one person, of one source, or both."""

    subject = models.ForeignKey(
        "subjects.Subject", models.CASCADE, null=True, blank=True, related_name="legal_holds", verbose_name=_("person")
    )
    source_key = models.CharField(_("source"), max_length=120, blank=True)
    ground = models.CharField(_("ground"), max_length=200)  # the person reads it: no names
    note = EncryptedTextField(_("note for the desk"), null=True, blank=True)
    until = models.DateField(_("until"))
    placed_at = models.DateTimeField(_("placed"))
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("placed by"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        permissions = [("hold_data", _("Can place and lift legal holds"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False) | ~Q(source_key=""), name="hold_of_something", violation_error_code="holds_nothing"
            )
        ]
        indexes = [models.Index(fields=["subject"], name="hold_in_force", condition=Q(lifted_at__isnull=True))]

    def __str__(self) -> str:
        return f"hold #{self.pk}"


class SavedView(models.Model):
    """A way to cut the queue that a member of staff keeps under a name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=300)  # of the address: names and values of filters only

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="view_name_once", violation_error_code="name_taken")]

    def __str__(self) -> str:
        return f"view #{self.pk}"
