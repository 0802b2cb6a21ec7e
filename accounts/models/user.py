"""The account: what a person must give (C-01), what they may give (H-03), and the state of their credentials."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from phonenumber_field.modelfields import PhoneNumberField

from accounts.validators import username_validators, validate_plain_line
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.subjects.domain import create_subject


class AccountManager(UserManager["User"]):
    """Makes accounts outside the registration page (createsuperuser, seeds, tests): each gets its subject."""

    def _create_user(self, username: str, email: str | None, password: str | None, **extra_fields: Any) -> User:
        if "subject" not in extra_fields and "subject_id" not in extra_fields:
            extra_fields["subject"] = create_subject(actor=Actor.system("accounts"))
        user: User = super()._create_user(username.lower(), email, password, **extra_fields)  # type: ignore[misc]
        return user


class User(AbstractUser):
    """An account. The person behind it is a Subject; a person without an account has a Subject only."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    username = models.CharField(
        _("username"),
        max_length=64,
        unique=True,
        validators=username_validators,
        error_messages={"unique": _("This username is taken. Choose another one.")},
    )
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    subject = models.OneToOneField("subjects.Subject", on_delete=models.PROTECT, related_name="account")

    full_name = models.CharField(_("full name"), max_length=200, blank=True, validators=[validate_plain_line, refuse_card_number])
    phone = PhoneNumberField(_("contact number"), blank=True)
    company = models.CharField(_("company name"), max_length=200, blank=True, validators=[validate_plain_line, refuse_card_number])
    country = CountryField(_("country or region"), blank=True)

    # Mixed into the session hash: raising it ends every session of the account.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    credential_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AccountManager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("freeze_user", "Can freeze and unfreeze accounts")]
        constraints = [
            # log-in by username or e-mail must be unambiguous
            models.CheckConstraint(
                condition=~models.Q(username__contains="@"), name="accounts_username_no_at", violation_error_code="username_with_at"
            ),
            models.UniqueConstraint(Lower("username"), name="accounts_username_any_case", violation_error_code="username_taken"),
        ]

    def __str__(self) -> str:
        return f"Account {self.pk}"

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name or self.username

    @property
    def is_frozen(self) -> bool:
        """Frozen by the person (or staff) after a change that was not theirs; lifted by staff after proof."""
        return self.frozen_at is not None

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Django's own hash covers the password only; a new factor or main address must end other sessions too.
        return salted_hmac(
            "accounts.User.session_auth_hash", f"{self.password}:{self.session_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()


class ProfilePhoto(models.Model):
    """An optional photo, re-encoded and encrypted; a table of its own so that an account loads without it."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="photo")
    sealed = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = _("profile photo")
        verbose_name_plural = _("profile photos")

    def __str__(self) -> str:
        return f"Photo of account {self.user_id}"

    @property
    def context(self) -> str:
        """What the encryption is bound to: a photo can't be moved to another account."""
        return f"accounts.profilephoto.sealed:{self.user_id}"
