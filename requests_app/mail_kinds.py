"""The mails of this room. All are essential: each answers a person who used a right. None holds personal data."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.mail.kinds import MessageKind, register

for _key, _label in (
    ("requests.code", _("Code that proves an address")),
    ("requests.sign_in_instead", _("Advice to sign in: the address has an account")),
    ("requests.nothing_held", _("Nothing is held under this address")),
    ("requests.acknowledgement", _("Request received")),
    ("requests.ready", _("Bundle ready to download")),
    ("requests.reminder", _("Bundle will be deleted soon")),
    ("requests.answered", _("Answer to a reopened request")),
):
    register(MessageKind(key=_key, label=_label, essential=True, template=_key.replace(".", "/")))
