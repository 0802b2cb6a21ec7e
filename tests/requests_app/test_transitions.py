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
from requests_app.enums import Kind, Outcome, Status
from requests_app.errors import IllegalMove, LostRace, NotAllowed
from requests_app.models import Request, TimelineEvent
from requests_app.transitions import TABLE, Event, Guard, Role, diagram, find, legal_moves
from tests.factories.accounts import make_account
from tests.factories.requests import staff_actor
from tests.requests_app.together import in_threads

pytestmark = pytest.mark.django_db


def in_status(status: Status, kind: str = Kind.ACCESS, *, saved: bool = True) -> Request:
    subject = create_subject(actor=Actor.system("tests")) if saved else None
    due = deadlines.due_date(clock.now(), time_zone="UTC", country="MY")
    request = Request(
        kind=kind,
        channel="account",
        status=status,
        outcome=Outcome.FULFILLED if status in Status.ANSWERED else "",
        subject=subject,
        received_at=clock.now(),
        verified_at=clock.now(),
        due_at=due.due_at,
        due_explanation=due.to_json(),
    )
    if saved:
        request.save()
    return request


def actor_in(role: Role, request: Request) -> Actor:
    return {Role.PERSON: lambda: actor_for(request.subject), Role.STAFF: staff_actor, Role.SYSTEM: lambda: Actor.system("tests")}[role]()


@pytest.mark.parametrize(("kind", "role"), list(product(Kind, Role)), ids=lambda value: str(value))
def test_a_move_is_made_exactly_where_the_table_has_it(kind: Kind, role: Role) -> None:
    made, refused = 0, 0
    for status, event in product(Status, Event):
        row = find(status, event, kind)
        mets = {each.guard for each in TABLE if each.event == event}
        if row is None or role not in row.roles:
            refused += 1
            for met in mets:  # whatever guard the verb says it has checked
                with pytest.raises((IllegalMove, NotAllowed)):
                    move(in_status(status, kind, saved=False), Change(event, met), role=role, actor=Actor.system("tests"))
            continue
        made += 1
        request = in_status(status, kind)
        move(request, Change(event, row.guard, outcome=Outcome.FULFILLED), role=role, actor=actor_in(role, request))
        stored = Request.objects.get(pk=request.pk)
        assert (stored.status, request.status) == (row.target, row.target)
        assert bool(stored.outcome) == (row.target in Status.ANSWERED)
        assert TimelineEvent.objects.get(request=request).event == event
        assert AuditEntry.objects.get(ticket=request.ref).verb == f"requests.{event}"
        stored.delete()  # so that the next may be open as well

    assert made
    assert made + refused == len(Status) * len(Event)


def test_every_state_is_reached_and_only_the_last_is_left_alone() -> None:
    targets = {row.target for row in TABLE}

    assert targets | {Status.RECEIVED} == set(Status)
    assert all(any(status in row.sources for row in TABLE) for status in Status)
    for kind in Kind:  # and with each kind, from what can be reached
        own = [row for row in TABLE if kind in row.kinds]
        reached = {Status.RECEIVED} | {row.target for row in own}
        assert all(row.sources & reached for row in own)


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


@pytest.mark.django_db(transaction=True)
def test_of_the_same_move_made_at_the_same_instant_one_is_made() -> None:
    request, actor = in_status(Status.REVIEW), staff_actor()
    seen = [Request.objects.select_related("subject").get(pk=request.pk) for _each in range(4)]

    def release() -> None:
        change = Change(Event.RELEASE, Guard.FILE_WRITTEN, outcome=Outcome.FULFILLED)
        move(seen.pop(), change, role=Role.STAFF, actor=actor)

    answers = in_threads(4, release)

    assert sorted(type(answer).__name__ for answer in answers) == ["LostRace", "LostRace", "LostRace", "NoneType"]
    assert TimelineEvent.objects.filter(request=request).count() == 1
    assert AuditEntry.objects.filter(ticket=request.ref).count() == 1


@pytest.mark.parametrize("event", [Event.RELEASE, Event.COLLECT_AGAIN, Event.WITHDRAW])
def test_nothing_moves_a_ticket_that_is_gone_or_forgotten(event: Event) -> None:
    gone, forgotten = in_status(Status.REVIEW), in_status(Status.CLOSED)
    row = find(Status.REVIEW, event, Kind.ACCESS)
    assert row is not None
    role = Role.PERSON if event is Event.WITHDRAW else Role.STAFF
    change, actor = Change(event, row.guard, outcome=Outcome.FULFILLED), actor_in(role, gone)
    Request.objects.filter(pk=gone.pk).delete()
    Request.objects.filter(pk=forgotten.pk).update(subject=None, forgotten_at=clock.now())

    with pytest.raises(LostRace), transaction.atomic():
        move(gone, change, role=role, actor=actor)
    with pytest.raises((IllegalMove, NotAllowed)):
        move(Request.objects.get(pk=forgotten.pk), change, role=role, actor=actor)
    assert not TimelineEvent.objects.exists()


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
    assert [row.event for row in legal_moves(Status.ATTENTION, Role.STAFF, Kind.ACCESS)] == [
        Event.RETRY,
        Event.COMPLETE_DESPITE_FAILURE,
        Event.COLLECT_AGAIN,
        Event.ASK,
        Event.REFUSE,
    ]
    assert [row.event for row in legal_moves(Status.TRIAGE, Role.STAFF, Kind.COMPLAINT)] == [Event.DECIDE, Event.ASK, Event.REFUSE]
    assert [row.event for row in legal_moves(Status.CLOSED, Role.STAFF, Kind.ACCESS)] == [Event.GRANT_REVIEW]
    assert list(legal_moves(Status.CLOSED, Role.STAFF, Kind.REVIEW)) == []


def test_the_documented_diagram_is_the_table() -> None:
    from pathlib import Path

    from django.conf import settings

    assert diagram() in Path(settings.BASE_DIR, "docs", "requests.md").read_text(encoding="utf-8")
