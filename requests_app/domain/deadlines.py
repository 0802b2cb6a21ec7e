"""The due date of a request: fixed at the proof, extended once, moved by the days for which the clock rested."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.clock import REOPENED, DueDate, acknowledge_by, extend, rest
from requests_app.clock.arithmetic import local_day
from requests_app.domain.mails import tell_person
from requests_app.domain.people import WORK, require_permission
from requests_app.domain.words import typed
from requests_app.enums import AskedFor, Status
from requests_app.errors import CannotExtend, LostRace
from requests_app.models import Request, TimelineEvent
from requests_app.regimes import due_for

EXTENDED = "extended"
PAUSED = "clock_paused"
RESUMED = "clock_resumed"
REASON_LENGTH = 2000


def first_dates(request: Request) -> dict[str, Any]:
    """The columns of the dates that a proven request gets, counted from receipt (GDPR Art. 12(3)), not from the proof."""
    due = due_for(request.kind, received_at=request.received_at, stated_country=request.country)
    return {**_columns(due), "acknowledge_by": acknowledge_by(due)}


def dates_again(request: Request) -> dict[str, Any]:
    """The columns of the dates of a request that is opened again: as they were where the day is still ahead, else counted anew."""
    now = clock.now()
    if request.due_at is not None and request.due_at > now:
        return {}
    due = due_for(request.kind, received_at=now, stated_country=request.country, cause=REOPENED)
    return {**_columns(due), "paused_at": None, "paused_days": 0}


def extend_deadline(request: Request, *, reason: str, actor: Actor) -> None:
    """Take the longer time that every applicable law allows, once, and tell the person why, before the first time is over.

    Raises NotAllowed, ReasonMissing, TooLong, CannotExtend, which says why not, and LostRace.
    """
    require_permission(actor, WORK)
    words = typed(reason, REASON_LENGTH)
    refuse_extension(request)
    due = extend(_due(request))
    changed = {**_columns(due), "extended_at": clock.now(), "extension_reason": words}
    with transaction.atomic():
        _change(request, {"extended_at": None, "due_at": request.due_at}, changed)
        _note(request, EXTENDED, note=words, actor=actor)
        record("requests.extended", actor=actor, subject=_subject(request), ticket=request.ref, due=due.due_on.isoformat())
        tell_person(request, "requests.extended", actor=actor, due_on=due.due_on, first_due_on=due.first_due_on)


def refuse_extension(request: Request) -> None:
    """Raise CannotExtend unless the date of this request can be extended now."""
    if not request.is_open or request.due is None or request.due_at is None:
        raise CannotExtend("closed")
    if request.extended_at is not None:
        raise CannotExtend("already")
    if request.paused_at is None and request.due_at <= clock.now():
        raise CannotExtend("late")
    if request.due.forbids_extension:
        raise CannotExtend("forbidden", ", ".join(request.due.forbids_extension))
    if extend(request.due).due_on <= request.due.due_on:
        raise CannotExtend("nothing_won")


def pause_clock(request: Request, *, about: str = AskedFor.CLARIFICATION, actor: Actor) -> bool:
    """Let the clock rest while the person is asked for something, where every applicable law allows it. Answers whether it rests.

    For the verb that asks, in its transaction. A clock that rests already, has run out, or belongs to an answered request stays as it is.
    """
    now = clock.now()
    due = request.due
    if not request.is_open or due is None or request.paused_at is not None or due.due_at <= now or not due.may_rest_for(about):
        return False
    with transaction.atomic():
        _change(request, {"paused_at": None}, {"paused_at": now})
        _note(request, PAUSED, actor=actor)
        record("requests.clock_paused", actor=actor, subject=_subject(request), ticket=request.ref, about=str(about))
    return True


def resume_clock(request: Request, *, actor: Actor) -> bool:
    """Let a clock that rests go on: the date moves by the days it rested. Answers whether it rested.

    For the verbs that end the waiting, in their transaction, before their move: an answered request has no clock.
    """
    if request.paused_at is None:
        return False
    days = (_day(clock.now()) - _day(request.paused_at)).days
    due = rest(_due(request), days)
    changed = {**_columns(due), "paused_at": None, "paused_days": due.rested_days}
    with transaction.atomic():
        _change(request, {"paused_at": request.paused_at}, changed)
        _note(request, RESUMED, actor=actor, details={"days": days})
        record("requests.clock_resumed", actor=actor, subject=_subject(request), ticket=request.ref, days=days)
    return True


def _due(request: Request) -> DueDate:
    if request.due is None:
        raise CannotExtend("closed")
    return request.due


def _columns(due: DueDate) -> dict[str, Any]:
    return {"due_at": due.due_at, "due_explanation": due.to_json(), "reminded_days": None}


def _change(request: Request, where: dict[str, Any], changed: dict[str, Any]) -> None:
    """Write columns if the request still is as the caller saw it. Raises LostRace."""
    if Request.objects.filter(pk=request.pk, status__in=Status.OPEN, **where).update(**changed) != 1:
        raise LostRace
    for name, value in changed.items():
        setattr(request, name, value)


def _note(request: Request, event: str, *, note: str = "", details: dict[str, Any] | None = None, actor: Actor) -> None:
    TimelineEvent.objects.create(
        request=request,
        at=clock.now(),
        event=event,
        status=request.status,
        actor_kind=actor.kind,
        actor_ref=actor.ref,
        note=note or None,
        details=details or {},
    )


def _day(moment: datetime) -> date:
    return local_day(moment, settings.TIME_ZONE)


def _subject(request: Request) -> str:
    return str(request.subject.public_id) if request.subject else ""
