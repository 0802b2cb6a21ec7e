"""The mails of this room, and what every non-essential mail of any room bears."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.mail import decorators
from privacycenter.mail.kinds import MessageKind, register
from privacycenter.preferences.mail_headers import ways_out

for _key, _label, _why in (
    ("preferences.opted_out", _("Confirmation that you opted out"), _("It tells you what was switched off, in case it was not you.")),
    ("preferences.link", _("Link to your preferences"), _("You asked for it.")),
    ("preferences.confirm", _("Confirmation of a subscription"), _("Nothing is sent to an address before its owner says yes.")),
):
    register(MessageKind(key=_key, label=_label, essential=True, why=_why))

decorators.register(ways_out)
