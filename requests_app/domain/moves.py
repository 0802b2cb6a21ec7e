"""The one place that changes the status of a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from privacycenter.audit.domain import Event as AuditEvent
from privacycenter.audit.domain import record_many
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.domain.people import require_role
from requests_app.enums import Outcome, Status
from requests_app.errors import IllegalMove, LostRace, NotAllowed, NotProven
from requests_app.models import Request, TimelineEvent
from requests_app.transitions import Event, Guard, Move, Role, find

_listeners: list[Callable[[Request, Sequence[str]], None]] = []


def on_moved(listen: Callable[[Request, Sequence[str]], None]) -> None:
    """Add what wants to know of every move, in its transaction: it gets the request as it stands then, and the events."""
    if listen not in _listeners:
        _listeners.append(listen)


@dataclass(frozen=True)
class Change:
    """One move to make: the event, the guard that the verb has checked, and what the timeline says of it."""

    event: Event
    met: Guard = Guard.NONE
    outcome: str = ""
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    is_internal: bool = False


def move(request: Request, *changes: Change, role: Role, actor: Actor, **columns: Any) -> None:
    """Make legal moves one after the other, writing the timeline and the audit trail with them, as one conditional update.

    `columns` are further fields of the request that change with it. Raises IllegalMove for a move that the table does not
    have or whose guard was not checked, NotAllowed for the wrong role, LostRace when the request is not any more where
    the caller saw it; then nothing was changed.
    """
    rows = _legal(request, changes, role)
    require_role(request, role, actor=actor)
    target, outcome = rows[-1].target, _outcome(request, rows[-1], changes[-1])
    values = {**columns, "status": target, "outcome": outcome}
    with transaction.atomic():
        if Request.objects.filter(pk=request.pk, status=request.status).update(**values) != 1:
            raise LostRace
        for name, value in values.items():
            setattr(request, name, value)
        note_moves(request, rows, changes, actor=actor)


def lock_request(request: Request) -> None:
    """Lock the row of a request, first thing in a transaction that then locks what belongs to it; its status is the present one now.

    One order for everybody: a plan or a proposal that is locked before its request waits for who locked them the other way round.
    Raises LostRace for a request that is gone.
    """
    present = Request.objects.select_for_update(no_key=True).values_list("status", "outcome").filter(pk=request.pk).first()
    if present is None:
        raise LostRace
    request.status, request.outcome = present


def note_moves(request: Request, rows: Sequence[Move], changes: Sequence[Change], *, actor: Actor) -> None:
    """Write what happened where the person and the desk see it, and where nobody can change it."""
    at = clock.now()
    TimelineEvent.objects.bulk_create(
        TimelineEvent(
            request=request,
            at=at,
            event=change.event,
            status=row.target,
            actor_kind=actor.kind,
            actor_ref=actor.ref,
            note=change.note or None,
            details=change.details,
            is_internal=change.is_internal,
        )
        for row, change in zip(rows, changes, strict=True)
    )
    for told in _listeners:
        told(request, [change.event.value for change in changes])
    subject = str(request.subject.public_id) if request.subject_id and request.subject else ""
    record_many(
        AuditEvent(f"requests.{change.event}", actor, subject, request.ref, parameters={"kind": str(request.kind)}) for change in changes
    )


def _legal(request: Request, changes: Sequence[Change], role: Role) -> list[Move]:
    rows: list[Move] = []
    status = request.status
    for change in changes:
        row = find(status, change.event, request.kind)
        if row is None or row.guard != change.met:
            raise NotProven if row is None and status == Status.RECEIVED else IllegalMove
        if role not in row.roles:
            raise NotAllowed
        rows.append(row)
        status = row.target
    if not rows:
        raise IllegalMove
    return rows


def _outcome(request: Request, row: Move, change: Change) -> str:
    if row.outcome is not None:
        return row.outcome
    outcome = change.outcome or request.outcome
    if outcome not in Outcome.ANSWERS:
        raise IllegalMove
    return outcome
