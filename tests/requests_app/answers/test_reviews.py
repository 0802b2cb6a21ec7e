"""Reviews: who may ask for one, who may decide it, and what comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import registry
from requests_app.answers.grounds import Ground
from requests_app.answers.letters import review_until
from requests_app.domain import (
    agree_to_refusal,
    ask_for_review,
    decide_request,
    decide_review,
    drop_refusal,
    refuse_request,
    release_bundle,
    withdraw_request,
    withhold_source,
)
from requests_app.domain.reviews import may_be_reviewed
from requests_app.enums import Outcome, Status, StepStatus
from requests_app.errors import (
    CannotReview,
    NotAllowed,
    OtherOpen,
    ReasonMissing,
    SecondPersonNeeded,
)
from requests_app.models import ProposedRefusal, Request, Step, TimelineEvent
from tests.factories.requests import ToldSource, filed, fresh, released, staff_actor, worked
from tests.requests_app.answers.helpers import complaint, person, proposal, refused

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.mark.parametrize("kind", ["complaint", "access"])
def test_a_granted_review_opens_the_refused_request_where_its_work_begins(kind: str) -> None:
    request = worked(kind=kind)
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="You asked the same on Monday.", actor=staff_actor())
    review = ask_for_review(request, words="I did not.", actor=person(request))

    decide_review(review, is_granted=True, reasoning="You are right.", actor=staff_actor())

    opened, decided = fresh(request), fresh(review)
    assert (opened.status, opened.outcome, opened.refusal_ground) == (
        {"complaint": Status.TRIAGE, "access": Status.COLLECTING}[kind],
        "",
        "",
    )
    assert opened.answered_at is opened.decided_by_id is None
    assert (decided.status, decided.outcome) == (Status.CLOSED, Outcome.FULFILLED)
    assert request.ref in decided.letter
    if kind == "access":
        run_until_idle()
        assert fresh(request).status == Status.REVIEW


def test_an_upheld_refusal_gets_a_letter_and_no_second_review() -> None:
    request = refused()
    review = ask_for_review(request, words="I did not.", actor=person(request))

    decide_review(review, is_granted=False, reasoning="We checked the mails of Monday.", actor=staff_actor())

    decided = fresh(review)
    assert (decided.outcome, decided.refusal_ground) == (Outcome.REFUSED, "refusal_upheld")
    assert "We checked the mails of Monday." in decided.letter
    assert "You can have this looked at again" not in decided.letter
    assert not may_be_reviewed(fresh(request))
    assert not may_be_reviewed(decided)


def test_who_refused_does_not_decide_the_review_by_any_verb() -> None:
    first = staff_actor()
    request = refused(first)
    review = ask_for_review(request, words="I did not.", actor=person(request))

    for decide in (
        lambda: decide_review(review, is_granted=True, reasoning="Yes.", actor=first),
        lambda: decide_review(review, is_granted=False, reasoning="No.", actor=first),
        lambda: decide_request(review, outcome=Outcome.FULFILLED, answer="No.", actor=first),
        lambda: refuse_request(review, ground=Ground.UPHELD, reasoning="No.", actor=first),
    ):
        with pytest.raises(SecondPersonNeeded):
            decide()

    assert fresh(review).status == Status.TRIAGE


def test_a_review_is_asked_for_once_in_time_and_by_the_person(settings: Any) -> None:
    request = refused()
    with pytest.raises(NotAllowed):
        ask_for_review(request, words="Mine.", actor=person(complaint()))
    with pytest.raises(ReasonMissing):
        ask_for_review(request, words=" ", actor=person(request))
    ask_for_review(request, words="I did not.", actor=person(request))
    with pytest.raises(CannotReview):
        ask_for_review(request, words="Again.", actor=person(request))

    late = refused()
    Request.objects.filter(pk=late.pk).update(answered_at=clock.now() - timedelta(days=31 * settings.REVIEW_MONTHS + 2))
    with pytest.raises(CannotReview):
        ask_for_review(fresh(late), words="I did not.", actor=person(late))

    answered = complaint()
    decide_request(answered, outcome=Outcome.FULFILLED, answer="Yes.", actor=staff_actor())
    with pytest.raises(CannotReview):
        ask_for_review(answered, words="No.", actor=person(answered))


def test_neither_who_proposed_nor_who_agreed_decides_the_review_and_one_other_person_is_enough(settings: Any) -> None:
    settings.REFUSAL_FOUR_EYES = True
    first, second, third = staff_actor(), staff_actor(), staff_actor()
    request = complaint()
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="No.", actor=first)
    agree_to_refusal(request, digest=proposal(request), actor=second)
    review = ask_for_review(fresh(request), words="I did not.", actor=person(request))

    for actor in (first, second):
        with pytest.raises(SecondPersonNeeded):
            decide_review(review, is_granted=False, reasoning="No.", last_resort="Nobody is here.", actor=actor)
    decide_review(review, is_granted=False, reasoning="We checked.", actor=third)

    assert fresh(review).outcome == Outcome.REFUSED
    assert "Somebody who had no part in the first decision" in fresh(review).letter
    assert not ProposedRefusal.objects.exists()


def test_who_only_proposed_what_was_given_back_may_decide_the_review(settings: Any) -> None:
    settings.REFUSAL_FOUR_EYES = True
    first, second = staff_actor(), staff_actor()
    request = complaint()
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="No.", actor=first)
    drop_refusal(request, actor=second)
    settings.REFUSAL_FOUR_EYES = False
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="No.", actor=second)
    review = ask_for_review(fresh(request), words="I did not.", actor=person(request))

    decide_review(review, is_granted=True, reasoning="Yes.", actor=first)

    assert fresh(request).status == Status.TRIAGE


def test_where_nobody_is_left_the_rule_of_the_operator_lets_one_decide_with_the_reason(settings: Any) -> None:
    first = staff_actor()
    request = refused(first)
    review = ask_for_review(request, words="I did not.", actor=person(request))
    decide = {"is_granted": False, "reasoning": "We looked twice.", "actor": first}

    with pytest.raises(SecondPersonNeeded):
        decide_review(review, **decide, last_resort="We are one person.")
    settings.REVIEW_LAST_RESORT = True
    with pytest.raises(ReasonMissing):
        decide_review(review, **decide)
    other = staff_actor()
    with pytest.raises(SecondPersonNeeded):
        decide_review(review, **decide, last_resort="We are one person.")
    User.objects.filter(pk=other.ref).update(is_active=False)
    decide_review(review, **decide, last_resort="We are one person.")

    stored = fresh(review)
    assert "We are one person." in stored.letter
    assert "Somebody who had no part" not in stored.letter
    assert TimelineEvent.objects.get(request=review, event="review_last_resort").is_internal
    assert AuditEntry.objects.filter(ticket=review.ref, verb="requests.review_last_resort").count() == 1


def test_a_refusal_is_not_lifted_beside_another_open_request_of_the_kind() -> None:
    request = worked()
    refuse_request(request, ground=Ground.OTHERS, reasoning="It is about your neighbour.", actor=staff_actor())
    review = ask_for_review(fresh(request), words="It is not.", actor=person(request))
    newer = filed(request.subject.account)

    with pytest.raises(OtherOpen, match=newer.ref):
        decide_review(review, is_granted=True, reasoning="Yes.", actor=staff_actor())

    assert (fresh(review).status, fresh(request).outcome) == (Status.TRIAGE, Outcome.REFUSED)
    withdraw_request(fresh(newer), actor=person(request))
    decide_review(fresh(review), is_granted=True, reasoning="Yes.", actor=staff_actor())
    assert fresh(request).status == Status.COLLECTING


@pytest.mark.parametrize("is_granted", [True, False])
def test_what_was_kept_back_of_a_copy_is_looked_at_again_by_somebody_else(is_granted: bool) -> None:
    first = staff_actor()
    with registry.temporarily(ToldSource("tests.secret")):
        request = worked()
        withhold_source(request, source="tests.secret", reason="It is about somebody else.", actor=first)
        run_until_idle()
        release_bundle(fresh(request), actor=first)
        answered = fresh(request)
        review = ask_for_review(answered, words="It is about me.", actor=person(request))
        with pytest.raises(SecondPersonNeeded):
            decide_review(review, is_granted=is_granted, reasoning="So.", actor=first)
        decide_review(review, is_granted=is_granted, reasoning="So.", actor=staff_actor())
        run_until_idle()

    stored, decided = fresh(request), fresh(review)
    assert (answered.status, answered.outcome) == (Status.READY, Outcome.IN_PART)
    assert review.due_at is not None
    assert review.verified_at is not None
    assert decided.letter
    assert decided.status == Status.CLOSED
    if is_granted:
        assert (stored.status, stored.withheld) == (Status.REVIEW, {})
        steps = Step.objects.filter(bundle__request=request, bundle__shredded_at=None, bundle__released_at=None)
        assert steps.get(source_key="tests.secret").status == StepStatus.FOUND
    else:
        assert (stored.status, stored.outcome) == (Status.READY, Outcome.IN_PART)


def test_a_full_answer_is_not_reviewed() -> None:
    assert not may_be_reviewed(released())


def test_the_last_day_of_a_review_is_in_the_letter() -> None:
    request = refused()

    until = review_until(request, request.decided_at)

    assert f"until {until.day} {until:%B %Y}" in request.letter
