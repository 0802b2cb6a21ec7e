"""Words about requests for lists, where no view prepares each row."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from requests_app.clock import DueDate
from requests_app.clock.words import explain
from requests_app.enums import Behalf, Kind, Outcome, Status
from requests_app.models import Request, Step
from requests_app.presentation import BADGES, STEP_BADGES
from requests_app.presentation import days_left as words_for_days_left

register = template.Library()
# Of a copy a part is missing; of what was asked to be done, a part was not.
DONE_IN_PART = {
    Kind.RECTIFICATION: gettext_lazy("Put right in part, with the reasons"),
    Kind.ERASURE: gettext_lazy("Deleted, except for what must be kept"),
    Kind.RESTRICTION: gettext_lazy("Restricted in part, with the reasons"),
    Kind.OBJECTION: gettext_lazy("Upheld in part, with the reasons"),
    Kind.REVIEW: gettext_lazy("Upheld in part, with the reasons"),
}


@register.filter
def request_badge(request: Request) -> str:
    """Which badge the state of a request takes."""
    return BADGES[Status(request.status)]


@register.filter
def request_state(request: Request) -> str:
    """The state in words; how it ended, where it has."""
    if request.status == Status.CLOSED and request.outcome:
        if request.kind == Kind.WITHDRAWAL and request.outcome == Outcome.NOTHING_HELD:  # no consent stood; data may well be held
            return _("Answered: there was nothing to take back")
        if request.outcome == Outcome.IN_PART and request.kind in DONE_IN_PART:
            return str(DONE_IN_PART[Kind(request.kind)])
        return str(Outcome(request.outcome).label)
    if request.behalf != Behalf.SELF and request.status == Status.RECEIVED:
        representation = getattr(request, "representation", None)
        if representation is not None and representation.submitted_at is not None:
            return _("Your proof is being looked at")
    return str(Status(request.status).label)


@register.simple_tag(takes_context=True)
def for_whom(context: dict[str, Any], request: Request) -> str:
    """Whom a request for another is about, for the one who asks; that somebody else asked, for the one it is about; else empty."""
    if request.behalf == Behalf.SELF:
        return ""
    user = context.get("user")
    if request.subject_id is not None and request.subject_id == getattr(user, "subject_id", None):
        return _("Asked for you by somebody else")
    name = getattr(getattr(request, "representation", None), "person_name", None)
    return _("For %(name)s") % {"name": name} if name else _("For somebody else")


@register.filter
def step_badge(step: Step) -> str:
    """Which badge the state of a step takes."""
    return STEP_BADGES[step.status]  # type: ignore[index]  # a value of StepStatus


@register.simple_tag
def requests_in_hand(user: User) -> list[Request]:
    """What this person would leave behind by closing the account: requests that are open or ready to be fetched."""
    return list(Request.objects.of(user.subject_id).filter(status__in=(*Status.OPEN, Status.READY)))


@register.filter
def due_reasons(due: DueDate) -> list[str]:
    """Why a due date is what it is."""
    return explain(due)


@register.filter
def days_left(request: Request) -> str:
    """How long there is left to answer."""
    return words_for_days_left(request)
