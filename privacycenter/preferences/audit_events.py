from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register

register("preferences.choices_shown", label=_("Choices looked at"), parameters=("reason",), is_look=True)
register("preferences.chosen_for", label=_("Choice entered on the person's behalf"), severity="warning", parameters=("reason", "events"))
register("preferences.delivery_set_for", label=_("Pause, quiet hours or limit entered on the person's behalf"), parameters=("kind",))
register("preferences.invalidated", label=_("Consent declared invalid"), severity="warning", parameters=("reason", "events"))
register(
    "preferences.recalled",
    label=_("Consents for a rewritten purpose declared invalid"),
    severity="warning",
    parameters=("purpose", "version"),
)
register("preferences.suppressed", label=_("Put on the suppression list"), parameters=("reason", "channel", "rows"))
register(
    "preferences.suppression_lifted",
    label=_("Taken off the suppression list"),
    severity="warning",
    parameters=("reason", "channel", "rows"),
)
register("preferences.api_client_created", label=_("API client added"), severity="warning", parameters=("client", "scopes"))
register("preferences.api_client_changed", label=_("API client changed"), severity="warning", parameters=("client", "scopes"))
register("preferences.api_client_rotated", label=_("API client got a new secret"), severity="warning", parameters=("client",))
register("preferences.api_client_disabled", label=_("API client switched off"), severity="warning", parameters=("client",))
register("preferences.api_client_enabled", label=_("API client switched on"), severity="warning", parameters=("client",))
register(
    "preferences.suppressions_lifted",
    label=_("Another system took entries off the list, with evidence"),
    severity="warning",
    parameters=("rows",),
)
register("preferences.cookie_service_saved", label=_("Service that stores in the browser changed"), severity="warning", parameters=("key",))
register(
    "preferences.cookie_service_deleted", label=_("Service that stores in the browser removed"), severity="warning", parameters=("key",)
)
register("preferences.cookie_item_saved", label=_("Cookie or storage key changed"), severity="warning", parameters=("key",))
register("preferences.cookie_item_deleted", label=_("Cookie or storage key removed"), severity="warning", parameters=("key",))
register("preferences.cookie_banner_saved", label=_("Cookie banner changed"), severity="warning")

for _verb, _label, _severity in (
    ("saved", _("Campaign written or changed"), "info"),
    ("tested", _("Test of a campaign sent"), "info"),
    ("approved", _("Campaign approved"), "notice"),
    ("withdrawn", _("Approval of a campaign taken back"), "notice"),
    ("started", _("Campaign started"), "info"),
    ("paused", _("Campaign paused"), "notice"),
    ("resumed", _("Campaign gone on with"), "notice"),
    ("stopped", _("Campaign stopped"), "notice"),
    ("sent", _("Campaign sent to the end"), "info"),
):
    register(f"preferences.campaign_{_verb}", label=_label, severity=_severity, parameters=("campaign", "topic"))
register("preferences.topic_saved", label=_("Topic changed"), severity="notice", parameters=("key",))
register("preferences.topic_deleted", label=_("Topic deleted"), severity="notice", parameters=("key",))
register(
    "preferences.list_uploaded",
    label=_("List of addresses uploaded to be checked"),
    severity="notice",
    parameters=("list", "task", "topic"),
)
register("preferences.list_fetched", label=_("Checked list of addresses fetched"), severity="notice", parameters=("list", "task", "topic"))
