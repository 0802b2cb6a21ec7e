from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register

register("subjects.created", label=_("Person added"))
register("subjects.identifier_added", label=_("Address or number added"), parameters=("kind", "source"))
register("subjects.identifier_proven", label=_("Address or number proven"), parameters=("kind",))
register("subjects.identifier_removed", label=_("Address or number removed"), parameters=("kind",))
register("subjects.locale_changed", label=_("Time zone or language changed"))
register("subjects.push_device_added", label=_("Device for push messages added"))
register("subjects.push_device_switched_off", label=_("Push messages to a device switched off"))
register("subjects.merged", label=_("Two people merged"), severity="warning", parameters=("reason",))
register("subjects.split", label=_("One person split in two"), severity="warning", parameters=("reason", "identifiers"))
register("subjects.restricted", label=_("Use of a person's data restricted"), severity="notice", parameters=("reason",))
register(
    "subjects.source_restricted", label=_("Use of a part of a person's data restricted"), severity="notice", parameters=("reason", "source")
)
register(
    "subjects.restricted_use",
    label=_("Restricted data opened for a use that the law allows"),
    severity="warning",
    parameters=("reason",),
    is_look=True,
)
register("subjects.restriction_lifted", label=_("Restriction lifted"), severity="notice", parameters=("reason",))
register("subjects.child_marked", label=_("Noted whether a person is a child"), severity="warning", parameters=("reason", "is_child"))
register("subjects.identifiers_shown", label=_("Addresses and numbers looked at"), parameters=("reason",), is_look=True)
