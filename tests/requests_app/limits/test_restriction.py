"""Restriction: at once where the law says so, masked at the desk, and lifted only after its person was told."""

from __future__ import annotations

import pytest
from django.urls import reverse

from privacycenter.audit.queries import looks_at
from privacycenter.jobs.domain import run_until_idle
from privacycenter.jobs.models import Job
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail.enums import MessageState
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.outcomes import Outcome as MailOutcome
from privacycenter.preferences import gate
from privacycenter.subjects.domain import restrict_subject
from privacycenter.subjects.errors import UseMissing
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import restrictions_of
from requests_app.domain import open_personal_data, withdraw_request
from requests_app.domain.moves import Change, move
from requests_app.domain.people import actor_for
from requests_app.enums import Outcome, Status
from requests_app.errors import IllegalMove, NotAllowed, ReasonMissing
from requests_app.limits.decided import sources_in
from requests_app.limits.errors import AlreadyEnding, NothingChosen, NothingToLift
from requests_app.limits.lifting import note_told, order_lift
from requests_app.limits.restricting import grant_restriction
from requests_app.models import Lift, Request, TimelineEvent
from requests_app.roles import AUDITOR
from requests_app.transitions import Event, Guard, Role
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import fresh, staff_actor, with_role
from tests.requests_app.limits.helpers import asked, at_desk, days_later

pytestmark = pytest.mark.django_db
FORMS = "records.form_submissions"


def may_use(request: Request, source: str = "") -> bool:
    return gate.may(Subject.objects.get(pk=request.subject_id), "support", source=source).allowed


def events(request: Request) -> list[str]:
    return list(TimelineEvent.objects.filter(request=request).order_by("id").values_list("event", flat=True))


@pytest.mark.obligation("R-04")
@pytest.mark.parametrize("ground", ["accuracy", "objection"])
def test_what_is_disputed_is_restricted_with_the_proof(ground: str) -> None:
    request = asked("restriction", ground=ground, categories=[])

    assert request.status == Status.TRIAGE
    assert not may_use(request)
    assert [(row.source, row.reason, row.ref) for row in restrictions_of(request.subject)] == [("", ground, request.ref)]


@pytest.mark.obligation("R-04")
@pytest.mark.parametrize("ground", ["unlawful", "claim"])
def test_other_grounds_wait_for_a_decision_and_a_letter(ground: str) -> None:
    request = asked("restriction", ground=ground, categories=[])
    assert may_use(request)

    with pytest.raises(ReasonMissing):
        grant_restriction(request, letter=" ", actor=staff_actor())
    grant_restriction(request, letter="You need it for your claim.", actor=staff_actor())

    assert not may_use(request)
    request = fresh(request)
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.FULFILLED)
    assert all(words in request.letter for words in ("You need it for your claim.", "complain to an authority", "go to court"))
    assert request.decided_by is not None
    with pytest.raises(IllegalMove):
        grant_restriction(request, letter="Again.", actor=staff_actor())


def test_only_who_may_work_on_requests_grants_and_lifts() -> None:
    request = asked("restriction", ground="accuracy", categories=[])
    auditor = Actor.for_user(with_role(make_staff(password=None, factor=False), AUDITOR))

    for actor in (auditor, actor_for(request.subject), Actor(ActorKind.ANONYMOUS)):
        with pytest.raises(NotAllowed):
            grant_restriction(fresh(request), letter="Yes.", actor=actor)
        with pytest.raises(NotAllowed):
            order_lift(fresh(request), reason="verified", actor=actor)


@pytest.mark.obligation("R-04")
def test_a_part_is_restricted_and_the_rest_is_used() -> None:
    request = asked("restriction", ground="accuracy", categories=["forms"])

    assert {row.source for row in restrictions_of(request.subject)} == set(sources_in(["forms"]))
    assert not may_use(request, FORMS)
    assert may_use(request, "records.interactions")
    assert may_use(request)


def test_what_is_not_granted_is_freed_after_the_person_was_told() -> None:
    request = asked("restriction", ground="accuracy", categories=["forms", "interactions"])
    with pytest.raises(NothingChosen):
        grant_restriction(request, categories=["security"], letter="Forms only.", actor=staff_actor())

    grant_restriction(request, categories=["forms"], letter="Forms only.", actor=staff_actor())

    assert fresh(request).outcome == Outcome.IN_PART
    assert not may_use(request, "records.interactions")
    run_until_idle()
    days_later(4)
    assert may_use(request, "records.interactions")
    assert not may_use(request, FORMS)


@pytest.mark.obligation("R-04")
def test_lifting_waits_for_the_mail_and_for_the_day_it_names() -> None:
    request = asked("restriction", ground="accuracy", categories=[])
    grant_restriction(request, letter="While we check.", actor=staff_actor())
    run_until_idle()

    lift = order_lift(fresh(request), reason="verified", actor=staff_actor())
    with pytest.raises(AlreadyEnding):
        order_lift(fresh(request), reason="verified", actor=staff_actor())

    assert Lift.objects.get(pk=lift.pk).told_at is None
    assert OutboxMessage.objects.get(pk=lift.message).kind == "requests.limit_ends"
    run_until_idle()
    days_later(1)
    assert not may_use(request)
    assert Lift.objects.get(pk=lift.pk).told_at is not None
    days_later(4)
    assert may_use(request)
    assert events(request)[-2:] == ["lift_ordered", "limit_ended"]
    with pytest.raises(NothingToLift):
        order_lift(fresh(request), reason="verified", actor=staff_actor())


