"""The table of moves: every state, every event, every role; and what a move leaves behind."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import IntegrityError, transaction

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.subjects.domain import create_subject
from requests_app import clock as deadlines
from requests_app.domain.moves import Change, move
from requests_app.domain.people import actor_for
from requests_app.enums import Outcome, Status
from requests_app.errors import IllegalMove, LostRace, NotAllowed
from requests_app.models import Request, TimelineEvent
from requests_app.transitions import TABLE, Event, Guard, Role, diagram, find, legal_moves
from tests.factories.accounts import make_account
from tests.factories.requests import staff_actor

pytestmark = pytest.mark.django_db

ALL = list(product(Status, Event, Role))


def in_status(status: Status) -> Request:
    subject = create_subject(actor=Actor.system("tests"))
    due = deadlines.due_date(clock.now(), time_zone="UTC", country="MY")
    is_ended = status in Status.ANSWERED
    return Request.objects.create(
        kind="access",
        channel="account",
        status=status,
        outcome=Outcome.FULFILLED if is_ended else "",
        subject=subject,
        received_at=clock.now(),
        verified_at=clock.now(),
        due_at=due.due_at,
        due_explanation=due.to_json(),
    )


def actor_in(role: Role, request: Request) -> Actor:
    return {Role.PERSON: lambda: actor_for(request.subject), Role.STAFF: staff_actor, Role.SYSTEM: lambda: Actor.system("tests")}[role]()


@pytest.mark.parametrize(("status", "event", "role"), ALL, ids=lambda value: str(value))
def test_a_move_is_made_exactly_where_the_table_has_it(status: Status, event: Event, role: Role) -> None:
    request = in_status(status)
    row = find(status, event)
    met = next(row.guard for row in TABLE if row.event == event)
    change = Change(event, met, outcome=Outcome.FULFILLED)

    if row is None or role not in row.roles:
        with pytest.raises((IllegalMove, NotAllowed)):
            move(request, change, role=role, actor=actor_in(role, request))
        assert Request.objects.get(pk=request.pk).status == status
        assert not TimelineEvent.objects.filter(request=request).exists()
    else:
        move(request, change, role=role, actor=actor_in(role, request))
        stored = Request.objects.get(pk=request.pk)
        assert (stored.status, request.status) == (row.target, row.target)
        assert bool(stored.outcome) == (row.target in Status.ANSWERED)
        assert TimelineEvent.objects.get(request=request).event == event
        assert AuditEntry.objects.get(ticket=request.ref).verb == f"requests.{event}"


def test_every_state_is_reached_and_only_the_last_is_left_alone() -> None:
    targets = {row.target for row in TABLE}

    assert targets | {Status.RECEIVED} == set(Status)
    assert all(any(status in row.sources for row in TABLE) for status in Status)


def test_a_guard_that_was_not_checked_stops_the_move() -> None:
    request = in_status(Status.ATTENTION)

    with pytest.raises(IllegalMove):
        move(request, Change(Event.COMPLETE_DESPITE_FAILURE, Guard.NONE), role=Role.STAFF, actor=staff_actor())


def test_a_move_from_a_state_that_is_past_loses_the_race() -> None:
    request = in_status(Status.REVIEW)
    stale = Request.objects.get(pk=request.pk)
    release = Change(Event.RELEASE, Guard.FILE_WRITTEN, outcome=Outcome.FULFILLED)
    move(request, release, role=Role.STAFF, actor=staff_actor())

    with pytest.raises(LostRace), transaction.atomic():
        move(stale, Change(Event.COLLECT_AGAIN), role=Role.STAFF, actor=staff_actor())

    assert TimelineEvent.objects.filter(request=request).count() == 1


def test_several_moves_are_one_update_with_one_line_each() -> None:
    request = in_status(Status.COLLECTING)
    changes = (Change(Event.FINISH_COLLECTING, Guard.ALL_STEPS_FINAL), Change(Event.FINISH_ASSEMBLING, Guard.FILE_WRITTEN))

    move(request, *changes, role=Role.SYSTEM, actor=Actor.system("tests"))

    assert Request.objects.get(pk=request.pk).status == Status.REVIEW
    assert list(TimelineEvent.objects.values_list("event", "status")) == [("collected", "assembling"), ("assembled", "review")]


def test_another_person_moves_nothing() -> None:
    request = in_status(Status.COLLECTING)
    stranger = actor_for(create_subject(actor=Actor.system("tests")))

    with pytest.raises(NotAllowed):
        move(request, Change(Event.WITHDRAW), role=Role.PERSON, actor=stranger)


def test_staff_without_the_permission_move_nothing() -> None:
    request = in_status(Status.REVIEW)
    clerk = Actor.for_user(make_account(is_staff=True, password=None))

    with pytest.raises(NotAllowed):
        move(request, Change(Event.COLLECT_AGAIN), role=Role.STAFF, actor=clerk)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "nowhere"},
        {"status": Status.READY, "outcome": ""},
        {"status": Status.COLLECTING, "outcome": Outcome.FULFILLED},
        {"subject": None},
        {"verified_at": None},
        {"kind": "other"},
    ],
    ids=str,
)
def test_the_database_repeats_the_invariants(values: dict[str, object]) -> None:
    request = in_status(Status.COLLECTING)

    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(**values)


def test_what_staff_may_do_is_read_from_the_table() -> None:
    assert [row.event for row in legal_moves(Status.ATTENTION, Role.STAFF)] == [
        Event.RETRY,
        Event.COMPLETE_DESPITE_FAILURE,
        Event.COLLECT_AGAIN,
    ]
    assert list(legal_moves(Status.CLOSED, Role.STAFF)) == []


def test_the_documented_diagram_is_the_table() -> None:
    from pathlib import Path

    from django.conf import settings

    assert diagram() in Path(settings.BASE_DIR, "docs", "requests.md").read_text(encoding="utf-8")
