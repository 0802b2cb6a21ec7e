"""Limits on the use of data: what ends after its person was told, and reports of children's accounts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.limits.enums import LiftReason, Limit, ReportState
from requests_app.models.request import Request


class Lift(models.Model):
    """The end of a limit, on a day that its person was told beforehand (GDPR Art. 18(3)). Ends never before the mail has left."""

    subject = models.ForeignKey("subjects.Subject", models.CASCADE, related_name="lifts")
    request = models.ForeignKey(
        Request, models.CASCADE, null=True, blank=True, related_name="lifts"
    )  # None: staff limited it by themselves
    limit = models.CharField(_("what ends"), max_length=16, choices=Limit)
    purpose = models.CharField(_("purpose"), max_length=64, blank=True)  # of an objection
    sources = models.JSONField(_("sources"), default=list, blank=True)  # keys, where a part of a restriction ends; empty for all of it
    reason = models.CharField(_("reason"), max_length=32, choices=LiftReason)

    ordered_at = models.DateTimeField(_("decided"))
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    message = models.BigIntegerField(_("message"), null=True, blank=True)  # row of the outbox; None where none could be sent
    told_at = models.DateTimeField(_("person told"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("end of a limit")
        verbose_name_plural = _("ends of limits")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "request", "limit", "purpose"], condition=Q(ended_at__isnull=True), name="limits_one_open_lift"
            )
        ]
        indexes = [
            # what is due to end
            models.Index(fields=["ends_at"], name="limits_lift_due", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["message"], name="limits_lift_message"),
        ]

    def __str__(self) -> str:
        return f"lift #{self.pk}"


class ChildReport(models.Model):
    """What somebody told us about an account that may be a child's. What was typed goes when it is closed."""

    received_at = models.DateTimeField(_("received"))
    account = EncryptedTextField(_("account"), blank=True, null=True)
    words = EncryptedTextField(_("in their words"), blank=True, null=True)
    contact = EncryptedTextField(_("address of who reported"), blank=True, null=True)
    language = models.CharField(_("language"), max_length=16, default="en")
    state = models.CharField(_("state"), max_length=16, choices=ReportState, default=ReportState.NEW)
    request = models.ForeignKey(Request, models.SET_NULL, null=True, blank=True, related_name="child_reports")
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("report of a child's account")
        verbose_name_plural = _("reports of children's accounts")
        permissions = [("decide_childreport", _("Can decide whether a reported person is a child"))]

    def __str__(self) -> str:
        return f"report #{self.pk}"
