"""Reports of children's accounts: from anybody, telling nobody whether there is such an account; decided by the officer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences import gate
from privacycenter.subjects.models import Subject
from requests_app.domain import withdraw_request
from requests_app.domain.limits import REPORTS_PER_CLIENT
from requests_app.domain.people import actor_for
from requests_app.enums import Kind, Outcome, Status
from requests_app.errors import IllegalMove, NotAllowed, ReasonMissing
from requests_app.limits.children import answer_report, close_report, decide_child, report_child, show_report, tie_report
from requests_app.limits.errors import TooManyReports
from requests_app.models import ChildReport, Request
from requests_app.rights import Right, registry
from requests_app.roles import AGENT, AUDITOR
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import fresh, staff_actor, with_role
from tests.requests_app.limits.helpers import at_desk, days_later

pytestmark = pytest.mark.django_db
NOBODY = Actor(ActorKind.ANONYMOUS)


@pytest.fixture
def erasure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right to erasure, as far as filing knows it; what it does is its own business."""
    right: Any = Right(Kind.ERASURE, "Delete", "Delete", "", "", (), lambda request, actor: None)
    monkeypatch.setitem(registry._rights, Kind.ERASURE, right)


def reported(user: User, account: str = "") -> Request:
    report_child(account=account or user.username, client="192.0.2.1", actor=NOBODY)
    run_until_idle()
    return Request.objects.select_related("subject").get(kind=Kind.CHILD, subject=user.subject)


def agent() -> Actor:
    return Actor.for_user(with_role(make_staff(password=None, factor=False), AGENT))


@pytest.mark.obligation("G-01")
def test_a_report_tells_nobody_whether_there_is_such_an_account(client: Client) -> None:
    make_account(username="kid", email="kid@example.com", password=None)
    page = reverse("requests:report_child")
    assert client.get(reverse("requests:new") + "?kind=child", follow=True).redirect_chain == [(page, 302)]

    answers = []
    for account in ("kid", "KID@example.com", "nobody@example.com", "the one with the red hat"):
        jobs_before = OutboxMessage.objects.count()
        answer = Client().post(page, {"account": account, "words": "Twelve."}, follow=True)
        answers.append((answer.status_code, answer.redirect_chain, answer.content, OutboxMessage.objects.count() - jobs_before))

    assert len(set(map(str, answers))) == 1
    assert ChildReport.objects.count() == 4
    assert not Request.objects.exists()
    run_until_idle()
    assert [report.state for report in ChildReport.objects.order_by("pk")] == ["opened", "opened", "unknown", "unknown"]
    assert Request.objects.count() == 1


@pytest.mark.obligation("G-01")
def test_reports_are_limited_per_client_and_need_a_name(client: Client) -> None:
    for _time in range(REPORTS_PER_CLIENT):
        report_child(account="kid", client="192.0.2.1", actor=NOBODY)

    with pytest.raises(TooManyReports):
        report_child(account="kid", client="192.0.2.1", actor=NOBODY)
    report_child(account="kid", client="192.0.2.2", actor=NOBODY)
    with pytest.raises(ReasonMissing):
        report_child(account="  ", client="192.0.2.3", actor=NOBODY)
    assert client.post(reverse("requests:report_child"), {"account": "4111 1111 1111 1111"}).status_code == 422
    assert ChildReport.objects.count() == REPORTS_PER_CLIENT + 1


@pytest.mark.obligation("G-01")
def test_a_known_account_is_restricted_at_once_and_its_person_told_in_neutral_words() -> None:
    user = make_account(email="kid@example.com", password=None)

    request = reported(user, "kid@example.com")

    subject = Subject.objects.get(pk=user.subject_id)
    assert (request.status, request.is_priority, subject.is_child) == (Status.TRIAGE, True, True)
    assert gate.may(subject, "support").rule is gate.Rule.RESTRICTION
    client = signed_in(user)
    page = client.get(reverse("requests:detail", args=[request.ref])).content.decode()
    assert "Somebody told us" in page
    assert OutboxMessage.objects.filter(kind="requests.child_reported", subject_key=str(subject.public_id)).count() == 1
    with pytest.raises(IllegalMove):
        withdraw_request(request, actor=actor_for(subject))
    assert client.post(reverse("requests:answer_child_report", args=[request.ref]), {"words": "I am 31."}).status_code == 302
    assert fresh(request).words == "I am 31."
    assert (
        signed_in(make_account(password=None))
        .post(reverse("requests:answer_child_report", args=[request.ref]), {"words": "Me."})
        .status_code
        == 404
    )
    with pytest.raises(NotAllowed):
        answer_report(request, words="He is 12.", actor=NOBODY)