def test_a_mail_that_can_not_be_sent_starts_the_days_anew() -> None:
    request = asked("restriction", ground="accuracy", categories=[])
    lift = order_lift(request, reason="verified", actor=staff_actor())
    Lift.objects.update(ends_at=lift.ordered_at)  # its day is over, the mail has not left
    Job.objects.filter(kind="mail.send").delete()
    days_later(1)
    assert not may_use(request)

    note_told([MailOutcome(lift.message, "requests.limit_ends", "", "", "", MessageState.UNDELIVERABLE, "gone")])

    assert Lift.objects.get().ends_at > lift.ordered_at
    assert not may_use(request)
    days_later(4)
    assert may_use(request)


def test_a_restriction_of_another_request_outlives_the_end_of_this_one() -> None:
    request = asked("restriction", ground="accuracy", categories=[])
    restrict_subject(request.subject, reason="child", ref="PR-AAAA-AAAA", actor=staff_actor())
    order_lift(request, reason="verified", actor=staff_actor())
    run_until_idle()

    days_later(4)

    assert [row.ref for row in restrictions_of(request.subject)] == ["PR-AAAA-AAAA"]
    assert not may_use(request)


def test_what_the_person_takes_back_ends_at_once_and_what_is_refused_after_they_were_told() -> None:
    mine = asked("restriction", ground="accuracy", categories=[])
    refused = asked("restriction", ground="accuracy", categories=[])
    withdraw_request(mine, actor=actor_for(mine.subject))
    move(refused, Change(Event.REFUSE, Guard.GROUND_GIVEN), role=Role.STAFF, actor=staff_actor())
    run_until_idle()

    days_later(0)

    assert may_use(mine)
    assert not may_use(refused)
    assert Lift.objects.get().request == refused
    run_until_idle()
    days_later(4)
    assert may_use(refused)


@pytest.mark.obligation("R-04")
@pytest.mark.obligation("D-07")
def test_the_desk_sees_nothing_of_a_restricted_person_until_an_allowed_use_is_named() -> None:
    user = make_account(password=None, email="ana@example.com")
    request = asked("restriction", user, words="The invoice of May.", ground="claim", categories=[])
    dpo, desk = at_desk()
    ticket = reverse("admin:requests_app_request_change", args=[request.pk])
    look = reverse("admin:requests_app_request_look", args=[request.pk])
    desk.post(look, {"reason": "question", "note": "Check."})
    assert "ana@example.com" in desk.get(ticket).content.decode()

    restrict_subject(request.subject, reason="claim", actor=Actor.for_user(dpo))

    masked = desk.get(ticket).content.decode()
    assert not any(words in masked for words in ("ana@example.com", "The invoice of May."))
    assert "What does the law allow you to use it for?" in masked
    assert desk.post(look, {"reason": "question", "note": "Check."}).status_code == 422
    with pytest.raises(UseMissing):
        open_personal_data(fresh(request), reason="question", note="Check.", actor=Actor.for_user(dpo))
    desk.post(look, {"reason": "question", "note": "Check.", "use": "consent"})
    shown = desk.get(ticket).content.decode()
    assert all(words in shown for words in ("ana@example.com", "The invoice of May."))
    uses = [entry.parameters for entry in looks_at(str(request.subject.public_id)) if entry.verb == "subjects.restricted_use"]
    assert uses == [{"reason": "consent"}]
    activity = signed_in(user).get(reverse("portal:activity")).content.decode()
    assert "The person agreed to this use" in activity


def test_the_person_sees_what_is_restricted_on_its_page_and_in_the_overview() -> None:
    user = make_account(password=None)
    request = asked("restriction", user, ground="accuracy", categories=[])
    other = signed_in(make_account(password=None))
    client = signed_in(user)

    page = client.get(reverse("requests:detail", args=[request.ref])).content.decode()

    assert "What we keep, but do not use" in page
    assert "Everything we hold about you" in page
    assert "It is disputed whether the data is right" in page
    assert request.ref in client.get(reverse("portal:dashboard")).content.decode()
    assert other.get(reverse("requests:detail", args=[request.ref])).status_code == 404
    assert "do not use all of it" not in other.get(reverse("portal:dashboard")).content.decode()


def test_staff_grant_and_lift_on_the_ticket_and_nothing_typed_is_lost() -> None:
    request = asked("restriction", ground="accuracy", categories=["forms"])
    _user, desk = at_desk()
    grant = reverse("admin:requests_app_request_limit", args=[request.pk, "restrict"])

    refused = desk.post(grant, {"letter": "My card 4111 1111 1111 1111 and long words."})
    assert refused.status_code == 422
    assert "and long words." in refused.content.decode()
    assert desk.post(grant, {"letter": "While we check."}).status_code == 302
    assert "End the restriction" in desk.get(reverse("admin:requests_app_request_change", args=[request.pk])).content.decode()
    desk.post(reverse("admin:requests_app_request_limit", args=[request.pk, "lift"]), {"reason": "verified"})
    assert Lift.objects.get().request == request
    _auditor, auditor = at_desk(AUDITOR)
    assert auditor.post(grant, {"letter": "Yes."}).status_code == 403
