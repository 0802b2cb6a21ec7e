"""The plan of an erasure, its steps, and what became of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.enums import ErasureStepStatus, KeepGround
from requests_app.models.request import Request


class ErasurePlan(models.Model):
    """What an erasure would do, as it was found at one moment. Whoever approves names its digest; other facts make another plan."""

    request = models.ForeignKey(Request, models.CASCADE, related_name="erasure_plans")
    digest = models.CharField(_("digest"), max_length=64)
    identifiers = models.CharField(max_length=64, blank=True)  # SHA-256 over keyed hashes of what the person is known by
    created_at = models.DateTimeField(_("made"))
    superseded_at = models.DateTimeField(_("replaced"), null=True, blank=True)
    changes = models.JSONField(_("changes to the plan before"), default=list, blank=True)  # [source key, what]
    obstacle = models.CharField(_("obstacle"), max_length=64, blank=True)  # a code of the source that has one

    # Two people, where the setting wants them: one proposes, another approves.
    proposed_at = models.DateTimeField(_("proposed"), null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("proposed by")
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    cooling_until = models.DateTimeField(_("can be stopped until"), null=True, blank=True)
    waits_for = models.CharField(_("waits for"), max_length=32, blank=True)  # why it has not begun although its days are over

    begun_at = models.DateTimeField(_("begun"), null=True, blank=True)
    # Where the confirmation goes: captured before anything is erased, and gone once that mail is queued.
    contact = EncryptedTextField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    certificate = models.TextField(_("certificate"), blank=True)  # canonical JSON without personal data
    signature = models.CharField(max_length=120, blank=True)  # Ed25519 over the certificate's bytes, Base64
    token_digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the token in the link to the certificate
    token_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("erasure plan")
        verbose_name_plural = _("erasure plans")
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(superseded_at__isnull=True),
                name="erasure_one_plan",
                violation_error_code="second_plan",
            ),
            models.CheckConstraint(
                condition=Q(begun_at__isnull=True) | Q(approved_at__isnull=False),
                name="erasure_approved_before_begun",
                violation_error_code="not_approved",
            ),
        ]
        indexes = [
            # what has cooled off
            models.Index(fields=["cooling_until"], name="erasure_cooled", condition=Q(superseded_at__isnull=True, begun_at__isnull=True)),
            models.Index(fields=["token_digest"], name="erasure_certificate", condition=~Q(token_digest="")),
        ]

    def __str__(self) -> str:
        return f"erasure plan #{self.pk}"


class ErasureStep(models.Model):
    """One source of a plan. The locator is frozen, so that the source finds the person when their own rows are gone."""

    plan = models.ForeignKey(ErasurePlan, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    source_key = models.CharField(_("source"), max_length=120)
    title = models.CharField(_("title"), max_length=200)
    is_in_database = models.BooleanField(default=True)
    locator = EncryptedTextField(null=True, blank=True)

    treatment = models.CharField(_("what happens"), max_length=16)
    reason = models.CharField(_("why it is not deleted"), max_length=300, blank=True)
    until = models.DateField(_("kept until"), null=True, blank=True)
    ground = models.CharField(_("ground of staff"), max_length=24, choices=KeepGround, blank=True)  # where staff decided to keep it
    count = models.PositiveIntegerField(_("records"), default=0)

    status = models.CharField(_("state"), max_length=16, choices=ErasureStepStatus, default=ErasureStepStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    removed = models.PositiveIntegerField(_("removed"), default=0)
    anonymised = models.PositiveIntegerField(_("made anonymous"), default=0)
    retained = models.PositiveIntegerField(_("kept"), default=0)
    remainder = models.PositiveIntegerField(_("left"), default=0)  # what was found again although it should be gone

    class Meta:
        verbose_name = _("erasure step")
        verbose_name_plural = _("erasure steps")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "source_key"], name="erasure_step_once", violation_error_code="second_step"),
            models.CheckConstraint(
                condition=~Q(treatment="retain") | ~Q(reason=""), name="erasure_step_reason", violation_error_code="reason_missing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_key} #{self.pk}"
