from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class IdentifierTaken(PrivacyCenterError):
    code = "identifier_taken"
    message = _("This address or number already belongs to somebody else.")


class CannotMerge(PrivacyCenterError):
    code = "cannot_merge"
    message = _("These two people can't be merged.")


class CannotSplit(PrivacyCenterError):
    code = "cannot_split"
    message = _("These identifiers can't be split off: choose at least one, and leave at least one that is theirs.")


class StaffOnly(PrivacyCenterError):
    code = "staff_only"
    message = _("Only staff may do this.")
