"""Two people act on one plan in the same instant: one of them wins, the other is told, and nothing is half done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.models import Job
from privacycenter.kernel.sources import registry
from privacycenter.mail.models import OutboxMessage
from requests_app.domain import withdraw_request
from requests_app.domain.erasure import approve_plan, keep_source, propose_plan
from requests_app.domain.people import actor_for
from requests_app.enums import KeepGround, Status
from requests_app.errors import IllegalMove, PlanChanged
from requests_app.models import ErasurePlan, Request, TimelineEvent
from requests_app.transitions import Event
from tests.factories.accounts import make_account
from tests.factories.requests import fresh, staff_actor
from tests.requests_app.erasure.test_flow import Shelf, filed_erasure, plan_of
from tests.requests_app.together import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def proposed(request: Request) -> ErasurePlan:
    plan = plan_of(request)
    propose_plan(plan, digest=plan.digest, actor=staff_actor())
    return plan_of(request)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each of `works` answered or raised, None for nothing, when all began together; in their order."""
    answers: dict[int, Any] = {}
    turns, lock = iter(range(len(works))), threading.Lock()

    def one() -> None:
        with lock:
            number = next(turns)
        try:
            answers[number] = works[number]()
        except Exception as error:
            answers[number] = error

    in_threads(len(works), one)
    return [answers[number] for number in range(len(works))]


@pytest.mark.parametrize("_round", range(3))
def test_two_officers_approve_one_plan_at_once_and_it_is_approved_once(_round: int) -> None:
    with registry.temporarily(Shelf(), only=True):
        request = filed_erasure(make_account(password=None))
        plan = proposed(request)
        first, second = staff_actor(), staff_actor()

        answers = at_once(*(lambda actor=actor: approve_plan(plan, digest=plan.digest, actor=actor) for actor in (first, second)))

    assert sorted(answer is None for answer in answers) == [False, True]
    assert {type(answer) for answer in answers} - {type(None)} == {IllegalMove}
    winner = (first, second)[answers.index(None)]
    assert str(ErasurePlan.objects.get(pk=plan.pk).approved_by_id) == winner.ref
    assert fresh(request).status == Status.COOLING
    assert OutboxMessage.objects.filter(kind="requests.erasure_approved").count() == 1
    assert TimelineEvent.objects.filter(request=request, event=Event.APPROVE).count() == 1


@pytest.mark.parametrize("_round", range(3))
def test_the_person_stops_it_while_it_is_approved_and_nothing_is_left_to_begin(_round: int) -> None:
    with registry.temporarily(Shelf(), only=True):
        request = filed_erasure(make_account(password=None))
        plan = proposed(request)
        officer, person = staff_actor(), actor_for(request.subject)

        approving, stopping = at_once(
            lambda: approve_plan(plan, digest=plan.digest, actor=officer), lambda: withdraw_request(request, actor=person)
        )

    assert stopping is None  # a person's stop counts whoever was first: approved or not, nothing has begun
    assert approving is None or isinstance(approving, IllegalMove)
    assert fresh(request).status == Status.CLOSED
    assert not ErasurePlan.objects.filter(request=request, begun_at__isnull=False).exists()
    assert not Job.objects.open().filter(kind="requests.erase").exists()


@pytest.mark.parametrize("_round", range(3))
def test_a_source_is_kept_while_the_old_plan_is_approved_and_only_what_was_read_is_approved(_round: int) -> None:
    with registry.temporarily(Shelf(), only=True):
        request = filed_erasure(make_account(password=None))
        plan = proposed(request)
        officer, other = staff_actor(), staff_actor()
        until = timezone.localdate() + timedelta(days=30)
        source = plan.steps.get().source_key

        approving, keeping = at_once(
            lambda: approve_plan(plan, digest=plan.digest, actor=officer),
            lambda: keep_source(plan, source=source, ground=KeepGround.values[0], reason="A claim is open.", until=until, actor=other),
        )

    now = ErasurePlan.objects.get(pk=plan.pk)
    if approving is None:
        assert isinstance(keeping, IllegalMove)
        assert (now.digest, fresh(request).status) == (plan.digest, Status.COOLING)
    else:
        assert isinstance(approving, PlanChanged)
        assert keeping is None
        assert (now.approved_at, now.proposed_at, fresh(request).status) == (None, None, Status.APPROVAL)
        assert now.digest != plan.digest
    assert AuditEntry.objects.filter(verb="requests.erasure_source_kept").count() == (1 if keeping is None else 0)
