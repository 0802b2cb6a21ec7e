"""The mails of this room. All are essential: they answer a person or warn them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.mail.kinds import MessageKind, register

VERIFY_EMAIL = "accounts.verify_email"
ALREADY_REGISTERED = "accounts.already_registered"
RESET_PASSWORD = "accounts.reset_password"
STEP_UP_CODE = "accounts.step_up_code"
CREDENTIAL_CHANGED = "accounts.credential_changed"
FROZEN = "accounts.frozen"
UNFROZEN = "accounts.unfrozen"
CLOSED = "accounts.closed"

for _key, _label in (
    (VERIFY_EMAIL, _("Code to confirm an e-mail address")),
    (ALREADY_REGISTERED, _("Registration with a known address")),
    (RESET_PASSWORD, _("Link to set a new password")),
    (STEP_UP_CODE, _("Code to confirm that it is you")),
    (CREDENTIAL_CHANGED, _("Warning: a credential was changed")),
    (FROZEN, _("Account frozen")),
    (UNFROZEN, _("Account open again")),
    (CLOSED, _("Account closed")),
):
    register(
        MessageKind(
            key=_key,
            label=_label,
            essential=True,
            template=_key.replace(".", "/"),
            why=_("It keeps your account safe, or you asked for it."),
        )
    )
