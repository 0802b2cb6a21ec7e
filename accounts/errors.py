"""What can go wrong in this room, in words for people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class TooManyCodes(PrivacyCenterError):
    code = "too_many_codes"
    message = _("Too many codes were asked for. Wait an hour, then try again.")


class TooManyTries(PrivacyCenterError):
    code = "too_many_tries"
    message = _("Too many wrong answers. Ask our staff for help: they can let you in after you have proven who you are.")


class LinkNotValid(PrivacyCenterError):
    code = "link_not_valid"
    message = _("This link was used already or is too old.")


class PhotoNotUsable(PrivacyCenterError):
    code = "photo_not_usable"
    message = _("This file can't be used as a photo. Choose a JPEG, PNG or WebP picture of at most 5 MB and 40 megapixels.")


class StaffOnly(PrivacyCenterError):
    code = "staff_only"
    message = _("Only staff may do this.")


class OwnAccount(PrivacyCenterError):
    code = "own_account"
    message = _("You can't do this to your own account. Ask a colleague.")


class AdministratorOnly(PrivacyCenterError):
    code = "administrator_only"
    message = _("This is an account of staff. Only an administrator may do this.")


class LastAdministrator(PrivacyCenterError):
    code = "last_administrator"
    message = _("You can't take your own staff rights away. Ask another administrator.")


class NotFrozen(PrivacyCenterError):
    code = "not_frozen"
    message = _("This account is not frozen.")


class AlreadyClosed(PrivacyCenterError):
    code = "already_closed"
    message = _("This account is closed already.")
