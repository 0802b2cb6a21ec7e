from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class UnknownMessageKind(LookupError):
    """No room registered this kind of message."""


class UnfitTemplate(PrivacyCenterError):
    """A template of a message does not begin with `Subject: …` and an empty line, or says nothing."""

    code = "unfit_template"
    message = _("The text of this message is not complete.")
