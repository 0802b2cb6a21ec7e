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
