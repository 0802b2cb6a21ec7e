"""What the requests room writes to the audit trail: one kind per row of the transition table, and the rest by name."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register
from requests_app.transitions import Event

# (words, how much it matters) of each move
MOVES = {
    Event.PROVE: (_("Request confirmed by the person"), "info"),
    Event.SET_ASIDE: (_("Request set aside: one of its kind was open"), "info"),
    Event.LAPSE: (_("Request closed: never confirmed"), "info"),
    Event.FAIL: (_("A part of the answer failed"), "warning"),
    Event.RETRY: (_("Failed part tried again"), "notice"),
    Event.FINISH_COLLECTING: (_("Data collected"), "info"),
    Event.COMPLETE_DESPITE_FAILURE: (_("Called complete although a part failed"), "warning"),
    Event.FINISH_ASSEMBLING: (_("Bundle put together"), "info"),
    Event.COLLECT_AGAIN: (_("Data collected again"), "notice"),
    Event.RELEASE: (_("Bundle released"), "notice"),
    Event.EXPIRE: (_("Bundle expired"), "info"),
    Event.REOPEN: (_("Request opened again by the person"), "notice"),
    Event.ANSWER: (_("Question about missing data answered"), "notice"),
    Event.WITHDRAW: (_("Request withdrawn by the person"), "info"),
}

for _event, (_label, _severity) in MOVES.items():
    register(f"requests.{_event}", label=_label, severity=_severity, parameters=("kind",))

register("requests.received", label=_("Request received"), parameters=("kind", "channel"))
register("requests.assigned", label=_("Request assigned"))
register("requests.source_withheld", label=_("A source was withheld"), severity="warning", parameters=("source",))
register("requests.source_no_longer_withheld", label=_("A source is no longer withheld"), severity="notice", parameters=("source",))
register("requests.download_opened", label=_("Bundle opened for download"), severity="notice")
register("requests.bundle_shredded", label=_("Bundle deleted and its key destroyed"))
register("requests.personal_data_opened", label=_("Staff opened your data"), severity="notice", parameters=("reason",), is_look=True)
register("requests.preview_opened", label=_("Staff looked at your bundle"), severity="notice", parameters=("reason",), is_look=True)
register(
    "requests.searched_by_identifier", label=_("Staff searched for requests by an identifier"), severity="notice", parameters=("found",)
)
register(
    "requests.exported_by_operator",
    label=_("Somebody who runs this service made a copy of all your data"),
    severity="warning",
    parameters=("kind",),
    is_look=True,
)