@pytest.mark.obligation("G-01")
def test_a_child_is_erased_with_priority(erasure: None) -> None:
    user = make_account(password=None)
    request = reported(user)

    for actor in (agent(), actor_for(user.subject), NOBODY):
        with pytest.raises(NotAllowed):
            decide_child(request, is_child=True, letter="Yes.", actor=actor)
    order = decide_child(request, is_child=True, letter="The photo of the school says so.", actor=staff_actor())

    assert order is not None
    order = fresh(order)
    assert (order.kind, order.is_priority, order.subject, order.follows, order.status) == (
        Kind.ERASURE,
        True,
        user.subject,
        request,
        Status.PLANNING,
    )
    assert fresh(request).outcome == Outcome.FULFILLED
    assert [(report.state, report.account, report.contact) for report in ChildReport.objects.all()] == [("closed", None, None)]
    assert gate.may(Subject.objects.get(pk=user.subject_id), "support").rule is gate.Rule.RESTRICTION
    with pytest.raises(IllegalMove):
        decide_child(fresh(request), is_child=False, letter="No.", actor=staff_actor())


@pytest.mark.obligation("G-01")
def test_who_is_no_child_is_free_after_being_told_and_not_locked_again_by_a_word() -> None:
    user = make_account(password=None)
    request = reported(user)

    assert decide_child(request, is_child=False, letter="The person is 31.", actor=staff_actor()) is None
    run_until_idle()
    assert gate.may(Subject.objects.get(pk=user.subject_id), "support").rule is gate.Rule.RESTRICTION
    days_later(4)

    subject = Subject.objects.get(pk=user.subject_id)
    assert (subject.is_child, subject.restricted_at) == (False, None)
    report_child(account=user.username, client="192.0.2.9", actor=NOBODY)
    run_until_idle()
    assert Request.objects.filter(kind=Kind.CHILD).count() == 2
    assert Subject.objects.get(pk=user.subject_id).restricted_at is None


def test_what_finds_nobody_waits_at_the_desk_until_somebody_ties_or_closes_it() -> None:
    kid = make_account(username="kid", password=None)
    for words in ("the one with the red hat", "somebody"):
        report_child(account=words, contact="mother@example.com", client="192.0.2.1", actor=NOBODY)
    run_until_idle()
    first, second = ChildReport.objects.order_by("pk")
    _user, desk = at_desk()
    page = reverse("admin:requests_app_childreport_change", args=[first.pk])

    assert "red hat" not in desk.get(page).content.decode()
    assert "red hat" in desk.post(reverse("admin:requests_app_childreport_show", args=[first.pk])).content.decode()
    tie = reverse("admin:requests_app_childreport_tie", args=[first.pk])
    assert desk.post(tie, {"account": "no such"}).status_code == 422
    assert desk.post(tie, {"account": "kid"}).status_code == 302
    assert desk.get(reverse("admin:requests_app_childreport_changelist")).status_code == 200
    assert Request.objects.get().subject == kid.subject
    desk.post(reverse("admin:requests_app_childreport_close", args=[second.pk]))
    second.refresh_from_db()
    assert (second.state, second.account, second.contact) == ("closed", None, None)
    for verb in (lambda actor: close_report(second, actor=actor), lambda actor: tie_report(first, account="kid", actor=actor)):
        with pytest.raises(IllegalMove):
            verb(staff_actor())
    auditor = Actor.for_user(with_role(make_staff(password=None, factor=False), AUDITOR))
    for verb in (lambda actor: close_report(first, actor=actor), lambda actor: show_report(first, actor=actor)):
        with pytest.raises(NotAllowed):
            verb(auditor)
    with pytest.raises(NotAllowed):
        close_report(first, actor=agent())


def test_the_officer_decides_on_the_ticket_and_an_agent_does_not(erasure: None) -> None:
    request = reported(make_account(password=None))
    url, ticket = (
        reverse("admin:requests_app_request_limit", args=[request.pk, "child"]),
        reverse("admin:requests_app_request_change", args=[request.pk]),
    )
    _agent, colleague = at_desk(AGENT)

    assert "The data protection officer decides this." in colleague.get(ticket).content.decode()
    assert colleague.post(url, {"verdict": "child", "letter": "Yes."}).status_code == 403
    assert at_desk()[1].post(url, {"verdict": "child", "letter": "It is."}).status_code == 302
    assert Request.objects.filter(kind=Kind.ERASURE, is_priority=True).count() == 1
