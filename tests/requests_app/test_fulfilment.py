"""From the proof to the finished file: one step per source, each ending alone, and nothing called complete that is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_due, run_until_idle
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.errors import Permanent
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.sources import Item, Record, registry
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences.domain import choose
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.queries import history_of
from privacycenter.preferences.scopes import Scope
from requests_app.domain import answer_reopening, collect_again, release_bundle, retry_failed, withhold_source
from requests_app.enums import Outcome, Status, StepStatus
from requests_app.errors import IllegalMove, NotAllowed, ReasonMissing
from requests_app.fulfilment.collect import FAILED_REASON
from requests_app.models import Bundle, Step, TimelineEvent, Volume
from tests.factories.accounts import make_account
from tests.factories.preferences import PERSON, make_topic, presented
from tests.factories.requests import (
    ToldSource,
    archive_of,
    bundle_of,
    completed_despite_failure,
    filed,
    fresh,
    released,
    reopened,
    staff_actor,
    withdrawn,
    worked,
)

pytestmark = pytest.mark.django_db


def refuse() -> Iterator[Item]:
    raise OSError("the database of anna@example.com is down")
    yield


def refuse_for_ever() -> Iterator[Item]:
    raise Permanent("no_such_table")
    yield


def work_through_backoff(rounds: int = 12) -> None:
    """Work until nothing is left, with the waiting times between tries left out."""
    for _ in range(rounds):
        if not run_due():
            if not Job.objects.filter(state=JobState.WAITING, kind__startswith="requests.").exists():
                return
            Job.objects.filter(state=JobState.WAITING).update(run_at=clock.now() - timedelta(seconds=1))


def steps_of(request: Any) -> dict[str, Step]:
    return {step.source_key: step for step in bundle_of(request).steps.all()}


def personal_data(request: Any) -> dict[str, Any]:
    return json.loads(archive_of(bundle_of(request)).read("personal-data.json"))


@pytest.mark.obligation("R-01")
def test_every_source_has_a_step_and_stands_in_the_bundle() -> None:
    held, empty, elsewhere = ToldSource("tests.held"), ToldSource("tests.empty", []), ToldSource("tests.elsewhere", in_database=False)

    with registry.temporarily(held, empty, elsewhere):
        request = worked()
        keys = {source.describe().key for source in registry.all()}

    steps = steps_of(request)
    assert request.status == Status.REVIEW
    assert set(steps) == keys == {source["key"] for source in personal_data(request)["sources"]}
    assert [steps[key].status for key in ("tests.held", "tests.empty", "tests.elsewhere")] == ["found", "nothing_held", "found"]
    assert [steps[key].count for key in ("tests.held", "tests.empty", "tests.elsewhere")] == [1, 0, 1]
    assert [event.event for event in TimelineEvent.objects.filter(request=request).order_by("id")] == [
        "received",
        "proven",
        "collected",
        "assembled",
    ]


def test_a_source_that_can_not_hold_anything_about_the_person_is_not_asked() -> None:
    source = ToldSource(finds=False)

    with registry.temporarily(source):
        request = worked()

    assert steps_of(request)["tests.told"].status == StepStatus.NOTHING_HELD
    assert source.exports == 0


@pytest.mark.obligation("R-05")
def test_a_portability_bundle_holds_the_portable_sources_only() -> None:
    with registry.temporarily(ToldSource("tests.mine", portable=True), ToldSource("tests.yours")):
        request = worked(kind="portability")

    keys = {source["key"] for source in personal_data(request)["sources"]}
    assert "tests.mine" in keys
    assert "tests.yours" not in keys


@pytest.mark.parametrize("in_database", [True, False])
def test_a_source_that_fails_is_retried_and_costs_the_others_nothing(in_database: bool) -> None:
    tries: list[int] = []

    def fail_twice() -> Iterator[Item]:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("down")
        yield Record("1", {"note": "at last"})

    good = ToldSource("tests.good")
    with registry.temporarily(ToldSource("tests.flaky", fail_twice, in_database=in_database), good):
        request = filed()
        work_through_backoff()

    assert fresh(request).status == Status.REVIEW
    assert steps_of(request)["tests.flaky"].count == 1
    assert good.exports == 1


@pytest.mark.parametrize("in_database", [True, False])
def test_a_source_that_goes_on_failing_is_shown_to_staff(in_database: bool) -> None:
    with registry.temporarily(ToldSource("tests.broken", refuse, in_database=in_database), ToldSource("tests.good")):
        request = filed()
        work_through_backoff()

    step = steps_of(request)["tests.broken"]
    assert fresh(request).status == Status.ATTENTION
    assert (step.status, step.reason, step.error_code) == (StepStatus.FAILED, FAILED_REASON, "OSError")
    assert step.attempts >= 5
    assert steps_of(request)["tests.good"].status == StepStatus.FOUND
    assert bundle_of(request).assembled_at is None


def test_what_will_never_work_is_shown_at_once() -> None:
    with registry.temporarily(ToldSource("tests.broken", refuse_for_ever)):
        request = worked()

    step = steps_of(request)["tests.broken"]
    assert (request.status, step.status, step.error_code) == (Status.ATTENTION, StepStatus.FAILED, "no_such_table")


def test_the_text_of_an_error_is_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    with registry.temporarily(ToldSource("tests.broken", refuse)):
        request = filed()
        work_through_backoff()

    said = caplog.text + str(list(Step.objects.values())) + str(list(Job.objects.values())) + str(list(AuditEntry.objects.values()))
    assert fresh(request).status == Status.ATTENTION
    assert "anna@" not in said


def test_staff_retry_what_failed_and_nothing_else() -> None:
    source, good = ToldSource("tests.broken", refuse_for_ever), ToldSource("tests.good")

    with registry.temporarily(source, good):
        request = worked()
        source.items = [Record("1", {"note": "repaired"})]
        retry_failed(request, actor=staff_actor())
        run_until_idle()

    assert fresh(request).status == Status.REVIEW
    assert steps_of(request)["tests.broken"].status == StepStatus.FOUND
    assert good.exports == 1


@pytest.mark.obligation("R-01")
def test_complete_despite_a_failure_takes_a_reason_that_is_printed() -> None:
    with registry.temporarily(ToldSource("tests.broken", refuse_for_ever)):
        request = worked()
        with pytest.raises(ReasonMissing):
            completed_despite_failure(request, reason="  ")
        request = completed_despite_failure(request, reason="The archive is being moved until May.")

    document = personal_data(request)
    failed = next(source for source in document["sources"] if source["key"] == "tests.broken")
    assert request.status == Status.REVIEW
    assert failed["status"] == "failed"
    assert failed["reason"].startswith(FAILED_REASON)
    assert "The archive is being moved until May." in failed["reason"]
    assert "The archive is being moved until May." in archive_of(bundle_of(request)).read("index.html").decode()

    release_bundle(request, actor=staff_actor())
    assert request.outcome == Outcome.IN_PART


def test_a_withheld_source_is_named_with_its_ground_and_not_read_again() -> None:
    source = ToldSource("tests.secret", [Record("1", {"note": "of somebody else"})])

    with registry.temporarily(source):
        request = worked()
        withhold_source(request, source="tests.secret", reason="It is about somebody else (Art. 15(4)).", actor=staff_actor())
        run_until_idle()

    withheld = next(item for item in personal_data(request)["sources"] if item["key"] == "tests.secret")
    assert (withheld["status"], withheld["reason"], withheld["records"]) == ("withheld", "It is about somebody else (Art. 15(4)).", [])
    assert source.exports == 1
    assert Bundle.objects.filter(request=request, shredded_at=None).count() == 1


def test_many_records_become_volumes_each_its_own_job() -> None:
    records = [Record(str(number), {"note": f"call {number}"}) for number in range(1200)]

    with registry.temporarily(ToldSource("tests.many", records)):
        request = worked()

    archive = archive_of(bundle_of(request))
    assert Volume.objects.filter(status="rendered").count() == 3
    assert [name for name in archive.namelist() if name.startswith("pdf/")] == [f"pdf/tests.many-00{number}.pdf" for number in (1, 2, 3)]
    assert len(next(item for item in personal_data(request)["sources"] if item["key"] == "tests.many")["records"]) == 1200


def test_nothing_but_the_file_is_left_when_it_is_finished(stored: Any) -> None:
    records = [Record(str(number), {"note": "x" * 200}) for number in range(900)]

    with registry.temporarily(ToldSource("tests.many", records)):
        request = worked()

    bundle = bundle_of(request)
    assert stored() == [bundle.object_name]
    assert not bundle.steps.exclude(output=None, inline=None, locator=None).exists()


def test_the_same_data_gives_the_same_bytes_on_a_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    from requests_app.fulfilment import worker

    made: list[str] = []
    real = worker.assemble_bundle

    def lose_the_first(*args: Any, **kwargs: Any) -> Any:
        answer = real(*args, **kwargs)
        made.append(answer.sha256)
        if len(made) == 1:
            raise OSError("the storage went away")
        return answer

    monkeypatch.setattr(worker, "assemble_bundle", lose_the_first)
    with registry.temporarily(ToldSource()):
        request = filed()
        work_through_backoff()

    assert fresh(request).status == Status.REVIEW
    assert made[0] == made[1] == bundle_of(request).sha256


def test_an_assembly_that_goes_on_failing_is_shown_to_staff_and_can_be_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    from requests_app.fulfilment import worker

    def refuse_to(*args: Any, **kwargs: Any) -> Any:
        raise OSError("no space")

    with monkeypatch.context() as broken:
        broken.setattr(worker, "assemble_bundle", refuse_to)
        request = filed()
        work_through_backoff()
        assert (fresh(request).status, bundle_of(request).error_code) == (Status.ATTENTION, "OSError")

    retry_failed(fresh(request), actor=staff_actor())
    run_until_idle()
    assert fresh(request).status == Status.REVIEW


def test_work_that_kills_its_worker_is_shown_to_staff_and_can_be_retried() -> None:
    request = filed()
    job = Job.objects.get(kind="requests.fulfil")
    from privacycenter.jobs.registry import get

    Job.objects.filter(pk=job.pk).update(state=JobState.QUARANTINED, lapses=10)
    get("requests.fulfil").on_quarantine(job)

    assert (fresh(request).status, bundle_of(request).error_code) == (Status.ATTENTION, "worker_lost")

    retry_failed(fresh(request), actor=staff_actor())
    run_until_idle()
    assert fresh(request).status == Status.REVIEW


def test_a_withdrawn_request_is_worked_on_no_more_and_shredded(stored: Any) -> None:
    request = withdrawn()

    run_until_idle()

    bundle = bundle_of(request)
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    assert (bundle.key, bundle.assembled_at) == (None, None)
    assert bundle.steps.count() == 0
    assert stored() == []


def test_a_request_withdrawn_while_it_is_collected_stays_withdrawn(stored: Any) -> None:
    from requests_app.domain import withdraw_request
    from requests_app.domain.people import actor_for

    user = make_account(password=None)
    taken: list[Any] = []

    def take_back() -> Iterator[Item]:
        yield Record("1", {"note": "kept"})
        request = fresh(taken[0])
        withdraw_request(request, actor=actor_for(request.subject))

    with registry.temporarily(ToldSource("tests.slow", take_back)):
        taken.append(filed(user))
        run_until_idle()

    assert fresh(taken[0]).outcome == Outcome.WITHDRAWN
    assert stored() == []


def test_release_is_for_staff_unless_the_setting_says_otherwise(settings: Any) -> None:
    assert worked().status == Status.REVIEW

    settings.BUNDLE_AUTO_RELEASE = True
    request = worked()
    assert (request.status, request.outcome) == (Status.READY, Outcome.FULFILLED)

    with registry.temporarily(ToldSource("tests.broken", refuse_for_ever)):
        assert completed_despite_failure(worked()).status == Status.REVIEW


def test_the_person_is_told_once_and_without_data() -> None:
    request = released()

    message = OutboxMessage.objects.get(kind="requests.ready")
    assert (message.ticket, message.to) == (request.ref, "") or message.ticket == request.ref
    assert OutboxMessage.objects.filter(ticket=request.ref).count() == 2  # acknowledged, ready


def test_nobody_releases_what_is_not_finished_and_no_person_releases_at_all() -> None:
    request = filed()
    with pytest.raises(IllegalMove):
        release_bundle(request, actor=staff_actor())

    run_until_idle()
    from requests_app.domain.people import actor_for

    with pytest.raises(NotAllowed):
        release_bundle(fresh(request), actor=actor_for(request.subject))


def test_a_reopened_request_is_collected_again_and_the_new_file_replaces_the_old(stored: Any) -> None:
    request = reopened()
    first = bundle_of(request)

    collect_again(request, actor=staff_actor())
    run_until_idle()
    assert {Bundle.objects.get(pk=first.pk).shredded_at, fresh(request).status} == {None, Status.REVIEW}
    release_bundle(fresh(request), actor=staff_actor())
    run_until_idle()

    assert Bundle.objects.get(pk=first.pk).shredded_at is not None
    assert stored() == [bundle_of(request).object_name]


def test_a_reopened_request_can_be_answered_in_words() -> None:
    request = reopened()

    answer_reopening(request, answer="Calls are kept for a month only.", actor=staff_actor())

    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.FULFILLED)
    assert TimelineEvent.objects.filter(request=request).latest("id").note == "Calls are kept for a month only."
    assert OutboxMessage.objects.filter(kind="requests.answered").count() == 1


def test_ringing_again_changes_nothing() -> None:
    request = worked()
    before = Bundle.objects.filter(request=request).values().get(), TimelineEvent.objects.count(), AuditEntry.objects.count()
    from requests_app.domain.bundles import order_work

    order_work(bundle_of(request))
    run_until_idle()

    assert before == (Bundle.objects.filter(request=request).values().get(), TimelineEvent.objects.count(), AuditEntry.objects.count())


@pytest.mark.obligation("L-02")
@pytest.mark.obligation("R-01")
def test_what_the_person_chose_stands_in_the_bundle_with_the_receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_account(password=None)
    make_topic("events", title="Events")
    party, scope = party_of(user.subject), Scope("news_and_offers", "events", "email")
    choose(party, on=[scope], presented=presented(), actor=PERSON)
    choose(party, off=[scope], presented=presented(), actor=PERSON)
    choose(party_of(make_account(password=None).subject), on=[scope], presented=presented(), actor=PERSON)

    request = worked(user)
    told = personal_data(request)

    assert [(line["choice"], line["what"], line["how"]) for line in told["consents"]] == [
        ("Withdrawn", "Events, E-mail", "Preference page"),
        ("Given", "Events, E-mail", "Preference page"),
    ]
    assert [line["receipt_sha256"] for line in told["consents"]] == list(history_of(party).values_list("receipt_sha256", flat=True))
    assert told["consents"][0]["text"] == "tests.choice, version 1 (en)"
    schema = json.loads(archive_of(bundle_of(request)).read("schema/personal-data.schema.json"))
    Draft202012Validator(schema).validate(told)
    assert "preferences.choices" in {source["key"] for source in told["sources"] if source["status"] == "found"}

    monkeypatch.setattr("requests_app.fulfilment.facts.CONSENT_LINES", 1)
    assert [line["choice"] for line in personal_data(worked(user, kind="portability"))["consents"]] == ["Withdrawn"]
