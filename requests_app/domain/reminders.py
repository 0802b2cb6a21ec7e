"""Telling staff what is due before it is late, and the data protection officers once it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from accounts.queries import primary_address
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.domain import queue_message
from requests_app.models import Request
from requests_app.roles import data_protection_officers, people_who_may_work

OVERDUE = -1  # the last reminder of all


def remind_staff(*, limit: int, actor: Actor) -> int:
    """Remind of every request that came closer to its date than a number of days of which nobody was told yet. Answers how many.

    Who has it is told, everybody who may work on requests where nobody has; of what is overdue the data protection officers are told, too.
    Each request in a transaction of its own. A clock that rests reminds of nothing.
    """
    now = clock.now()
    wanted = Q(pk__in=[])
    for days in (OVERDUE, *settings.DUE_REMINDER_DAYS):
        nearer = now if days == OVERDUE else now + timedelta(days=days)
        wanted |= Q(due_at__lt=nearer) & (Q(reminded_days=None) | Q(reminded_days__gt=days))
    found = Request.objects.open().filter(wanted, paused_at=None).select_related("subject", "assignee__subject").order_by("due_at")
    return sum(_remind(request, actor=actor) for request in found[:limit])


def _remind(request: Request, *, actor: Actor) -> bool:
    days = _days(request)
    with transaction.atomic():
        as_seen = Request.objects.open().filter(pk=request.pk, due_at=request.due_at, paused_at=None, reminded_days=request.reminded_days)
        if not as_seen.update(reminded_days=days):
            return False  # another run was first, or the request went on
        told = _holders(request)
        if days == OVERDUE:
            told = list({user.pk: user for user in (*told, *data_protection_officers().select_related("subject"))}.values())
            record("requests.escalated", actor=actor, subject=_subject(request), ticket=request.ref)
        else:
            record("requests.staff_reminded", actor=actor, subject=_subject(request), ticket=request.ref, days=days)
        _tell(told, "requests.overdue" if days == OVERDUE else "requests.due_soon", request, actor=actor)
    return True


def _days(request: Request) -> int:
    """The smallest number of days before its date that this request has reached."""
    if request.is_late or request.due_at is None:
        return OVERDUE
    left = request.due_at - clock.now()
    return min(days for days in settings.DUE_REMINDER_DAYS if left < timedelta(days=days))


def tell_staff(request: Request, message_kind: str, *, actor: Actor) -> None:
    """Mail whoever has this request, everybody who may work on it where nobody has, and the data protection officers. In the caller's
    transaction."""
    told = {user.pk: user for user in (*_holders(request), *data_protection_officers().select_related("subject"))}
    _tell(told.values(), message_kind, request, actor=actor)


def _holders(request: Request) -> list[User]:
    holder = request.assignee if request.assignee and request.assignee.is_active and request.assignee.is_staff else None
    return [holder] if holder else list(people_who_may_work().select_related("subject"))


def _tell(people: Iterable[User], message_kind: str, request: Request, *, actor: Actor) -> None:
    context = {
        "reference": request.ref,
        "due_on": request.due.due_on if request.due else None,
        "desk_url": settings.SITE_URL + reverse("admin:requests_app_request_change", args=[request.pk]),
    }
    for user in people:
        address = primary_address(user) or user.email
        if address:
            queue_message(
                message_kind,
                to=address,
                context=context,
                language=user.subject.language,
                subject_key=str(user.subject.public_id),
                ticket=request.ref,
                actor=actor,
            )


def _subject(request: Request) -> str:
    return str(request.subject.public_id) if request.subject else ""
