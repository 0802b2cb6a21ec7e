from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class NothingChosen(PrivacyCenterError):
    code = "nothing_chosen"
    message = _("Choose among what was asked for.")


class NothingToLift(PrivacyCenterError):
    code = "nothing_to_lift"
    message = _("Nothing is restricted any more that could be lifted here.")


class AlreadyEnding(PrivacyCenterError):
    code = "already_ending"
    message = _("Its end is announced already.")


class TooManyReports(PrivacyCenterError):
    code = "too_many_reports"
    message = _("Too many reports came from here. Try again in an hour, or write to our contact address.")
