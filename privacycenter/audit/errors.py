from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class UnknownAuditEvent(PrivacyCenterError):
    code = "unknown_audit_event"
    message = _("This kind of event is not registered.")


class UnfitAuditParameter(PrivacyCenterError):
    code = "unfit_audit_parameter"
    message = _("An audit entry holds names, numbers and short codes, never personal data.")
