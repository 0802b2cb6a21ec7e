"""What the pages say about a request: plain sentences made of its state. Reads what it is given, asks no database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from privacycenter.kernel import clock
from requests_app.clock import REOPENED, DueDate
from requests_app.enums import Outcome, Status, StepStatus
from requests_app.models import Bundle, Request, Step, TimelineEvent
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

HAPPENED = {
    "received": gettext_lazy("Your request came in"),
    Event.PROVE: gettext_lazy("You confirmed that it is you"),
    Event.SET_ASIDE: gettext_lazy("Set aside: you had an open request of this kind"),
    Event.LAPSE: gettext_lazy("Closed: nobody confirmed it"),
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
    Event.WITHDRAW: gettext_lazy("You withdrew the request"),
}

# What is still to come, in order, for a request that is being worked on.
_STAGES = (
    (Status.COLLECTING, gettext_lazy("Collecting your data")),
    (Status.ASSEMBLING, gettext_lazy("Putting your copy together")),
    (Status.REVIEW, gettext_lazy("A colleague checks it")),
    (Status.READY, gettext_lazy("Ready for you to download")),
)


def detail_page(
    request: Request, *, events: Sequence[TimelineEvent], progress: Progress | None, released: Bundle | None, lock: Lock | None
) -> dict[str, Any]:
    """Everything that the page of one request shows."""
    return {
        "item": request,
        "badge": BADGES[Status(request.status)],
        "next_sentence": next_sentence(request, released=released),
        "why_this_date": explain(request.due) if request.due and request.is_open else [],
        "events": [*(_happened(event) for event in events), *_to_come(request, progress)],
        "progress": progress,
        "progress_sentence": progress_sentence(progress) if progress else "",
        "released": released,
        "lock": lock,
        "can_withdraw": find(request.status, Event.WITHDRAW) is not None,
        "can_reopen": find(request.status, Event.REOPEN) is not None and request.outcome in Outcome.ANSWERS,
    }


def next_sentence(request: Request, *, released: Bundle | None) -> str:
    """What happens next, as one sentence for the person."""
    if request.status == Status.REOPENED:
        return _("A colleague reads what you wrote and answers you here.")
    if request.status == Status.READY and released is not None:
        return _("Your copy is ready. You can download it until the date below; then we delete the file.")
    if request.status == Status.ATTENTION:
        return _("One source could not be read by itself. A colleague sees to it; you need not do anything.")
    if request.status == Status.REVIEW:
        return _("Your copy is made. A colleague checks it before you get it.")
    if request.is_open:
        return _("We collect what is held about you. You need not do anything; we write to you when your copy is ready.")
    closed = {
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


def explain(due: DueDate) -> list[str]:
    """Why the due date is what it is, sentence by sentence."""
    values = {"received": _day(due.received_on), "counted": _day(due.counted_on), "due": _day(due.due_on), "zone": due.time_zone}
    start = (
        _("You told us on %(received)s that something is missing; the month counts anew from then.")
        if due.rule == REOPENED
        else _("Your request came in on %(received)s (%(zone)s time).")
    )
    sentences = [
        start % values,
        _("The law (GDPR, Article 12(3)) gives us one month at most. The day of receipt is not counted, so it ends on %(counted)s.")
        % values,
    ]
    for day, name in due.skipped:
        reason = name or _("a Saturday or Sunday")
        sentences.append(_("%(day)s is no working day (%(reason)s), so the next one counts.") % {"day": _day(day), "reason": reason})
    sentences.append(_("You have our answer by the end of %(due)s at the latest.") % values)
    return sentences


def days_left(request: Request) -> str:
    """How long there is left to answer, or by how much it is late."""
    if not request.is_open or request.due_at is None:
        return "–"
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


def _happened(event: TimelineEvent) -> dict[str, Any]:
    by = _("a colleague") if event.actor_kind == "staff" else ""
    is_problem = event.event == Event.FAIL
    return {
        "title": HAPPENED.get(event.event, event.event),
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
    current = Status.COLLECTING if request.status == Status.ATTENTION else Status(request.status)
    order = [status for status, _words in _STAGES]
    items: list[dict[str, Any]] = []
    for number, (_status, words) in enumerate(_STAGES):
        if number < order.index(current):
            continue
        is_now = number == order.index(current)
        text = progress_sentence(progress) if is_now and progress else ""
        items.append({"title": words, "state": "now" if is_now else "next", "text": text})
    return items


def _day(day: date) -> str:
    return formats.date_format(day, "l, j F Y")
