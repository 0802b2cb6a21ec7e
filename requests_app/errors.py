from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class IllegalMove(PrivacyCenterError):
    code = "illegal_move"
    message = _("This can't be done with the request as it stands.")


class LostRace(IllegalMove):
    code = "lost_race"
    message = _("The request has just been changed by somebody else. Look at it again.")


class NotAllowed(PrivacyCenterError):
    code = "not_allowed"
    message = _("You may not do this.")


class AlreadyOpen(PrivacyCenterError):
    """The person has an open request of this kind; `ref` names it."""

    code = "already_open"
    message = _("You have an open request of this kind already.")

    def __init__(self, ref: str) -> None:
        super().__init__()
        self.ref = ref


class TooManyRequests(PrivacyCenterError):
    code = "too_many_requests"
    message = _("You have made many requests within a day. Try again tomorrow; what is open goes on.")


class TooManyCodes(PrivacyCenterError):
    code = "too_many_codes"
    message = _("Too many codes were asked for. Try again in an hour.")


class WrongCode(PrivacyCenterError):
    code = "wrong_code"
    message = _("This code does not fit. Check it, or ask for a new one; a code works for ten minutes and five tries.")


class BundleLocked(PrivacyCenterError):
    code = "bundle_locked"
    message = _("The bundle is locked for now.")


class BundleGone(PrivacyCenterError):
    code = "bundle_gone"
    message = _("This bundle has expired and was deleted.")


class ReasonMissing(PrivacyCenterError):
    code = "reason_missing"
    message = _("Give a reason first.")


class SourcesFailed(PrivacyCenterError):
    code = "sources_failed"
    message = _("Not every source could be read.")

    def __init__(self, keys: str) -> None:
        super().__init__()
        self.keys = keys
