"""How an erasure ends in every other way, what it waits for, what its certificate may say, and that no power cut harms it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_due, run_until_idle
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.sources import ErasureRule, Treatment, registry
from privacycenter.mail.models import OutboxMessage
from privacycenter.records.models import Interaction
from privacycenter.subjects.models import PushDevice, Restriction
from requests_app.domain import file_request, withdraw_request
from requests_app.domain.answers import ask_person, reply_to_question
from requests_app.domain.erasure import approve_plan, keep_source, plan_again, propose_plan, retry_erasing
from requests_app.domain.holds import place_hold
from requests_app.domain.people import actor_for
from requests_app.enums import Kind, Status
from requests_app.erasure import work
from requests_app.errors import IllegalMove
from requests_app.models import ErasurePlan, ErasureStep, LedgerEntry, Request, TimelineEvent
from tests.factories.accounts import make_account, signed_in
from tests.factories.requests import fresh, staff_actor
from tests.kernel.test_joint_erasure import Devices, give
from tests.requests_app.erasure.test_flow import Shelf, approved, cooled, filed_erasure, plan_of

pytestmark = pytest.mark.django_db


def locators() -> set[Any]:
    return set(ErasureStep.objects.values_list("locator", flat=True))


# Other ends ----------------------------------------------------------------------------------------------------------------------


def test_stopped_by_the_person_it_forgets_how_to_find_them_and_shows_no_plan() -> None:
    user = make_account(password=None)
    with registry.temporarily(Shelf(), only=True):
        request = approved(filed_erasure(user))
        assert None not in locators()
        assert "Stop the deletion" in signed_in(user).get(f"/requests/{request.ref}/").content.decode()
        withdraw_request(request, actor=actor_for(request.subject))

    assert locators() == {None}
    page = signed_in(user).get(f"/requests/{request.ref}/").content.decode()
    assert "What will be deleted" not in page


def test_an_answer_of_the_person_leads_to_a_new_plan() -> None:
    with registry.temporarily(Shelf(), only=True):
        request = filed_erasure()
        ask_person(request, question="Your order is under way. Delete it as well?", actor=staff_actor())
        reply_to_question(fresh(request), words="Yes.", actor=actor_for(request.subject))
        run_until_idle()

    assert (fresh(request).status, ErasurePlan.objects.count()) == (Status.APPROVAL, 2)


def test_only_an_erasure_that_began_is_tried_again() -> None:
    with registry.temporarily(Shelf(), only=True):
        request = filed_erasure()
        plan, staff = plan_of(request), staff_actor()
        assert not work.begin_erasure(plan)
        with pytest.raises(IllegalMove):
            retry_erasing(request, actor=staff)
        withdraw_request(request, actor=actor_for(request.subject))
        request = fresh(request)

        for verb in (
            lambda: propose_plan(plan, digest=plan.digest, actor=staff),
            lambda: approve_plan(plan, digest=plan.digest, actor=staff),
            lambda: keep_source(plan, source="tests.shelf", ground="claims", reason="A claim", until=date(2999, 1, 1), actor=staff),
            lambda: plan_again(request, actor=staff),
            lambda: retry_erasing(request, actor=staff),
        ):
            with pytest.raises(IllegalMove):
                verb()


# Waiting -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reason", "waits"), [("claim", True), ("unlawful", True), ("accuracy", False), ("child", False)])
def test_it_waits_while_the_person_has_since_asked_to_have_data_kept(reason: str, waits: bool) -> None:
    shelf = Shelf()
    with registry.temporarily(shelf, only=True):
        request = approved(filed_erasure())
        Restriction.objects.create(subject=request.subject, reason=reason, ref="RQ", since=clock.now())
        request = cooled(request)
        assert (request.status == Status.COOLING, len(shelf.rows)) == (waits, 2 if waits else 0)
        Restriction.objects.all().delete()
        if waits:
            request = cooled(request)

    assert (request.status, len(shelf.rows)) == (Status.CLOSED, 0)


# The certificate -----------------------------------------------------------------------------------------------------------------


def test_the_certificate_gives_grounds_and_never_the_words_of_staff() -> None:
    user = make_account(password=None)
    by_rule = Shelf("tests.rule", rule=ErasureRule(Treatment.RETAIN, "Tax law wants it.", keep_days=30))
    with registry.temporarily(Shelf("tests.kept"), Shelf("tests.held"), by_rule, only=True):
        place_hold(subject=user.subject, source_key="tests.held", ground="Ana against us", until=date(2999, 1, 1), actor=staff_actor())
        request, day = filed_erasure(user), date(2999, 1, 1)
        words = {"ground": "claims", "reason": "The dispute with Ana", "until": day}
        keep_source(plan_of(request), source="tests.kept", **words, actor=staff_actor())
        request = cooled(approved(request))

    certificate = json.loads(plan_of(request).certificate)
    assert {row["source"]: row["reason"] for row in certificate["sources"]} == {
        "tests.kept": "Legal claims (Art. 17(3)(e))",
        "tests.held": "A legal hold",
        "tests.rule": "Tax law wants it.",
    }
    assert "Ana" not in plan_of(request).certificate


def test_what_a_killed_run_had_deleted_elsewhere_still_counts() -> None:
    there = Shelf("tests.there", in_database=False)
    with registry.temporarily(there, only=True):
        request = approved(filed_erasure())
        with clock.stopped_at(clock.now() + timedelta(days=4)):
            work.begin_erasure(ErasurePlan.objects.select_related("request__subject").get())
            there.rows.clear()  # done, and killed before it could be noted
            run_until_idle()

    (row,) = json.loads(plan_of(request).certificate)["sources"]
    assert (row["removed"], row["retained"]) == (2, 0)


def test_a_source_that_is_gone_after_its_step_was_done_hands_the_erasure_to_staff() -> None:
    """Nobody can say then that nothing is left."""
    with registry.temporarily(Shelf(), Shelf("tests.other"), only=True):
        request = approved(filed_erasure())
        with clock.stopped_at(clock.now() + timedelta(days=4)):
            work.begin_erasure(ErasurePlan.objects.select_related("request__subject").get())
    ErasureStep.objects.filter(source_key="tests.other").update(status="done", removed=2)
    with registry.temporarily(Shelf(), only=True), clock.stopped_at(clock.now() + timedelta(days=4)):
        run_until_idle()

    step = ErasureStep.objects.get(source_key="tests.other")
    assert (fresh(request).status, step.status, step.error_code) == (Status.ATTENTION, "failed", "unknown_source")


def test_nobody_gets_a_certificate_by_guessing() -> None:
    for token in ("x", "a" * 22, "a" * 64, "a" * 200):
        assert Client().get(f"/requests/certificate/{token}/").status_code == 404


# Filing --------------------------------------------------------------------------------------------------------------------------


def test_what_stays_is_named_before_anything_is_sent() -> None:
    kept = Shelf("tests.kept", rule=ErasureRule(Treatment.RETAIN, "Tax law wants it.", keep_days=366))
    with clock.stopped_at(datetime(2026, 3, 1, 12, tzinfo=UTC)):
        with registry.temporarily(Shelf(), kept, only=True):
            page = Client().get("/requests/new/?kind=erasure").content.decode()
        with registry.temporarily(Shelf(), only=True):
            without = Client().get("/requests/new/?kind=erasure").content.decode()

    for words in ("Shelf tests.kept", "Tax law wants it.", "until 2 March 2027"):
        assert words in page
    assert "Shelf tests.shelf" not in page
    assert "Shelf" not in without


# Power cuts ----------------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """As if the process had ended here: nothing of the open transaction stays."""


@pytest.mark.obligation("R-03")
def test_killed_before_any_of_its_writes_it_goes_on_where_it_was(ledger: Any) -> None:
    """Every write of every run is a place to die once; the next run starts from what was committed."""
    user = make_account(password=None)
    Interaction.objects.create(
        identifier_kind="email",
        identifier_value=user.email,
        origin="helpdesk",
        item_key="1",
        item_digest="1",
        channel="email",
        summary="A call",
        received_at=clock.now(),
        occurred_at=clock.now(),
    )
    there = Shelf("tests.there", in_database=False)
    with registry.temporarily(there):
        request = approved(filed_erasure(user))
        with clock.stopped_at(clock.now() + timedelta(days=4)):
            assert work.begin_erasure(ErasurePlan.objects.select_related("request__subject").get())
        kills = _kill_everywhere(request)

    plan = plan_of(request)
    assert kills > 20
    assert (fresh(request).status, there.rows, locators(), plan.contact) == (Status.CLOSED, set(), {None}, None)
    assert not Interaction.objects.exists()
    assert list(LedgerEntry.objects.order_by("sequence").values_list("event", flat=True)) == ["begun", "finished"]
    assert TimelineEvent.objects.filter(request=request, event="erased").count() == 1
    assert AuditEntry.objects.filter(verb="requests.erased", ticket=request.ref).count() == 1
    assert OutboxMessage.objects.filter(kind="requests.erased").count() == 1


def _kill_everywhere(request: Request) -> int:
    kills = 0
    for fatal in count(1):
        writes = count(1)

        def execute(run_it: Any, sql: str, params: Any, many: bool, context: Any, fatal: int = fatal, writes: Any = writes) -> Any:
            if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) and next(writes) == fatal:
                raise Killed
            return run_it(sql, params, many, context)

        Job.objects.filter(kind="requests.erase").update(state="waiting", lease_until=None, run_at=clock.now(), errors=0, lapses=0)
        try:
            with connection.execute_wrapper(execute):
                run_due(kinds=["requests.erase"], reraise=True)
        except Killed:
            kills += 1
        if Request.objects.get(pk=request.pk).status == Status.CLOSED:
            return kills
    raise AssertionError


class Drawer(Devices):
    """Rows of a table that are plainly deleted."""

    def locate(self, subject: Any) -> Any:
        return {"subject": subject.pk}


def _statements_of_an_erasure(*labels: str) -> int:
    """How many statements the job sends, where the person has a row under each label."""
    user = make_account(password=None)
    for label in labels:
        give(user.subject, label)
    with registry.temporarily(*(Drawer(label) for label in labels), only=True):
        request = approved(filed_erasure(user))
        with clock.stopped_at(clock.now() + timedelta(days=4)):
            assert work.begin_erasure(ErasurePlan.objects.select_related("request__subject").get(request=request))
            with CaptureQueriesContext(connection) as captured:
                run_due(kinds=["requests.erase"], reraise=True)
    assert not PushDevice.objects.exists()
    assert plan_of(request).finished_at is not None
    return len(captured)


@pytest.mark.postgresql_only
def test_many_sources_cost_no_more_round_trips_than_one() -> None:
    _statements_of_an_erasure("warm")
    one, eight = _statements_of_an_erasure("a"), _statements_of_an_erasure(*"abcdefgh")
    assert one == eight


@pytest.mark.parametrize("there", [False, True])
def test_nothing_is_erased_while_the_disk_does_not_keep_the_ledger(ledger: Any, there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError

    shelf = Shelf(in_database=not there)
    with registry.temporarily(shelf, only=True):
        request = approved(filed_erasure())
        with monkeypatch.context() as patch:
            patch.setattr("requests_app.erasure.stores.os.fsync", fail)
            cooled(request)
        assert (fresh(request).status, shelf.rows) == (Status.ERASING, {"1", "2"})
        job = Job.objects.get(kind="requests.erase")
        assert (job.state, job.last_error) == ("waiting", "ledger_unfit")
        assert not LedgerEntry.objects.exists()
        Job.objects.filter(pk=job.pk).update(run_at=clock.now())
        run_until_idle()
    assert (fresh(request).status, shelf.rows) == (Status.CLOSED, set())
    assert list(LedgerEntry.objects.order_by("sequence").values_list("event", flat=True)) == ["begun", "finished"]


def test_two_requests_at_once_are_one_order_where_a_copy_comes_first() -> None:
    user = make_account(password=None)
    with registry.temporarily(Shelf(), only=True):
        copy = file_request(kind=Kind.ACCESS, user=user, actor=actor_for(user.subject))
        request = filed_erasure(user, copy_first=True)

    assert (fresh(request).follows_id, Request.objects.filter(kind=Kind.ACCESS).count()) == (copy.pk, 1)
