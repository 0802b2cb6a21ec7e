"""The end of limits: only what the last decision says ends, for each person by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences import gate
from privacycenter.preferences.domain import lift_objection
from privacycenter.preferences.parties import party_of
from privacycenter.subjects.domain import add_identifier, lift_restriction, restrict_subject, split_subject
from privacycenter.subjects.models import Restriction, Subject
from privacycenter.subjects.queries import restrictions_of
from requests_app.domain import (
    answer_reopening,
    ask_for_review,
    decide_review,
    refuse_request,
    reopen_request,
    take_up,
    withdraw_request,
)
from requests_app.domain.people import actor_for
from requests_app.enums import Outcome, Status
from requests_app.limits import ending
from requests_app.limits.asking import purposes_to_object
from requests_app.limits.lifting import order_lift, order_lift_of_subject
from requests_app.limits.objecting import decide_objection
from requests_app.limits.restricting import grant_restriction
from requests_app.models import Lift, Request, TimelineEvent
from requests_app.roles import DPO
from tests.factories.accounts import make_staff
from tests.factories.preferences import presented
from tests.factories.requests import fresh, staff_actor, with_role
from tests.requests_app.limits.helpers import asked, days_later

pytestmark = pytest.mark.django_db


@pytest.fixture
def purposes() -> list[str]:
    keys = [purpose.key for purpose in purposes_to_object()]
    assert len(keys) > 1
    return keys


def colleague() -> Actor:
    return Actor.for_user(with_role(make_staff(password=None), DPO))


def may_use(request: Request, purpose: str = "support") -> bool:
    return gate.may(Subject.objects.get(pk=request.subject_id), purpose).allowed


def events(request: Request) -> list[str]:
    return list(TimelineEvent.objects.filter(request=request).order_by("id").values_list("event", flat=True))


def refused_objection(purposes: list[str]) -> Request:
    request = asked("objection", marketing=False, purposes=purposes)
    balances = dict.fromkeys(purposes, "compelling")
    decide_objection(request, balances=balances, letter="Fraud would go unseen.", actor=staff_actor())
    run_until_idle()
    return fresh(request)


@pytest.mark.obligation("R-06")
def test_a_granted_review_calls_off_the_end_that_its_refusal_announced(purposes: list[str]) -> None:
    request = refused_objection(purposes[:1])
    review = ask_for_review(request, words="You did not read what I wrote.", actor=actor_for(request.subject))

    decide_review(review, is_granted=True, reasoning="Right.", actor=colleague())

    assert not Lift.objects.exists()
    assert "lift_called_off" in events(request)
    assert AuditEntry.objects.filter(verb="requests.lift_called_off").count() == 1
    days_later(30)
    assert not may_use(request, purposes[0])
    decide_objection(fresh(request), balances={purposes[0]: "upheld"}, letter="It stays stopped.", actor=staff_actor())
    days_later(60)
    assert not may_use(request, purposes[0])


@pytest.mark.obligation("R-06")
def test_a_new_decision_announces_the_end_anew_although_an_earlier_one_had(purposes: list[str]) -> None:
    request = asked("objection", marketing=False, purposes=purposes[:2])
    mixed = {purposes[0]: "compelling", purposes[1]: "upheld"}
    decide_objection(request, balances=mixed, letter="In part.", actor=staff_actor())
    reopen_request(fresh(request), missing="You forgot my shifts.", actor=actor_for(request.subject))
    assert not Lift.objects.exists()

    take_up(fresh(request), actor=staff_actor())
    decide_objection(fresh(request), balances=mixed, letter="In part, as before.", actor=staff_actor())

    run_until_idle()
    days_later(4)
    assert may_use(request, purposes[0])
    assert not may_use(request, purposes[1])


def test_what_went_on_stops_again_with_a_later_decision_for_the_person(purposes: list[str]) -> None:
    request = asked("objection", marketing=False, purposes=purposes[:2])
    decide_objection(request, balances={purposes[0]: "compelling", purposes[1]: "upheld"}, letter="In part.", actor=staff_actor())
    run_until_idle()
    days_later(4)
    assert may_use(request, purposes[0])
    reopen_request(fresh(request), missing="Look again.", actor=actor_for(request.subject))
    take_up(fresh(request), actor=staff_actor())

    decide_objection(fresh(request), balances=dict.fromkeys(purposes[:2], "upheld"), letter="You are right.", actor=staff_actor())

    assert not may_use(request, purposes[0])


def test_an_answer_without_a_new_decision_announces_again_what_reopening_called_off(purposes: list[str]) -> None:
    objection = asked("objection", marketing=False, purposes=purposes[:2])
    decide_objection(objection, balances={purposes[0]: "compelling", purposes[1]: "upheld"}, letter="In part.", actor=staff_actor())
    restriction = asked("restriction", ground="accuracy", categories=["forms", "interactions"])
    grant_restriction(restriction, categories=["forms"], letter="Forms only.", actor=staff_actor())
    for request in (objection, restriction):
        reopen_request(fresh(request), missing="Why?", actor=actor_for(request.subject))
    assert not Lift.objects.exists()

    for request in (objection, restriction):
        answer_reopening(fresh(request), answer="For the reasons in the letter.", actor=staff_actor())

    assert [(lift.request, lift.reason) for lift in Lift.objects.order_by("pk")] == [
        (objection, "compelling_grounds"),
        (restriction, "not_granted"),
    ]
    run_until_idle()
    days_later(4)
    assert may_use(objection, purposes[0])
    assert {row.source for row in restrictions_of(restriction.subject)} == {"records.form_submissions"}


@pytest.mark.obligation("R-04")
def test_what_a_later_decision_grants_is_not_lifted_by_an_end_that_still_stands(purposes: list[str]) -> None:
    """Also where the announcement outlived the decision in some way: the job asks once more before it ends anything."""
    restriction = asked("restriction", ground="accuracy", categories=[])
    refuse_request(restriction, ground="manifestly_unfounded", reasoning="No.", actor=staff_actor())
    days_later(0)
    objection = refused_objection(purposes[:1])
    run_until_idle()
    assert Lift.objects.count() == 2
    for request in (restriction, objection):
        Request.objects.filter(pk=request.pk).update(
            status=Status.CLOSED, outcome=Outcome.FULFILLED, choices={**request.choices, "balances": {}}
        )

    days_later(30)

    assert not may_use(restriction)
    assert not may_use(objection, purposes[0])
    assert not Lift.objects.exists()


def test_an_objection_refused_on_any_ground_goes_on_once_its_person_was_told(purposes: list[str]) -> None:
    request = asked("objection", marketing=True, purposes=purposes[:1])
    refuse_request(request, ground="manifestly_excessive", reasoning="The fifth time.", actor=staff_actor())

    days_later(0)
    run_until_idle()

    told = [message.body for message in mail.outbox if "goes on" in message.subject]
    assert len(told) == 1
    assert "We did not uphold your objection." in told[0]
    assert not may_use(request, purposes[0])
    days_later(4)
    assert may_use(request, purposes[0])
    assert not may_use(request, "news_and_offers")  # against direct marketing there is no refusal


def test_a_refused_repetition_does_not_undo_an_objection_that_was_upheld(purposes: list[str]) -> None:
    first = asked("objection", marketing=False, purposes=purposes[:1])
    decide_objection(first, balances={purposes[0]: "upheld"}, letter="You are right.", actor=staff_actor())
    user = first.subject.account
    again = asked("objection", user, marketing=False, purposes=purposes[:1])
    refuse_request(again, ground="manifestly_excessive", reasoning="It is stopped already.", actor=staff_actor())

    days_later(0)
    run_until_idle()
    days_later(4)

    assert not may_use(first, purposes[0])


def test_lifting_everything_leaves_what_was_restricted_afterwards() -> None:
    old = asked("restriction", ground="accuracy", categories=[])
    subject = old.subject
    order_lift_of_subject(subject, "verified", staff_actor())
    restrict_subject(subject, reason="child", ref="PR-LATE-RONE", actor=Actor.system("requests"))
    run_until_idle()

    days_later(4)

    assert [row.ref for row in restrictions_of(subject)] == ["PR-LATE-RONE"]
    assert not may_use(old)


def split_off(request: Request) -> Subject:
    actor = staff_actor()
    other = add_identifier(request.subject, kind="email", value="other@example.com", source="test", proven=True, actor=actor)
    return split_subject(request.subject, identifiers=[other], reason="two_people", actor=actor)


@pytest.mark.obligation("R-04")
def test_who_was_split_from_the_person_is_told_and_freed_as_well() -> None:
    request = asked("restriction", ground="accuracy", categories=[])
    grant_restriction(request, letter="While we check.", actor=staff_actor())
    new = split_off(fresh(request))
    assert [row.ref for row in restrictions_of(new)] == [request.ref]

    order_lift(fresh(request), reason="verified", actor=staff_actor())

    run_until_idle()
    assert OutboxMessage.objects.filter(kind="requests.limit_ends", subject_key=str(new.public_id)).count() == 1
    told = [message for message in mail.outbox if message.to == ["other@example.com"]]
    assert len(told) == 1
    assert request.ref not in told[0].subject + str(told[0].body)
    days_later(4)
    assert not Restriction.objects.exists()
    assert Subject.objects.get(pk=new.pk).restricted_at is None


def test_who_is_split_off_after_the_end_was_announced_is_told_as_well() -> None:
    request = asked("restriction", ground="accuracy", categories=[])
    grant_restriction(request, letter="While we check.", actor=staff_actor())
    order_lift(fresh(request), reason="verified", actor=staff_actor())
    new = split_off(fresh(request))

    run_until_idle()

    assert [message.to for message in mail.outbox if "ends" in message.subject].count(["other@example.com"]) == 1
    days_later(4)
    assert not Restriction.objects.exists()
    assert Subject.objects.get(pk=new.pk).restricted_at is None


def test_the_end_of_everything_is_told_to_who_is_split_off() -> None:
    request = asked("restriction", ground="accuracy", categories=[])
    grant_restriction(request, letter="While we check.", actor=staff_actor())
    order_lift_of_subject(fresh(request).subject, "verified", staff_actor())
    split_off(fresh(request))
    run_until_idle()

    days_later(4)

    assert not Restriction.objects.exists()


def test_nobody_is_told_that_goes_on_what_they_took_back_themselves(purposes: list[str]) -> None:
    request = asked("objection", marketing=False, purposes=purposes[:2])
    refuse_request(request, ground="manifestly_excessive", reasoning="Again.", actor=staff_actor())
    lift_objection(party_of(request.subject), purposes[0], presented=presented(), actor=actor_for(request.subject))

    days_later(0)

    assert [lift.purpose for lift in Lift.objects.all()] == [purposes[1]]


def test_a_stale_row_keeps_nobody_else_waiting() -> None:
    """A copy whose request is refused and whose own person is free: it once stopped the job for everybody."""
    stale = asked("restriction", ground="accuracy", categories=[])
    refuse_request(stale, ground="manifestly_unfounded", reasoning="No.", actor=staff_actor())
    new = split_off(fresh(stale))
    Restriction.objects.filter(subject=stale.subject).delete()
    waiting = asked("restriction", ground="accuracy", categories=[])
    order_lift(waiting, reason="verified", actor=staff_actor())
    run_until_idle()

    days_later(4)
    run_until_idle()
    days_later(8)

    assert may_use(waiting)
    assert not restrictions_of(new)


def test_one_that_breaks_is_left_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, fine = (asked("restriction", ground="accuracy", categories=[]) for _each in range(2))
    for request in (broken, fine):
        order_lift(request, reason="verified", actor=staff_actor())
    run_until_idle()

    def fails_for_one(subject: Subject, **how: Any) -> None:
        if subject == broken.subject:
            raise DatabaseError
        lift_restriction(subject, **how)

    with monkeypatch.context() as patch:
        patch.setattr(ending, "lift_restriction", fails_for_one)
        days_later(4)

    assert may_use(fine)
    assert not may_use(broken)
    days_later(4)
    assert may_use(broken)


def test_what_is_taken_back_is_free_at_once_and_its_copy_after_its_person_was_told() -> None:
    request = asked("restriction", ground="accuracy", categories=[])
    withdraw_request(fresh(request), actor=actor_for(request.subject))
    new = split_off(fresh(request))
    run_until_idle()

    days_later(0)

    assert may_use(request)
    assert [row.subject_id for row in Restriction.objects.all()] == [new.pk]
    run_until_idle()
    days_later(4)
    assert not Restriction.objects.exists()
