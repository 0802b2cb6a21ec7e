"""Proof of identity by a mailed code, for people without an account."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.enums import ProofPurpose
from requests_app.models.request import Request

TRIES = 5


class IdentityProof(models.Model):
    """A code that was, or to a stranger's eye may have been, mailed. The row is the same whoever the address belongs to.

    The code is set by a job, with its ten minutes; until then, and for ever where nothing may be proven, no code fits.
    """

    public_id = models.CharField(max_length=32, unique=True)
    purpose = models.CharField(max_length=8, choices=ProofPurpose)
    # FILE: the unproven request. OPEN: found by the job from `reference`, so that asking does the same work for any reference.
    request = models.ForeignKey(Request, models.CASCADE, null=True, blank=True, related_name="proofs")
    reference = models.CharField(max_length=16, blank=True)
    address = EncryptedTextField(null=True, blank=True)

    code_hash = models.CharField(max_length=160, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("identity proof")
        verbose_name_plural = _("identity proofs")
        constraints = [
            models.CheckConstraint(condition=Q(tries__lte=TRIES), name="proof_five_tries", violation_error_code="too_many_tries")
        ]
        indexes = [models.Index(fields=["created_at"], name="proof_age")]

    def __str__(self) -> str:
        return f"proof #{self.pk}"


class RateWindow(models.Model):
    """How often something was done in one hour, counted by conditional updates so that two at once both count."""

    key_hash = models.CharField(max_length=160)  # keyed hash of what is limited: an address, a client, a reference
    starts_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("rate window")
        verbose_name_plural = _("rate windows")
        constraints = [
            models.UniqueConstraint(fields=["key_hash", "starts_at"], name="rate_window_once", violation_error_code="second_window")
        ]
        indexes = [models.Index(fields=["starts_at"], name="rate_window_age")]

    def __str__(self) -> str:
        return f"rate window #{self.pk}"
