"""What the pages say about a request: plain sentences made of its state. Reads what it is given, asks no database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from privacycenter.kernel import clock
from requests_app.behalf.stopping import can_be_stopped
from requests_app.clock.words import explain
from requests_app.enums import Behalf, Capacity, Kind, Outcome, Status, StepStatus
from requests_app.models import Bundle, Representation, Request, Step, TimelineEvent
from requests_app.queries import Lock, Progress
from requests_app.transitions import Event, find

BADGES = {
    Status.RECEIVED: "waiting",
    Status.COLLECTING: "progress",
    Status.ATTENTION: "waiting",
    Status.ASSEMBLING: "progress",
    Status.REVIEW: "progress",
    Status.READY: "success",
    Status.REOPENED: "waiting",
    Status.TRIAGE: "progress",
    Status.WAITING: "waiting",
    Status.CORRECTING: "progress",
    Status.PLANNING: "progress",
    Status.APPROVAL: "progress",
    Status.COOLING: "waiting",
    Status.ERASING: "progress",
    Status.CLOSED: "neutral",
}

STEP_BADGES = {
    StepStatus.PENDING: "waiting",
    StepStatus.RUNNING: "progress",
    StepStatus.FOUND: "success",
    StepStatus.NOTHING_HELD: "neutral",
    StepStatus.WITHHELD: "locked",
    StepStatus.FAILED: "error",
}

_TO_REPRESENTED = {
    Capacity.PARENT: gettext_lazy("As your parent"),
    Capacity.GUARDIAN: gettext_lazy("As your guardian named by a court or an office"),
    Capacity.AUTHORISED: gettext_lazy("With your written authority"),
    Capacity.LAWYER: gettext_lazy("As your lawyer"),
    Capacity.CARER: gettext_lazy("As your carer or representative named by a court"),
    Capacity.ON_PAPER: gettext_lazy("With papers that a colleague of ours saw"),
}

HAPPENED = {
    "received": gettext_lazy("Your request came in"),
    Event.PROVE: gettext_lazy("You confirmed that it is you"),
    Event.MATCH: gettext_lazy("It was told to us that this account may be a child's"),
    Event.SET_ASIDE: gettext_lazy("Set aside: you had an open request of this kind"),
    Event.LAPSE: gettext_lazy("Closed: nobody confirmed it"),
    Event.DECLINE: gettext_lazy("Closed: not confirmed"),
    Event.FAIL: gettext_lazy("One part could not be read. A colleague is looking at it"),
    Event.RETRY: gettext_lazy("The part was tried again"),
    Event.FINISH_COLLECTING: gettext_lazy("Your data was collected"),
    Event.COMPLETE_DESPITE_FAILURE: gettext_lazy("We went on without the part that could not be read"),
    Event.FINISH_ASSEMBLING: gettext_lazy("Your copy was put together"),
    Event.COLLECT_AGAIN: gettext_lazy("Your data is collected once more"),
    Event.RELEASE: gettext_lazy("Your copy was released"),
    Event.EXPIRE: gettext_lazy("Your copy was deleted: its days were over"),
    Event.REOPEN: gettext_lazy("You said that something is missing"),
    Event.ANSWER: gettext_lazy("We answered you"),
    "extended": gettext_lazy("We told you that we need more time"),
    "clock_paused": gettext_lazy("The time to answer rests until you reply"),
    "clock_resumed": gettext_lazy("The time to answer goes on"),
    "transfer_confirmed": gettext_lazy("You had your copy sent to another service"),
    "transfer_done": gettext_lazy("Your copy reached the other service"),
    "transfer_failed": gettext_lazy("Your copy did not reach the other service"),
    "transfer_cancelled": gettext_lazy("You stopped the sending of your copy"),
    "transfer_stopped": gettext_lazy("We stopped the sending of your copy"),
    "transfer_turned_down": gettext_lazy("We turned down the service that you named"),
    Event.WITHDRAW: gettext_lazy("You withdrew the request"),
    Event.ASK: gettext_lazy("We asked you something"),
    Event.REPLY: gettext_lazy("You answered us"),
    Event.GO_ON: gettext_lazy("No answer came, so we went on without it"),
    Event.REFUSE: gettext_lazy("We refused the request"),
    Event.DECIDE: gettext_lazy("We decided"),
    Event.TAKE_UP: gettext_lazy("A colleague looks into it once more"),
    Event.GRANT_REVIEW: gettext_lazy("The first decision was lifted: we go on with your request"),
    Event.ORDER_CORRECTION: gettext_lazy("The correction was ordered"),
    Event.FINISH_CORRECTING: gettext_lazy("The correction is done"),
    Event.FINISH_PLANNING: gettext_lazy("We found out what can be deleted"),
    Event.PLAN_AGAIN: gettext_lazy("We look once more what can be deleted"),
    Event.APPROVE: gettext_lazy("The deletion was approved"),
    Event.BEGIN_ERASING: gettext_lazy("The deletion began"),
    Event.FINISH_ERASING: gettext_lazy("Your data was deleted"),
    "restricted": gettext_lazy("From now on we keep your data, but do not use it"),
    "stopped": gettext_lazy("What you objected to has stopped"),
    "more_objected": gettext_lazy("You objected to something more"),
    "less_objected": gettext_lazy("You took back a part of your objection"),
    "lift_ordered": gettext_lazy("We told you when this ends"),
    "lift_called_off": gettext_lazy("That it ends was taken back: it stays as it is for now"),
    "limit_ended": gettext_lazy("It has ended"),
    "child_answered": gettext_lazy("You told us how it is"),
}

# What is still to come, in order, for a request that is being worked on.
_COPY_STAGES = (
    (Status.COLLECTING, gettext_lazy("Collecting your data")),
    (Status.ASSEMBLING, gettext_lazy("Putting your copy together")),
    (Status.REVIEW, gettext_lazy("A colleague checks it")),
    (Status.READY, gettext_lazy("Ready for you to download")),
)
_STAGES: dict[str, tuple[tuple[Status, Any], ...]] = {
    Kind.ACCESS: _COPY_STAGES,
    Kind.PORTABILITY: _COPY_STAGES,
    Kind.ERASURE: (
        (Status.PLANNING, gettext_lazy("Finding out what can be deleted")),
        (Status.APPROVAL, gettext_lazy("A colleague checks what will be deleted")),
        (Status.COOLING, gettext_lazy("Some days in which you can still stop it")),
        (Status.ERASING, gettext_lazy("Deleting, and checking that nothing is left")),
        (Status.CLOSED, gettext_lazy("You get a certificate")),
    ),
    Kind.RECTIFICATION: (
        (Status.TRIAGE, gettext_lazy("A colleague looks at each correction")),
        (Status.CORRECTING, gettext_lazy("Correcting your data")),
        (Status.CLOSED, gettext_lazy("You get an answer")),
    ),
}
_DECISION_STAGES = ((Status.TRIAGE, gettext_lazy("A colleague looks into it")), (Status.CLOSED, gettext_lazy("You get an answer")))
# Where one of these states stands among the stages of its kind.
_STANDS_FOR: dict[str, tuple[Status, ...]] = {Status.ATTENTION: (Status.COLLECTING, Status.TRIAGE, Status.PLANNING)}


_NEXT = {
    Status.TRIAGE: gettext_lazy("A colleague looks into it and answers you here. You need not do anything."),
    Status.CORRECTING: gettext_lazy("What was decided is being corrected. We write to you when it is done."),
    Status.PLANNING: gettext_lazy("We find out what is held about you and what of it can be deleted. Nothing is deleted yet."),
    Status.APPROVAL: gettext_lazy("A colleague checks what will be deleted, and what the law makes us keep. Nothing is deleted yet."),
    Status.COOLING: gettext_lazy("Everything is ready. You can still stop it; after the date below nothing can be brought back."),
    Status.ERASING: gettext_lazy("Your data is being deleted. We write to you when it is done."),
}


_CLOSED_FOR_ANOTHER: dict[str, Any] = {
    Outcome.NOT_VERIFIED: gettext_lazy("This request was closed: it was not confirmed that you may ask for this person."),
    Outcome.WITHDRAWN: gettext_lazy("This request was withdrawn. What had been collected for it was destroyed."),
    Outcome.DUPLICATE: gettext_lazy("This request was set aside, because one of the same kind was open."),
}
_HAPPENED_FOR_ANOTHER = {
    Event.PROVE: gettext_lazy("It was shown that you may ask for this person"),
    Event.SET_ASIDE: gettext_lazy("Set aside: one of this kind was open"),
    Event.RELEASE: gettext_lazy("The copy was released"),
    Event.WITHDRAW: gettext_lazy("The request was withdrawn"),
    Event.FINISH_COLLECTING: gettext_lazy("The data was collected"),
    Event.FINISH_ASSEMBLING: gettext_lazy("The copy was put together"),
    Event.FINISH_ERASING: gettext_lazy("The data was deleted"),
}


def detail_page(
    request: Request, *, events: Sequence[TimelineEvent], progress: Progress | None, released: Bundle | None, lock: Lock | None
) -> dict[str, Any]:
    """Everything that the page of one request shows."""
    return {
        "item": request,
        "badge": BADGES[Status(request.status)],
        "next_sentence": next_sentence(request, released=released),
        "why_this_date": explain_request(request) if request.is_open else [],
        "events": [*(_happened(event, is_for_another=request.behalf != Behalf.SELF) for event in events), *_to_come(request, progress)],
        "progress": progress,
        "progress_sentence": progress_sentence(progress) if progress else "",
        "released": released,
        "lock": lock,
        "can_withdraw": find(request.status, Event.WITHDRAW, request.kind) is not None,
        "can_reopen": find(request.status, Event.REOPEN, request.kind) is not None and request.outcome in Outcome.ANSWERS,
    }


def represented_page(request: Request) -> dict[str, Any]:
    """What the page shows to somebody for whom another asks."""
    representation = getattr(request, "representation", None)
    return {
        "item": request,
        "badge": BADGES[Status(request.status)],
        "requester_name": representation.requester_name if representation is not None else "",
        "capacity": capacity_to_represented(representation),
        "contact": request.contact or "",
        "can_stop": can_be_stopped(request),
    }


def capacity_to_represented(representation: Representation | None) -> str:
    """What lets somebody ask, as the person for whom they ask reads it; the label itself speaks as the requester."""
    if representation is None:
        return ""
    return str(_TO_REPRESENTED.get(Capacity(representation.capacity), representation.get_capacity_display()))


def next_sentence(request: Request, *, released: Bundle | None) -> str:
    """What happens next, as one sentence for the person."""
    if request.behalf != Behalf.SELF and request.status == Status.RECEIVED:
        return _("First we make sure that you may ask for this person. What is still missing stands below.")
    if request.behalf != Behalf.SELF and request.outcome in _CLOSED_FOR_ANOTHER:
        return str(_CLOSED_FOR_ANOTHER[request.outcome])
    if request.status == Status.REOPENED:
        return _("A colleague reads what you wrote and answers you here.")
    if request.status == Status.READY and released is not None:
        return _("Your copy is ready. You can download it until the date below; then we delete the file.")
    if request.status == Status.WAITING:
        return _("We need an answer from you. You find our question below.")
    if request.status in _NEXT:
        return str(_NEXT[Status(request.status)])
    if request.status == Status.ATTENTION:
        return _("A colleague is looking at it, and goes on with it. You need not do anything.")
    if request.status == Status.REVIEW:
        return _("Your copy is made. A colleague checks it before you get it.")
    if request.is_open:
        return _("We collect what is held about you. You need not do anything; we write to you when your copy is ready.")
    if request.kind not in Kind.COPIES and request.outcome in Outcome.ANSWERS:
        return _("This request is answered.")
    closed = {
        Outcome.REFUSED: _("We refused this request. Below stands why, and what you can do about it."),
        Outcome.WITHDRAWN: _("You withdrew this request. What had been collected for it was destroyed."),
        Outcome.DUPLICATE: _("This request was set aside, because you had an open one of the same kind."),
        Outcome.NOT_VERIFIED: _("This request was closed, because nobody confirmed it."),
    }
    if request.outcome in closed:
        return closed[Outcome(request.outcome)]
    if released is not None:
        return _("This request is answered. You can still download your copy.")
    return _("This request is answered, and the file was deleted. You can ask for a new copy at any time.")


def progress_sentence(progress: Progress) -> str:
    """How far the workers are, in counts."""
    if not progress.is_planned:
        return _("Waiting for its turn.")
    words = ngettext("%(done)d of %(total)d source is through.", "%(done)d of %(total)d sources are through.", progress.steps)
    sentence = words % {"done": progress.steps_done, "total": progress.steps}
    if progress.volumes:
        words = ngettext(
            "%(done)d of %(total)d further document is made.", "%(done)d of %(total)d further documents are made.", progress.volumes
        )
        sentence = f"{sentence} {words % {'done': progress.volumes_done, 'total': progress.volumes}}"
    return sentence


def explain_request(request: Request, *, shows_reason: bool = True) -> list[str]:
    """Why the date of a request is what it is. The reason of an extension is left out where personal data is not shown."""
    if request.due is None:
        return []
    reason = (request.extension_reason or "") if shows_reason else ""
    return explain(request.due, reason=reason, extended_at=request.extended_at, rests_since=request.paused_at, is_late=request.is_late)


def days_left(request: Request) -> str:
    """How long there is left to answer, or by how much it is late."""
    if not request.is_open or request.due_at is None:
        return "–"
    if request.paused_at is not None:
        return _("the clock rests")
    days = (request.due_at - clock.now()).days
    if days < 0:
        return ngettext("%(count)d day overdue", "%(count)d days overdue", -days) % {"count": -days}
    return ngettext("%(count)d day left", "%(count)d days left", days) % {"count": days} if days else _("due today")


def contents(steps: Iterable[Step]) -> dict[str, list[Step]]:
    """The steps of a bundle, grouped for the page that says what is in it and what is not."""
    groups: dict[str, list[Step]] = {status: [] for status in StepStatus.FINAL}
    for step in steps:
        groups.setdefault(step.status, []).append(step)
    return groups


def _happened(event: TimelineEvent, *, is_for_another: bool) -> dict[str, Any]:
    words = HAPPENED | _HAPPENED_FOR_ANOTHER if is_for_another else HAPPENED
    by = _("a colleague") if event.actor_kind == "staff" else ""
    is_problem = event.event == Event.FAIL
    return {
        "title": words.get(event.event, event.event),
        "state": "problem" if is_problem else "done",
        "when": event.at,
        "text": event.note or "",
        "by": by,
    }


def _to_come(request: Request, progress: Progress | None) -> list[dict[str, Any]]:
    if request.status == Status.REOPENED:
        return [{"title": _("A colleague reads what you wrote"), "state": "now"}, {"title": _("You get an answer"), "state": "next"}]
    if not request.is_open:
        return []
    if request.status == Status.WAITING:
        return [{"title": _("You answer our question"), "state": "now"}, {"title": _("We go on"), "state": "next"}]
    stages = _STAGES.get(request.kind, _DECISION_STAGES)
    order = [status for status, _words in stages]
    current = next(status for status in _STANDS_FOR.get(request.status, (Status(request.status),)) if status in order)
    items: list[dict[str, Any]] = []
    for number, (_status, words) in enumerate(stages):
        if number < order.index(current):
            continue
        is_now = number == order.index(current)
        text = progress_sentence(progress) if is_now and progress else ""
        items.append({"title": words, "state": "now" if is_now else "next", "text": text})
    return items
