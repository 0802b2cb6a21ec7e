"""Erasure from filing to certificate: planned, signed by two, cooled off, noted, done, verified."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from privacycenter.jobs.domain import run_until_idle
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import (
    CannotErase,
    Erased,
    ErasureRule,
    Locator,
    Record,
    SourceDescription,
    SourceField,
    Treatment,
    registry,
)
from privacycenter.records.models import Interaction
from privacycenter.subjects.models import Identifier
from requests_app.bundle.signing import is_signed_by, public_keys
from requests_app.domain import file_request, release_bundle, withdraw_request
from requests_app.domain.answers import refuse_request
from requests_app.domain.erasure import approve_plan, keep_source, plan_again, propose_plan, retry_erasing
from requests_app.domain.holds import place_hold
from requests_app.domain.people import actor_for
from requests_app.domain.stops import lift_stop, stop_work
from requests_app.enums import Kind, Outcome, Status
from requests_app.erasure.planning import current_plan
from requests_app.erasure.work import begin_erasure
from requests_app.errors import (
    ErasureBegun,
    IllegalMove,
    NeedsSecondPerson,
    NotAllowed,
    PlanChanged,
    PlanObstructed,
    ReasonMissing,
    WrongDate,
)
from requests_app.models import Bundle, ErasurePlan, ErasureStep, LedgerEntry, Request
from requests_app.rights.registry import Asked
from requests_app.roles import AUDITOR, DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import fresh, staff_actor, with_role
from tests.factories.whole import make_whole_person

pytestmark = pytest.mark.django_db


class Shelf:
    """Records of one person that can be erased, in memory; it fails when told to."""

    def __init__(self, key: str = "tests.shelf", *, in_database: bool = True, rule: ErasureRule | None = None, obstacle: str = "") -> None:
        self.rows = {"1", "2"}
        self.fails: Exception | None = None
        self.leaves: set[str] = set()
        self.blocked = obstacle
        self.description = SourceDescription(
            key=key,
            title=f"Shelf {key}",
            category="other",
            fields=(SourceField("note", "Note"),),
            purposes=("support",),
            origin="given by a test",
            retention="interactions",
            in_database=in_database,
            erasure=rule or ErasureRule(Treatment.DELETE),
        )

    def describe(self) -> SourceDescription:
        return self.description

    def locate(self, subject: Any) -> Locator:
        return {"subject": subject.pk}

    def count(self, locator: Locator) -> int:
        return len(self.rows)

    def newest(self, locator: Locator) -> Any:
        return None

    def export(self, locator: Locator) -> Iterator[Any]:
        yield from (Record(key, {"note": key}) for key in sorted(self.rows))

    def rectify(self, locator: Locator, changes: Any) -> int:
        return 0

    def obstacle(self, locator: Locator) -> str:
        return self.blocked

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        if self.fails is not None:
            raise self.fails
        if treatment is Treatment.RETAIN:
            return Erased(retained=len(self.rows))
        gone = self.rows - self.leaves
        self.rows -= gone
        return Erased(removed=len(gone))

    def verify_erased(self, locator: Locator) -> int:
        return len(self.rows)


def filed_erasure(user: User | None = None, **choices: Any) -> Request:
    user = user or make_account(password=None)
    request = file_request(kind=Kind.ERASURE, user=user, asked=Asked("", choices), actor=actor_for(user.subject))
    run_until_idle()
    return fresh(request)


def plan_of(request: Request) -> ErasurePlan:
    found = current_plan(request)
    assert found is not None
    return found


def approved(request: Request) -> Request:
    plan = plan_of(request)
    propose_plan(plan, digest=plan.digest, actor=staff_actor())
    approve_plan(plan, digest=plan.digest, actor=staff_actor())
    return fresh(request)


def cooled(request: Request) -> Request:
    """What happens when the days to stop it are over."""
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        begin_erasure(ErasurePlan.objects.select_related("request__subject").get(request=request, superseded_at=None))
        run_until_idle()
    return fresh(request)


# The whole way -------------------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-03", "K-02")
def test_somebody_of_whom_every_room_holds_something_is_erased_and_gets_a_certificate_that_names_nobody() -> None:
    user = make_whole_person("ana")
    subject, address = user.subject, user.email
    request = approved(filed_erasure(user))
    assert request.status == Status.COOLING
    told = [str(message.body) for message in mail.outbox]
    mail.outbox.clear()

    request = cooled(request)

    assert (request.status, request.outcome, request.contact) == (Status.CLOSED, Outcome.IN_PART, None)
    assert not Identifier.objects.filter(subject=subject).exists()
    assert not Interaction.objects.filter(identifier_value=address).exists()
    assert not User.objects.get(pk=user.pk).is_active
    for source in registry.all():
        if source.describe().erasure.treatment is not Treatment.RETAIN:
            assert source.verify_erased(source.locate(subject)) == 0, source.describe().key
    assert [entry.event for entry in LedgerEntry.objects.order_by("sequence")] == ["begun", "finished"]

    assert not any("ertificate" in body for body in told)
    (last,) = [message for message in mail.outbox if "was deleted" in message.subject]
    assert last.to == [address]
    link = re.search(r"/requests/certificate/\S+", str(last.body)).group()
    plan = plan_of(request)
    assert (plan.contact, set(plan.steps.values_list("locator", flat=True))) == (None, {None})
    page, data = Client().get(link), json.loads(Client().get(f"{link}data/").content)
    certificate = json.loads(data["certificate"])
    assert page.status_code == 200
    everything = page.content.decode() + json.dumps(certificate)
    assert not any(word.lower() in everything.lower() for word in (address, user.username, user.full_name, str(subject.public_id)))
    import base64

    assert is_signed_by(public_keys()[data["key"]], base64.b64decode(data["signature"]), data["certificate"].encode())
    assert certificate["plan"] == plan.digest
    assert Client().get(f"{link}pdf/").content.startswith(b"%PDF")
    assert Client().get("/requests/certificate/nothing/").status_code == 404
    with clock.stopped_at(clock.now() + timedelta(days=95)):
        assert Client().get(link).status_code == 404


def test_planning_changes_nothing_and_shows_what_goes_and_what_stays() -> None:
    shelf, kept = Shelf(), Shelf("tests.kept", rule=ErasureRule(Treatment.RETAIN, "Tax law wants it.", keep_days=30))
    with registry.temporarily(shelf, kept, only=True):
        request = filed_erasure()

    steps = {step.source_key: (step.treatment, step.count, step.reason) for step in plan_of(request).steps.all()}
    assert request.status == Status.APPROVAL
    assert steps == {"tests.shelf": ("delete", 2, ""), "tests.kept": ("retain", 2, "Tax law wants it.")}
    assert (len(shelf.rows), len(kept.rows)) == (2, 2)
    page = signed_in(request.subject.account).get(f"/requests/{request.ref}/").content.decode()
    assert "Tax law wants it." in page
    assert "What stays, and why" in page


# Signing -------------------------------------------------------------------------------------------------------------------------


def test_two_people_sign_exactly_the_plan_that_was_shown(settings: Any) -> None:
    with registry.temporarily(Shelf(), only=True):
        request = filed_erasure()
    plan, one, two = plan_of(request), staff_actor(), staff_actor()
    auditor = Actor.for_user(with_role(make_staff(password=None), AUDITOR))

    with pytest.raises(NeedsSecondPerson):
        approve_plan(plan, digest=plan.digest, actor=one)
    with pytest.raises(NotAllowed):
        propose_plan(plan, digest=plan.digest, actor=auditor)
    with pytest.raises(PlanChanged):
        propose_plan(plan, digest="0" * 64, actor=one)
    propose_plan(plan, digest=plan.digest, actor=one)
    with pytest.raises(NeedsSecondPerson):
        approve_plan(plan, digest=plan.digest, actor=one)
    approve_plan(plan, digest=plan.digest, actor=two)
    with pytest.raises(IllegalMove):
        approve_plan(plan, digest=plan.digest, actor=two)

    assert fresh(request).status == Status.COOLING
    assert ErasurePlan.objects.get().approved_by_id == int(two.ref)


def test_one_signs_alone_where_the_setting_lets(settings: Any) -> None:
    settings.ERASURE_FOUR_EYES = False
    with registry.temporarily(Shelf(), only=True):
        request = filed_erasure()
    plan = plan_of(request)

    approve_plan(plan, digest=plan.digest, actor=staff_actor())

    assert fresh(request).status == Status.COOLING


def test_an_obstacle_is_shown_and_nobody_can_approve() -> None:
    with registry.temporarily(Shelf(obstacle="last_data_protection_officer"), only=True):
        request = filed_erasure()
    plan = plan_of(request)

    with pytest.raises(PlanObstructed):
        propose_plan(plan, digest=plan.digest, actor=staff_actor())
    assert plan.obstacle == "last_data_protection_officer"


def test_the_last_officer_is_told_why_they_can_not_be_erased() -> None:
    officer = with_role(make_staff(password=None), DPO)

    plan = plan_of(filed_erasure(officer))

    assert plan.obstacle == "last_data_protection_officer"


# What is kept --------------------------------------------------------------------------------------------------------------------


def test_staff_keep_a_source_on_a_ground_and_it_has_to_be_signed_anew() -> None:
    shelf, day = Shelf(), date(2999, 1, 1)
    with registry.temporarily(shelf, only=True):
        request = filed_erasure()
        plan, staff = plan_of(request), staff_actor()
        before = plan.digest
        propose_plan(plan, digest=before, actor=staff)
        for missing in ({"reason": ""}, {"ground": "because"}):
            with pytest.raises(ReasonMissing):
                keep_source(plan, **{"source": "tests.shelf", "ground": "claims", "reason": "A claim", "until": day} | missing, actor=staff)
        with pytest.raises(WrongDate):
            keep_source(plan, source="tests.shelf", ground="claims", reason="A claim", until=date(2001, 1, 1), actor=staff)
        keep_source(plan, source="tests.shelf", ground="claims", reason="A claim in court", until=day, actor=staff)
        plan = plan_of(request)
        assert (plan.digest != before, plan.proposed_by_id) == (True, None)

        request = cooled(approved(request))

    assert (request.outcome, len(shelf.rows)) == (Outcome.IN_PART, 2)


def test_a_hold_keeps_what_it_names() -> None:
    shelf, other = Shelf(), Shelf("tests.other")
    user = make_account(password=None)
    place_hold(subject=user.subject, source_key="tests.shelf", ground="A dispute", until=date(2999, 1, 1), actor=staff_actor())
    with registry.temporarily(shelf, other, only=True):
        request = cooled(approved(filed_erasure(user)))

    assert (request.status, len(shelf.rows), len(other.rows)) == (Status.CLOSED, 2, 0)


# Between approval and beginning --------------------------------------------------------------------------------------------------


def test_the_person_stops_it_and_nothing_goes() -> None:
    shelf = Shelf()
    with registry.temporarily(shelf, only=True):
        request = approved(filed_erasure())
        withdraw_request(request, actor=actor_for(request.subject))
        request = fresh(request)
        with clock.stopped_at(clock.now() + timedelta(days=4)), pytest.raises(IllegalMove):
            begin_erasure(ErasurePlan.objects.select_related("request__subject").get())
    assert (request.status, request.outcome, len(shelf.rows)) == (Status.CLOSED, Outcome.WITHDRAWN, 2)


def test_changed_facts_force_a_new_plan_that_names_them() -> None:
    shelf = Shelf()
    with registry.temporarily(shelf, only=True):
        request = approved(filed_erasure())
        shelf.rows.add("3")
        request = cooled(request)

    plan = plan_of(request)
    assert (request.status, len(shelf.rows)) == (Status.APPROVAL, 3)
    assert (plan.changes, plan.proposed_by_id, plan.approved_at) == ([["tests.shelf", "other_count"]], None, None)
    assert ErasurePlan.objects.filter(request=request).count() == 2


def test_another_address_that_the_person_has_proven_since_forces_a_new_approval() -> None:
    shelf, user = Shelf(), make_account(password=None)
    with registry.temporarily(shelf, only=True):
        request = approved(filed_erasure(user))
        first = plan_of(request).digest
        Identifier.objects.create(
            subject=user.subject, kind="email", value="another@example.com", proven_at=clock.now(), source="tests", created_at=clock.now()
        )
        request = cooled(request)

    plan = plan_of(request)
    assert (request.status, shelf.rows) == (Status.APPROVAL, {"1", "2"})
    assert (plan.changes, plan.approved_at, plan.digest != first) == ([["", "other_identifiers"]], None, True)
    assert "another@example.com" not in repr(list(ErasurePlan.objects.values()))
    page = signed_in(with_role(make_staff(password=None), DPO), fresh=True).get(f"/admin/requests_app/request/{request.pk}/change/")
    assert "What the person is known by" in page.content.decode()


def test_before_its_days_are_over_and_while_work_is_stopped_nothing_begins() -> None:
    shelf = Shelf()
    with registry.temporarily(shelf, only=True):
        request = approved(filed_erasure())
        early = begin_erasure(ErasurePlan.objects.select_related("request__subject").get())
        stop = stop_work(reason="Something is wrong.", actor=staff_actor())
        stopped = cooled(request).status
        assert (early, stopped, ErasurePlan.objects.get().waits_for) == (False, Status.COOLING, "stop")
        lift_stop(stop, actor=staff_actor())
        request = cooled(request)

    assert (request.status, len(shelf.rows)) == (Status.CLOSED, 0)


def test_an_account_that_changed_its_sign_in_lately_is_not_erased_yet() -> None:
    shelf = Shelf()
    with registry.temporarily(shelf, only=True):
        request = approved(filed_erasure())
        with clock.stopped_at(clock.now() + timedelta(days=4)):
            User.objects.filter(subject=request.subject).update(credential_changed_at=clock.now())
            begun = begin_erasure(ErasurePlan.objects.select_related("request__subject").get())

    assert (begun, ErasurePlan.objects.get().waits_for, len(shelf.rows)) == (False, "lock", 2)


def test_a_copy_that_was_asked_for_comes_first() -> None:
    shelf = Shelf()
    with registry.temporarily(shelf, only=True):
        request = approved(filed_erasure(copy_first=True))
        copy = fresh(Request.objects.get(kind=Kind.ACCESS))
        assert request.follows_id == copy.pk
        assert cooled(request).status == Status.COOLING
        release_bundle(copy, actor=staff_actor())
        assert (cooled(request).status, ErasurePlan.objects.get().waits_for) == (Status.COOLING, "copy")
        Bundle.objects.update(fetched_at=clock.now())
        request = cooled(request)

    assert (request.status, len(shelf.rows)) == (Status.CLOSED, 0)


# Failing -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_database", [True, False])
def test_a_source_that_fails_costs_no_other_and_is_tried_again_by_staff(in_database: bool) -> None:
    broken, other = Shelf("tests.broken", in_database=in_database), Shelf("tests.other")
    broken.fails = CannotErase("read_only")
    with registry.temporarily(broken, other, only=True):
        request = cooled(approved(filed_erasure()))
        states = dict(ErasureStep.objects.values_list("source_key", "status"))
        assert (request.status, states, len(other.rows)) == (Status.ATTENTION, {"tests.broken": "failed", "tests.other": "done"}, 0)
        # what is half done can't be taken back, planned anew or refused: it is finished
        for undo in (
            lambda each: withdraw_request(each, actor=actor_for(each.subject)),
            lambda each: plan_again(each, actor=staff_actor()),
            lambda each: refuse_request(each, ground="legal_duty", reasoning="The law wants it.", actor=staff_actor()),
        ):
            with pytest.raises(ErasureBegun):
                undo(fresh(request))
        assert fresh(request).status == Status.ATTENTION
        broken.fails = None

        retry_erasing(request, actor=staff_actor())
        run_until_idle()

    assert (fresh(request).status, len(broken.rows)) == (Status.CLOSED, 0)


def test_a_hold_that_was_placed_since_it_began_binds_what_is_left() -> None:
    broken = Shelf()
    broken.fails = CannotErase("read_only")
    with registry.temporarily(broken, only=True):
        request = cooled(approved(filed_erasure()))
        place_hold(subject=request.subject, source_key="tests.shelf", ground="A dispute", until=date(2999, 1, 1), actor=staff_actor())
        broken.fails = None
        retry_erasing(request, actor=staff_actor())
        run_until_idle()

    assert (fresh(request).outcome, len(broken.rows)) == (Outcome.IN_PART, 2)


def test_what_is_found_again_afterwards_is_never_called_erased() -> None:
    shelf = Shelf()
    shelf.leaves = {"2"}
    with registry.temporarily(shelf, only=True):
        request = cooled(approved(filed_erasure()))

    step = ErasureStep.objects.get()
    assert (request.status, step.status, step.remainder, step.error_code) == (Status.ATTENTION, "failed", 1, "something_left")


def test_a_source_that_can_not_be_asked_stops_the_plan() -> None:
    shelf = Shelf()
    shelf.count = lambda locator: 1 / 0  # type: ignore[method-assign]
    with registry.temporarily(shelf, only=True):
        request = filed_erasure()
        Job.objects.filter(kind="requests.plan_erasure").update(errors=4, run_at=clock.now())
        run_until_idle()
        assert fresh(request).status == Status.ATTENTION
        del shelf.count
        plan_again(fresh(request), actor=staff_actor())
        run_until_idle()

    assert fresh(request).status == Status.APPROVAL


@pytest.mark.parametrize("seam", ["note_erasure", "_erase_here", "_is_verified", "note_finished", "issue_certificate"])
def test_whatever_statement_it_dies_at_it_goes_on_where_it_was(seam: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = Shelf(), Shelf("tests.there", in_database=False)
    with registry.temporarily(here, there, only=True):
        request = approved(filed_erasure())

        def die(*_arguments: Any, **_named: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(f"requests_app.erasure.work.{seam}", die)
            with pytest.raises(KeyboardInterrupt):
                cooled(request)
        assert fresh(request).status == Status.ERASING
        Job.objects.filter(kind="requests.erase").update(lease_until=None, state="waiting", run_at=clock.now())
        run_until_idle()

    assert (fresh(request).status, here.rows, there.rows) == (Status.CLOSED, set(), set())
    assert LedgerEntry.objects.count() == 2
