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


class PersonErased(PrivacyCenterError):
    code = "person_erased"
    message = _("This person was erased. Whoever comes back is a new person here.")


class UseMissing(PrivacyCenterError):
    code = "use_missing"
    message = _("The use of this person's data is restricted. Name what the law allows you to look at it for.")
