"""What this room writes to the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register

register("accounts.registered", label=_("Account registered"), parameters=("way",))
register("accounts.registration_discarded", label=_("Unconfirmed registration discarded"))
register("accounts.email_confirmed", label=_("E-mail address confirmed"))
register("accounts.email_removed", label=_("E-mail address removed"))
register("accounts.credential_changed", label=_("Credential changed"), severity="notice", parameters=("kind",))
register("accounts.profile_changed", label=_("Profile changed"))
register("accounts.photo_changed", label=_("Photo changed"), parameters=("change",))
register("accounts.questions_changed", label=_("Security questions changed"), parameters=("count",))
register("accounts.questions_failed", label=_("Security question answered wrongly"), severity="notice")
register("accounts.provider_linked", label=_("Log-in provider linked"), severity="notice", parameters=("provider",))
register("accounts.provider_unlinked", label=_("Log-in provider unlinked"), severity="notice", parameters=("provider",))
register("accounts.frozen", label=_("Account frozen"), severity="warning", parameters=("because",))
register("accounts.unfrozen", label=_("Account unfrozen"), severity="warning", parameters=("reason",))
register("accounts.closed", label=_("Account closed"), severity="notice")
register("accounts.reopened", label=_("Account opened again after it was closed"), severity="notice")
register("accounts.roles_changed", label=_("Staff roles changed"), severity="warning", parameters=("staff", "roles"))
