from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register

register("subjects.created", label=_("Person added"))
register("subjects.identifier_added", label=_("Address or number added"), parameters=("kind", "source"))
register("subjects.identifier_proven", label=_("Address or number proven"), parameters=("kind",))
register("subjects.identifier_removed", label=_("Address or number removed"), parameters=("kind",))
register("subjects.locale_changed", label=_("Time zone or language changed"))
register("subjects.merged", label=_("Two people merged"), severity="warning", parameters=("reason",))
register("subjects.split", label=_("One person split in two"), severity="warning", parameters=("reason", "identifiers"))
register("subjects.identifiers_shown", label=_("Addresses and numbers looked at"), parameters=("reason",), is_look=True)
