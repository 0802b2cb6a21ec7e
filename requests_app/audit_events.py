"""What the requests room writes to the audit trail: one kind per row of the transition table, and the rest by name."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register
from requests_app.transitions import Event

# (words, how much it matters) of each move
MOVES = {
    Event.PROVE: (_("Request confirmed by the person"), "info"),
    Event.MATCH: (_("Account found that was reported"), "notice"),
    Event.SET_ASIDE: (_("Request set aside: one of its kind was open"), "info"),
    Event.LAPSE: (_("Request closed: never confirmed"), "info"),
    Event.DECLINE: (_("Request for somebody else closed: not confirmed, or its proof not accepted"), "notice"),
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
    Event.ASK: (_("The person was asked something"), "notice"),
    Event.REPLY: (_("The person answered"), "info"),
    Event.GO_ON: (_("Staff went on without an answer of the person"), "notice"),
    Event.REFUSE: (_("Request refused"), "warning"),
    Event.DECIDE: (_("Request decided"), "notice"),
    Event.TAKE_UP: (_("Answered request taken up again"), "notice"),
    Event.GRANT_REVIEW: (_("Refusal lifted by a review"), "warning"),
    Event.ORDER_CORRECTION: (_("Correction ordered"), "notice"),
    Event.FINISH_CORRECTING: (_("Correction done"), "notice"),
    Event.FINISH_PLANNING: (_("Plan of the erasure made"), "info"),
    Event.PLAN_AGAIN: (_("Plan of the erasure to be made anew"), "notice"),
    Event.APPROVE: (_("Erasure approved"), "warning"),
    Event.BEGIN_ERASING: (_("Erasure begun"), "warning"),
    Event.FINISH_ERASING: (_("Erasure finished and verified"), "warning"),
}

for _event, (_label, _severity) in MOVES.items():
    register(f"requests.{_event}", label=_label, severity=_severity, parameters=("kind",))

register("requests.received", label=_("Request received"), parameters=("kind", "channel"))
register("requests.requester_shown", label=_("Somebody who asks for another person showed who they are"), parameters=("behalf",))
register("requests.represented_asked", label=_("The person was asked whether somebody may act for them"))
register("requests.represented_confirmed", label=_("The person confirmed that somebody may act for them"), severity="notice")
register("requests.represented_declined", label=_("The person declined that somebody acts for them"), severity="notice")
register(
    "requests.holder_told",
    label=_("The holder of an account was told that somebody acts for them"),
    severity="notice",
    parameters=("behalf",),
)
register("requests.authority_ended", label=_("The authority to act for somebody was noted as ended"), severity="warning")
register("requests.proof_sent", label=_("Documents were sent as proof"), parameters=("what", "files"))
register(
    "requests.proof_opened", label=_("Staff looked at a document sent as proof"), severity="notice", parameters=("reason",), is_look=True
)
register(
    "requests.proof_decided",
    label=_("A document sent as proof was accepted or refused"),
    severity="notice",
    parameters=("what", "decision"),
)
register("requests.proof_removed", label=_("Documents sent as proof were removed"), parameters=("files",))
register("requests.message_sent", label=_("A message was written"), parameters=("files",))
register("requests.note_added", label=_("Staff added a note for colleagues"), parameters=("files",))
register("requests.attachment_opened", label=_("Staff opened a file of yours"), severity="notice", parameters=("reason",), is_look=True)
register("requests.webhook_added", label=_("Another system will be told of requests it filed"), severity="notice", parameters=("client",))
register("requests.webhook_switched", label=_("Telling another system was switched"), severity="notice", parameters=("client", "is_active"))
register("requests.receiver_proposed", label=_("A receiver of copies was named"), severity="notice", parameters=("receiver",))
register("requests.receiver_approved", label=_("A receiver of copies was approved"), severity="warning", parameters=("receiver",))
register("requests.receiver_turned_down", label=_("A receiver of copies was turned down"), severity="notice", parameters=("receiver",))
register("requests.receiver_withdrawn", label=_("The approval of a receiver was withdrawn"), severity="warning", parameters=("receiver",))
register("requests.transfer_named", label=_("A receiver of the copy was chosen"), parameters=("receiver",))
register("requests.transfer_dropped", label=_("The choice of a receiver was taken back"), parameters=("receiver",))
register(
    "requests.transfer_confirmed", label=_("You confirmed that your copy is sent"), severity="notice", parameters=("receiver", "bytes")
)
register(
    "requests.transfer_begun",
    label=_("Your data began to go to a receiver you chose"),
    severity="warning",
    parameters=("receiver", "bytes"),
)
register(
    "requests.transfer_done", label=_("Your copy has reached the receiver you chose"), severity="warning", parameters=("receiver", "bytes")
)
for _state, _label in (
    ("failed", _("Your copy did not reach the receiver you chose")),
    ("cancelled", _("You stopped the sending of your copy")),
    ("stopped", _("We stopped the sending of your copy")),
    ("turned_down", _("The receiver you chose was turned down")),
):
    register(f"requests.transfer_{_state}", label=_label, severity="notice", parameters=("receiver", "bytes", "code"))
register("requests.erasure_proposed", label=_("Plan of an erasure proposed"), severity="notice")
register("requests.erasure_source_kept", label=_("A source is kept from an erasure"), severity="warning", parameters=("source",))
register("requests.erasure_source_not_kept", label=_("A source is no longer kept"), severity="notice", parameters=("source",))
register("requests.erasure_simulated", label=_("Somebody who runs this service looked at what an erasure would do"), severity="notice")
register("requests.forgotten", label=_("What leads to people was removed from old requests"), severity="notice", parameters=("requests",))
register("requests.work_stopped", label=_("All work, or that on one source, was stopped"), severity="warning", parameters=("source",))
register("requests.work_goes_on", label=_("Stopped work goes on"), severity="notice", parameters=("source",))
register("requests.hold_placed", label=_("Data is kept by a legal hold"), severity="warning", parameters=("source",))
register("requests.hold_lifted", label=_("A legal hold was lifted"), severity="notice", parameters=("source",))
register(
    "requests.list_exported", label=_("Staff exported a list of requests, without personal data"), severity="notice", parameters=("rows",)
)
register("requests.extended", label=_("More time was taken, and the person told why"), severity="warning", parameters=("due",))
register("requests.clock_paused", label=_("The clock rests while the person is asked"), severity="notice", parameters=("about",))
register("requests.clock_resumed", label=_("The clock goes on"), parameters=("days",))
register("requests.staff_reminded", label=_("Staff were reminded that a request is due"), parameters=("days",))
register("requests.escalated", label=_("An overdue request was told to the data protection officers"), severity="warning")
register(
    "requests.regime_added", label=_("A version of a law with a clock was added"), severity="warning", parameters=("regime", "version")
)
register("requests.refusal_proposed", label=_("A refusal waits for a second person"), severity="notice", parameters=("ground",))
register("requests.refusal_dropped", label=_("A proposed refusal was given back"), severity="notice")
register(
    "requests.review_last_resort",
    label=_("A review was decided by somebody with a part in the first decision: nobody else was left"),
    severity="warning",
)
register("requests.authority_wrote", label=_("What an authority wrote was recorded"), severity="notice")
register("requests.authority_outcome", label=_("What came of an authority's letter"), severity="notice", parameters=("outcome",))
register("requests.person_reminded", label=_("The person was reminded of a question"))
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
register("requests.noted_in_ledger", label=_("Noted in the erasure ledger"), severity="notice", parameters=("entry",))
register("requests.erased_again", label=_("Erased again after a restore"), severity="warning", parameters=("entry",))
register("requests.replayed", label=_("Erasures replayed after a restore"), severity="warning", parameters=("entries", "people", "failed"))
register("requests.ledger_rewritten", label=_("Erasure ledger written anew from the database"), severity="warning", parameters=("entries",))
register("requests.gone_from_backups", label=_("Gone from backups"), severity="notice", parameters=("entry",))
register(
    "requests.lift_ordered", label=_("End of a restriction or objection announced to the person"), severity="notice", parameters=("reason",)
)
register(
    "requests.lift_called_off", label=_("Announced end of a restriction or objection called off"), severity="notice", parameters=("reason",)
)
register("requests.child_reported", label=_("A child's account was reported"), severity="notice")
register("requests.child_report_tied", label=_("Staff found out whose account was reported"), severity="notice")
register("requests.child_report_closed", label=_("Report of a child's account closed: nobody we know"), severity="notice")
register(
    "requests.child_report_shown",
    label=_("Staff read a report of a child's account"),
    severity="notice",
    parameters=("reason",),
    is_look=True,
)
register("requests.correction_added", label=_("Staff added a correction for the person"), parameters=("field",))
register("requests.correction_dropped", label=_("Staff took back a correction they had added"), parameters=("field",))
register(
    "requests.correction_decided", label=_("A correction was accepted or refused"), severity="notice", parameters=("field", "decision")
)
register(
    "requests.records_opened",
    label=_("Staff opened records of yours to correct them"),
    severity="notice",
    parameters=("source",),
    is_look=True,
)
register("requests.annotated", label=_("The person left a note beside their data"), parameters=("field",))
register("requests.recipient_told", label=_("A recipient was told of a change by mail"), parameters=("recipient",))
register("requests.recipient_opened", label=_("A recipient opened what was changed"), severity="notice", parameters=("recipient",))
register(
    "requests.recipient_noted", label=_("What came of telling a recipient was noted"), severity="notice", parameters=("recipient", "state")
)
register("requests.redaction_added", label=_("Data of somebody else was hidden in a copy"), severity="notice", parameters=("kind",))
register("requests.redaction_ended", label=_("Data of somebody else is shown again in a copy"), severity="notice", parameters=("kind",))
register(
    "requests.redactions_opened",
    label=_("What may be hidden of others was looked at"),
    severity="notice",
    parameters=("reason",),
    is_look=True,
)
