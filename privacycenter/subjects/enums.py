from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.normalise import IdentifierKind

IDENTIFIER_LABELS = {
    IdentifierKind.EMAIL: _("E-mail address"),
    IdentifierKind.PHONE: _("Phone number"),
    IdentifierKind.USERNAME: _("User name"),
    IdentifierKind.CUSTOMER_NUMBER: _("Customer number"),
    IdentifierKind.DEVICE: _("Device"),
}

IDENTIFIER_CHOICES = [(kind.value, label) for kind, label in IDENTIFIER_LABELS.items()]


class AllowedUse(models.TextChoices):
    """What restricted data may still be used for (GDPR Art. 18(2))."""

    CONSENT = "consent", _("The person agreed to this use, for example by asking for it")
    CLAIMS = "claims", _("To make or defend a legal claim")
    PROTECTION = "protection", _("To protect the rights of another person")
    PUBLIC_INTEREST = "public_interest", _("An important public interest")


class RestrictionReason(models.TextChoices):
    """Why the use of data is restricted. The first four are the cases of GDPR Art. 18(1)."""

    ACCURACY = "accuracy", _("It is disputed whether the data is right")
    UNLAWFUL = "unlawful", _("The use was unlawful, and the person does not want the data deleted")
    CLAIM = "claim", _("We no longer need the data, but the person needs it for a legal claim")
    OBJECTION = "objection", _("The person objected, and the objection is being assessed")
    CHILD = "child", _("The account may belong to a child")


_SOURCE_LABELS = {
    "accounts.registration": _("Given by you in your account"),
    "accounts.staff_proof": _("Proven by you to our staff"),
    "requests.proof": _("Confirmed by you with a code for a request"),
}


def source_label(source: str) -> str:
    """Where an identifier came from, in words; the stored code where nobody gave it words."""
    if source.startswith("staff."):
        return str(_SOURCE_LABELS["accounts.staff_proof"])
    return str(_SOURCE_LABELS.get(source, source))
