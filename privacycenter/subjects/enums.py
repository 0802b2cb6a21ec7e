from __future__ import annotations

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
