from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.errors import IllegalMove

_WORDS = {
    "unknown_record": _("We don't find this record among your data any more. Look at the list again."),
    "unknown_field": _("There is no such field in this record."),
    "read_only": _("This can't be changed here. Tell us in your words what is wrong with it."),
    "invalid_value": _("This value does not fit the field. Check how it is written."),
    "conflict": _("The value has just been changed by somebody else. Look at the list again."),
    "unreachable": _("This source can't be reached now. Try again later, or tell us in your words what is wrong."),
    "stopped": _("Work on this source has been stopped for a while. Try again later, or tell us in your words what is wrong."),
    "too_many": _("You have gathered 50 corrections. Send them first."),
}


class CannotCorrect(PrivacyCenterError):
    """A correction that can't be proposed like this; `code` says why."""

    code = "cannot_correct"

    def __init__(self, code: str) -> None:
        super().__init__(_WORDS.get(code, _WORDS["invalid_value"]))
        self.code = code


class Undecided(PrivacyCenterError):
    code = "undecided"
    message = _("Decide about every correction first; at least one must be accepted to go on.")


class CorrectionBegun(IllegalMove):
    code = "correction_begun"
    message = _("A part of the data is corrected already, and the letter has to say so. Decide about the rest, then go on.")


class NotAllRefused(PrivacyCenterError):
    code = "not_all_refused"
    message = _("Refuse every correction with its reason first. Where one is accepted, have the corrections made instead.")


class AlreadyNoted(PrivacyCenterError):
    code = "already_noted"
    message = _("Your note stands already. It stays with your data.")
