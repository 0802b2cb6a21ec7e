"""One-time things and second hurdles. Each is decided by a row and a conditional update, never by a cache."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.enums import CodePurpose, CredentialKind, SecurityQuestion
from accounts.models.user import User
from privacycenter.kernel.encryption import EncryptedTextField


class EmailCode(models.Model):
    """A code that was (or, to a stranger's eye, may have been) mailed. Holds keyed hashes only, so an expired row tells nothing.

    A row is written whether or not a mail goes out: limits and answers are then the same for known and unknown addresses.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="email_codes")
    purpose = models.CharField(max_length=16, choices=CodePurpose)
    reference = models.CharField(max_length=64, unique=True)  # digest of what the session holds
    address_hash = models.CharField(max_length=160)
    client_hash = models.CharField(max_length=160, blank=True)
    code_hash = models.CharField(max_length=160, blank=True)  # empty: no code fits
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("e-mailed code")
        verbose_name_plural = _("e-mailed codes")
        constraints = [
            models.CheckConstraint(condition=models.Q(tries__lte=5), name="accounts_code_five_tries", violation_error_code="too_many_tries")
        ]
        indexes = [
            # limits: how many lately for this address, for this client
            models.Index(fields=["address_hash", "created_at"], name="accounts_code_by_address"),
            models.Index(fields=["client_hash", "created_at"], name="accounts_code_by_client"),
        ]

    def __str__(self) -> str:
        return f"E-mailed code {self.pk}"


class CredentialChange(models.Model):
    """A change the old address was told of, with the digest of the link that freezes the account."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="credential_changes")
    kind = models.CharField(max_length=16, choices=CredentialKind)
    token_digest = models.CharField(max_length=64, unique=True)
    changed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("credential change")
        verbose_name_plural = _("credential changes")

    def __str__(self) -> str:
        return f"Credential change {self.pk}"


class SecurityAnswer(models.Model):
    """The answer to one security question, hashed like a password. Which and when may be known; the answer never."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="security_answers")
    question = models.CharField(max_length=32, choices=SecurityQuestion)
    answer_hash = models.CharField(max_length=255)
    set_at = models.DateTimeField()

    class Meta:
        verbose_name = _("security question")
        verbose_name_plural = _("security questions")
        constraints = [
            models.UniqueConstraint(fields=["user", "question"], name="accounts_question_once", violation_error_code="question_twice")
        ]

    def __str__(self) -> str:
        return f"Security question {self.pk}"


class ResetLink(models.Model):
    """A password-reset link whose owner has security questions: how often it was answered wrongly, whether it is burnt."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reset_links")
    key_digest = models.CharField(max_length=64, unique=True)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    passed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("reset link")
        verbose_name_plural = _("reset links")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tries__lte=5), name="accounts_reset_five_tries", violation_error_code="too_many_tries"
            )
        ]

    def __str__(self) -> str:
        return f"Reset link {self.pk}"


class ResetOrder(models.Model):
    """Somebody asked for a reset link to this address, which may be anybody's. Gone when the job has answered it."""

    address = EncryptedTextField()
    language = models.CharField(max_length=35, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("ordered reset link")
        verbose_name_plural = _("ordered reset links")

    def __str__(self) -> str:
        return f"Ordered reset link {self.pk}"


class QuestionTries(models.Model):
    """How often an account's questions were answered on one day (UTC), over all its links."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="question_tries")
    day = models.DateField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("day of question tries")
        verbose_name_plural = _("days of question tries")
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="accounts_question_day", violation_error_code="day_twice")]

    def __str__(self) -> str:
        return f"Question tries {self.pk}"
