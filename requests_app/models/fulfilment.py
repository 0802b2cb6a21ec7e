"""The making of a bundle: the bundle with its key, one step per source, further PDF volumes, and who may download."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.enums import StepStatus, VolumeStatus
from requests_app.models.request import Request


class Bundle(models.Model):
    """One answer in the making, then the finished file. A request that is collected again gets a new one.

    The key seals everything that is written for it: step outputs, volumes, the file. Deleting the key shreds all of it.
    Every object lies under `prefix`, which is random and recorded before anything is written, so that nothing is orphaned.
    """

    request = models.ForeignKey(Request, models.CASCADE, related_name="bundles")
    prefix = models.CharField(max_length=40, unique=True)
    key = EncryptedTextField(null=True, blank=True)  # Base64 of 32 bytes

    # Fixed when the plan is made and printed in the file, so that a retry gives the same bytes.
    created_at = models.DateTimeField(_("created"))
    # Why staff called it complete although a part failed; printed in the file.
    failure_reason = EncryptedTextField(_("reason for completing despite a failure"), null=True, blank=True)

    object_name = models.CharField(max_length=120, blank=True)
    size = models.BigIntegerField(_("size"), default=0)
    sealed_size = models.BigIntegerField(default=0)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    summary = models.JSONField(default=dict, blank=True)  # entries and counts, no personal data
    error_code = models.CharField(_("error"), max_length=64, blank=True)  # of assembling

    # Whether something of other people is hidden in it, and since when what is to be hidden is not what it was made with.
    hides = models.BooleanField(_("hides data of others"), default=False)
    outdated_at = models.DateTimeField(_("outdated"), null=True, blank=True)

    assembled_at = models.DateTimeField(_("assembled"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(_("first fetched"), null=True, blank=True)
    shredded_at = models.DateTimeField(_("shredded"), null=True, blank=True)

    class Meta:
        verbose_name = _("bundle")
        verbose_name_plural = _("bundles")
        constraints = [
            # A shredded bundle has no key, a live one has.
            models.CheckConstraint(
                condition=Q(shredded_at__isnull=True, key__isnull=False) | Q(shredded_at__isnull=False, key__isnull=True),
                name="bundle_key_until_shredded",
                violation_error_code="key_after_shredding",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(assembled_at__isnull=False, expires_at__isnull=False),
                name="bundle_assembled_before_release",
                violation_error_code="released_unassembled",
            ),
            # One in the making; a released one stays beside it until the next is released.
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(shredded_at__isnull=True, released_at__isnull=True),
                name="bundle_one_in_the_making",
                violation_error_code="second_bundle",
            ),
        ]
        indexes = [
            # what expires, what is to be reminded of
            models.Index(fields=["expires_at"], name="bundle_expiry", condition=Q(shredded_at__isnull=True, released_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"bundle #{self.pk}"


class Step(models.Model):
    """One source of one bundle. The locator is frozen here, so that the step still works when the person's rows are gone."""

    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    source_key = models.CharField(_("source"), max_length=120)
    title = models.CharField(_("title"), max_length=200)
    is_in_database = models.BooleanField(default=True)
    locator = EncryptedTextField(null=True, blank=True)

    status = models.CharField(_("state"), max_length=16, choices=StepStatus, default=StepStatus.PENDING)
    reason = models.CharField(_("reason"), max_length=500, blank=True)  # printed: for withheld and failed
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)

    count = models.PositiveIntegerField(_("records"), default=0)
    problem_count = models.PositiveIntegerField(_("unreadable"), default=0)
    # What requests_app.bundle.outputs.StepOutput says of itself, without the sealed bytes; a small output is `inline`.
    output = EncryptedTextField(null=True, blank=True)
    inline = models.BinaryField(null=True, blank=True)

    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "source_key"], name="step_once_per_source", violation_error_code="second_step"),
            models.CheckConstraint(
                condition=Q(status__in=StepStatus.values), name="step_status_known", violation_error_code="unknown_status"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[StepStatus.WITHHELD, StepStatus.FAILED]) | ~Q(reason=""),
                name="step_reason_given",
                violation_error_code="reason_missing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_key} #{self.pk}"


class Volume(models.Model):
    """A further PDF of a step with many records, rendered on its own so that memory stays flat and workers share the work."""

    step = models.ForeignKey(Step, models.CASCADE, related_name="volumes")
    number = models.PositiveIntegerField(_("number"))
    status = models.CharField(_("state"), max_length=16, choices=VolumeStatus, default=VolumeStatus.PENDING)
    object_name = models.CharField(max_length=160, blank=True)
    size = models.BigIntegerField(default=0)
    sealed_size = models.BigIntegerField(default=0)
    unprinted = models.JSONField(default=list, blank=True)  # ordinals of records that could not be printed
    error_code = models.CharField(_("error"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("volume")
        verbose_name_plural = _("volumes")
        ordering = ["step", "number"]
        constraints = [models.UniqueConstraint(fields=["step", "number"], name="volume_once", violation_error_code="second_volume")]

    def __str__(self) -> str:
        return f"volume #{self.pk}"


class DownloadGrant(models.Model):
    """One session may download one bundle for a day, so that a broken download resumes without another log-in."""

    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="grants")
    session_hash = models.CharField(max_length=160)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("download grant")
        verbose_name_plural = _("download grants")
        indexes = [models.Index(fields=["bundle", "session_hash"], name="grant_of_session")]

    def __str__(self) -> str:
        return f"grant #{self.pk}"
