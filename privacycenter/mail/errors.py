from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class UnknownMessageKind(LookupError):
    """No room registered this kind of message."""


class UnfitTemplate(PrivacyCenterError):
    """A template of a message does not begin with `Subject: …` and an empty line, or says nothing."""

    code = "unfit_template"
    message = _("The text of this message is not complete.")


class NoWayOut(PrivacyCenterError):
    """A non-essential message that its reader could not unsubscribe from (RFC 2369, RFC 8058)."""

    code = "no_way_out"
    message = _("Nobody can unsubscribe from this message, so it is not sent.")


class UnfitHeader(PrivacyCenterError):
    """A header that could not go over the wire unchanged in one line."""

    code = "unfit_header"
    message = _("A header of this message can't be written.")
