"""What the ticket shows."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacycenter.audit.events import all_kinds
from privacycenter.kernel.actor import ActorKind
from privacycenter.subjects.enums import IDENTIFIER_LABELS
from privacycenter.subjects.queries import proven_identifiers
from requests_app.behalf.documents import undecided_identity
from requests_app.enums import Behalf, Kind, Outcome, Status, StepStatus
from requests_app.forms import SureForm, WordsForm
from requests_app.models import Bundle, Look, Representation, Request, Step, TimelineEvent, Volume
from requests_app.presentation import explain_request
from requests_app.queries import account_of, latest_bundle, timeline_of
from requests_app.transitions import Event, Guard, Role, legal_moves

BUTTONS = {
    Event.RETRY: gettext_lazy("Try the failed parts again"),
    Event.COMPLETE_DESPITE_FAILURE: gettext_lazy("Complete despite the failure"),
    Event.COLLECT_AGAIN: gettext_lazy("Collect everything again"),
    Event.RELEASE: gettext_lazy("Release to the person"),
    Event.ANSWER: gettext_lazy("Answer: nothing more to come"),
}
OF_FAILURE = frozenset({Event.RETRY, Event.COMPLETE_DESPITE_FAILURE})
# What is said once a button was pressed.
DONE = {
    Event.RETRY: gettext_lazy("The failed parts are being tried again."),
    Event.COMPLETE_DESPITE_FAILURE: gettext_lazy("The request goes on without the part that failed."),
    Event.COLLECT_AGAIN: gettext_lazy("Everything is being collected again."),
    Event.RELEASE: gettext_lazy("The copy was released. The person gets a mail."),
    Event.ANSWER: gettext_lazy("The person was answered, and the ticket is closed."),
}
# The states in the words of the desk; those of requests_app.enums.Status speak to the person.
STATES = {
    Status.RECEIVED: gettext_lazy("Not proven yet"),
    Status.COLLECTING: gettext_lazy("Collecting"),
    Status.ATTENTION: gettext_lazy("Needs attention"),
    Status.ASSEMBLING: gettext_lazy("Putting together"),
    Status.REVIEW: gettext_lazy("To be released"),
    Status.READY: gettext_lazy("Released"),
    Status.REOPENED: gettext_lazy("Reopened by the person"),
    Status.TRIAGE: gettext_lazy("To be decided"),
    Status.WAITING: gettext_lazy("Waiting for the person"),
    Status.CORRECTING: gettext_lazy("Correcting"),
    Status.PLANNING: gettext_lazy("Planning the erasure"),
    Status.APPROVAL: gettext_lazy("Plan to be approved"),
    Status.COOLING: gettext_lazy("Cooling off"),
    Status.ERASING: gettext_lazy("Erasing"),
    Status.CLOSED: gettext_lazy("Closed"),
}
KINDS = {
    Kind.ACCESS: gettext_lazy("Access"),
    Kind.PORTABILITY: gettext_lazy("Portability"),
    Kind.RECTIFICATION: gettext_lazy("Rectification"),
    Kind.ERASURE: gettext_lazy("Erasure"),
    Kind.RESTRICTION: gettext_lazy("Restriction"),
    Kind.OBJECTION: gettext_lazy("Objection"),
    Kind.WITHDRAWAL: gettext_lazy("Withdrawal of consent"),
    Kind.COMPLAINT: gettext_lazy("Complaint or question"),
    Kind.REVIEW: gettext_lazy("Review of a decision"),
    Kind.CHILD: gettext_lazy("Child's account"),
}
OUTCOMES = {
    Outcome.FULFILLED: gettext_lazy("Answered in full"),
    Outcome.IN_PART: gettext_lazy("Answered in part"),
    Outcome.NOTHING_HELD: gettext_lazy("Nothing held"),
    Outcome.REFUSED: gettext_lazy("Refused"),
    Outcome.WITHDRAWN: gettext_lazy("Withdrawn"),
    Outcome.NOT_VERIFIED: gettext_lazy("Never proven"),
    Outcome.DUPLICATE: gettext_lazy("Set aside"),
}
# Moves that can't be taken back, or that cost the person days: what staff confirm with a tick.
TO_CONFIRM = {
    Event.RELEASE: gettext_lazy("I have looked at what is in it, and it is about this person"),
    Event.COLLECT_AGAIN: gettext_lazy("Yes, throw the present bundle away and start anew"),
}
# What stands in the timeline of a ticket without a kind of its own in the trail.
NOTES = {
    "restricted": gettext_lazy("Restricted at once"),
    "stopped": gettext_lazy("Use for what they objected to stopped at once"),
    "more_objected": gettext_lazy("The person objected to something more"),
    "less_objected": gettext_lazy("The person took back a part"),
    "lift_ordered": gettext_lazy("End of the restriction told to the person"),
    "lift_called_off": gettext_lazy("Announced end called off"),
    "limit_ended": gettext_lazy("Ended"),
    "child_answered": gettext_lazy("The person told how it is"),
    "stopped_by_person": gettext_lazy("The person for whom it was asked stopped it. Look into who asked, and on what proof"),
}
FOR_WHOM = {
    Behalf.SELF: gettext_lazy("For themselves"),
    Behalf.CHILD: gettext_lazy("For their child, as parent or guardian"),
    Behalf.AGENT: gettext_lazy("For somebody who asked them to"),
    Behalf.DECEASED: gettext_lazy("For somebody who has died"),
}
HINTS = {
    Event.COMPLETE_DESPITE_FAILURE: gettext_lazy("Why it goes out incomplete. Printed in the bundle."),
    Event.ANSWER: gettext_lazy("Your answer to what the person misses. They read it on their page."),
}


def ticket_page(request: Request, *, look: Look | None) -> dict[str, Any]:
    """Everything on a ticket; the parts about the person only with a look."""
    bundle = latest_bundle(request)
    steps = steps_of(bundle)
    return {
        "item": request,
        "state": state_word(request),
        "is_late": is_late(request),
        "look": look,
        "person": _person(request) if look else [],
        "events": [_event(event, shows_notes=look is not None) for event in timeline_of(request, for_desk=True)],
        "bundle": bundle,
        "steps": steps,
        "volumes": _volume_words(bundle),
        "record_count": sum(step.count for step in steps),
        "why_this_date": explain_request(request, shows_reason=look is not None),
        "can_preview": bundle is not None and bundle.assembled_at is not None and bundle.shredded_at is None,
    }


def steps_of(bundle: Bundle | None) -> list[Step]:
    """The steps without their contents, those that failed first."""
    if bundle is None:
        return []
    steps = Step.objects.filter(bundle=bundle).defer("locator", "output", "inline")
    return sorted(steps, key=lambda step: (step.status != StepStatus.FAILED, step.position))


def actions(request: Request) -> list[dict[str, Any]]:
    """What staff may do now, read from the table of moves. Moves that take a reason come with a field for it."""
    found = []
    has_failed = request.kind not in Kind.COPIES or something_failed(request)
    for row in legal_moves(request.status, Role.STAFF, request.kind):
        if row.event not in BUTTONS or (row.event is Event.RETRY and request.kind not in Kind.COPIES):
            continue  # made by a form of its own section
        if row.event in OF_FAILURE and not has_failed:
            continue
        needs_words = row.guard == Guard.REASON_GIVEN
        form: WordsForm | SureForm | None = None
        if needs_words:
            form = WordsForm(label=HINTS[row.event], max_length=500, auto_id=f"id_{row.event}_%s")
        elif row.event in TO_CONFIRM:
            form = SureForm(label=TO_CONFIRM[row.event], auto_id=f"id_{row.event}_%s")
        found.append({"event": row.event.value, "label": BUTTONS[row.event], "form": form})
    return found


def something_failed(request: Request) -> bool:
    """Whether a part of the bundle failed. A finished one comes back without that after a question to the person."""
    bundle = latest_bundle(request)
    return bundle is None or bundle.assembled_at is None or Step.objects.filter(bundle=bundle, status=StepStatus.FAILED).exists()


def waiting_proof(request: Request) -> str:
    """What of a proof waits for a colleague, in words; empty where nothing does."""
    if undecided_identity(request).exists():
        return _("A proof of identity waits for you.")
    representation = Representation.objects.filter(request=request).first() if request.behalf != Behalf.SELF else None
    if representation is None or request.status != Status.RECEIVED or not representation.is_for_desk:
        return ""
    return _("The proof that they may ask waits for you.")


def state_word(request: Request) -> str:
    """The state, or how it ended."""
    if request.kind == Kind.WITHDRAWAL and request.outcome == Outcome.NOTHING_HELD:
        return _("Nothing to take back")
    words = OUTCOMES[Outcome(request.outcome)] if request.status == Status.CLOSED else STATES[Status(request.status)]
    return str(words)


def is_late(request: Request) -> bool:
    """Whether the answer is overdue."""
    return request.is_late


def desk_title(title: str) -> str:
    """The title of a source, which speaks to the person, as the desk says it: “Your profile” is “Profile”."""
    return capfirst(title.removeprefix(_("Your ")))


def _person(request: Request) -> list[tuple[str, str]]:
    if request.subject is None:
        return []
    account = account_of(request.subject)
    rows = [(_("Name"), account.full_name), (_("Username"), account.username)] if account else [(_("Account"), _("none"))]
    rows += [(str(IDENTIFIER_LABELS.get(kind, kind)), value) for kind, value in proven_identifiers(request.subject)]  # type: ignore[call-overload]
    return rows


def _event(event: TimelineEvent, *, shows_notes: bool) -> dict[str, Any]:
    kind = all_kinds().get(f"requests.{event.event}")
    who = {ActorKind.STAFF: _("staff"), ActorKind.PERSON: _("the person"), ActorKind.SYSTEM: _("by itself")}.get(
        ActorKind(event.actor_kind), ""
    )
    note = event.note or ""
    if note and not shows_notes:  # staff write about people, too
        is_theirs = event.actor_kind == ActorKind.PERSON
        note = _("The person wrote something. Give a reason to read it.") if is_theirs else _("There is a note. Give a reason to read it.")
    state = "problem" if event.event == Event.FAIL else "done"
    return {
        "title": str(kind.label) if kind else str(NOTES.get(event.event, event.event)),
        "state": state,
        "when": event.at,
        "by": who,
        "text": note,
    }


def _volume_words(bundle: Bundle | None) -> str:
    if bundle is None:
        return ""
    rows = list(Volume.objects.filter(step__bundle=bundle).values_list("status", flat=True))
    done = sum(status == "rendered" for status in rows)
    return _("%(done)d of %(total)d") % {"done": done, "total": len(rows)} if rows else ""
