"""Words about requests for lists, where no view prepares each row."""

from __future__ import annotations

from django import template

from accounts.models import User
from requests_app.clock import DueDate
from requests_app.enums import Outcome, Status
from requests_app.models import Request, Step
from requests_app.presentation import BADGES, STEP_BADGES, explain
from requests_app.presentation import days_left as words_for_days_left

register = template.Library()


@register.filter
def request_badge(request: Request) -> str:
    """Which badge the state of a request takes."""
    return BADGES[Status(request.status)]


@register.filter
def request_state(request: Request) -> str:
    """The state in words; how it ended, where it has."""
    if request.status == Status.CLOSED and request.outcome:
        return str(Outcome(request.outcome).label)
    return str(Status(request.status).label)


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
