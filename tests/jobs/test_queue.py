"""Enqueueing, claiming and ending."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from privacycenter.jobs import registry
from privacycenter.jobs.claims import Claim, claim_due, finish_all
from privacycenter.jobs.domain import NewJob, enqueue, enqueue_many, purge_finished, run_due, run_until_idle
from privacycenter.jobs.enums import JobState, Priority
from privacycenter.jobs.errors import LostLease, UnknownKind
from privacycenter.jobs.models import Job
from privacycenter.jobs.queries import depth
from privacycenter.kernel import clock

pytestmark = pytest.mark.django_db

worked: list[list[str]] = []


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    worked.clear()

    def note(claims: list[Claim]) -> None:
        worked.append([claim.key for claim in claims])

    with registry.temporarily("test.one", note), registry.temporarily("test.batch", note, max_batch=50):
        yield


def test_a_job_is_worked_and_ends() -> None:
    job = enqueue("test.one", key="a", payload={"id": 7})

    assert run_until_idle() == 1
    job.refresh_from_db()

    assert worked == [["a"]]
    assert (job.state, job.fence, job.errors, job.lease_until, job.payload) == (JobState.DONE, 1, 0, None, {"id": 7})
    assert job.finished_at is not None
    assert job.created_at <= job.started_at <= job.finished_at


def test_enqueueing_the_same_work_twice_is_one_job() -> None:
    first = enqueue("test.one", key="a", payload={"id": 7})
    second = enqueue("test.one", key="a", payload={"id": 7})
    enqueue("test.one", key="b", payload={"id": 8})

    assert second.pk == first.pk
    assert Job.objects.count() == 2


def test_work_may_be_enqueued_again_once_it_has_ended() -> None:
    first = enqueue("test.one", key="a")
    run_until_idle()

    second = enqueue("test.one", key="a")

    assert second.pk != first.pk
    assert run_until_idle() == 1


def test_work_that_is_enqueued_while_it_runs_runs_once_more() -> None:
    runs = []

    def enqueue_itself_once(claims: list[Claim]) -> None:
        runs.append(claims[0].job_id)
        if len(runs) == 1:
            assert enqueue("test.again", key="a").pk == claims[0].job_id

    with registry.temporarily("test.again", enqueue_itself_once):
        enqueue("test.again", key="a")
        run_until_idle()

    assert len(runs) == 2
    assert set(Job.objects.values_list("state", "again_at")) == {(JobState.DONE, None)}


def test_a_second_wish_makes_waiting_work_sooner_and_more_important_but_never_later() -> None:
    later = clock.now() + timedelta(days=2)
    enqueue("test.one", key="a", run_at=later)
    assert run_until_idle() == 0

    enqueue("test.one", key="a", run_at=later + timedelta(days=1), priority=Priority.URGENT)
    job = Job.objects.get()
    assert (job.run_at, job.priority) == (later, Priority.URGENT)

    enqueue("test.one", key="a", priority=Priority.BULK)
    assert Job.objects.get().priority == Priority.URGENT
    assert run_until_idle() == 1


def test_a_job_in_the_future_waits_for_the_clock() -> None:
    monday = datetime(2031, 3, 3, 12, tzinfo=UTC)
    with clock.stopped_at(monday):
        enqueue("test.one", key="now")
        enqueue("test.one", key="exactly now", run_at=monday)
        enqueue("test.one", key="tomorrow", run_at=monday + timedelta(days=1))
        assert run_until_idle() == 2
    with clock.stopped_at(monday + timedelta(hours=23)):
        assert run_until_idle() == 0
    with clock.stopped_at(monday + timedelta(hours=24)):
        assert run_until_idle() == 1

    assert [sorted(keys) for keys in (worked[0] + worked[1], worked[2])] == [["exactly now", "now"], ["tomorrow"]]


def test_the_most_important_job_comes_first_then_the_oldest() -> None:
    for key, priority in (("bulk", Priority.BULK), ("first", None), ("second", None), ("urgent", Priority.URGENT)):
        enqueue("test.one", key=key, priority=priority)

    run_until_idle()

    assert worked == [["urgent"], ["first"], ["second"], ["bulk"]]


def test_a_batch_kind_gets_fifty_at_a_time_in_the_order_of_their_time() -> None:
    enqueue_many(NewJob("test.batch", f"{number:03}", {}) for number in range(120))
    enqueue("test.one", key="alone")

    run_until_idle()

    assert [len(keys) for keys in worked] == [50, 50, 20, 1]
    assert [key for keys in worked[:3] for key in keys] == [f"{number:03}" for number in range(120)]


def test_a_job_costs_two_statements_and_fifty_of_a_batch_cost_two_as_well() -> None:
    enqueue("test.one", key="a")
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert run_due(1) == 1
    enqueue_many(NewJob("test.batch", str(number), {}) for number in range(50))
    with CaptureQueriesContext(connection) as fifty:
        assert run_due(50) == 50

    assert (len(one), len(fifty)) == (2, 2)


def test_enqueueing_many_is_one_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        jobs = enqueue_many(NewJob("test.batch", str(number), {"number": number}) for number in range(300))

    assert len(captured) == 1
    assert {job.payload["number"] for job in jobs} == set(range(300))


def test_only_the_kinds_asked_for_are_worked() -> None:
    enqueue("test.one", key="a")
    enqueue("test.batch", key="b")

    assert run_due(kinds=["test.batch"]) == 1
    assert worked == [["b"]]
    with pytest.raises(UnknownKind):
        run_due(kinds=["test.unknown"])


def test_a_job_of_a_kind_that_nobody_knows_stays() -> None:
    with registry.temporarily("test.new", lambda claims: None):
        enqueue("test.new", key="a")

    assert run_until_idle() == 0
    assert Job.objects.get().state == JobState.WAITING
    with pytest.raises(UnknownKind):
        enqueue("test.new", key="b")


def test_the_end_of_a_job_commits_with_the_business_change() -> None:
    enqueue("test.one", key="a")
    [claim] = claim_due(kinds=["test.one"], room=1)

    with transaction.atomic():
        claim.finish()
        transaction.set_rollback(True)

    assert Job.objects.get().state == JobState.RUNNING


def test_an_old_fence_neither_ends_nor_extends() -> None:
    enqueue("test.one", key="a")
    [old] = claim_due(kinds=["test.one"], room=1)
    Job.objects.update(state=JobState.WAITING, lease_until=None)
    [new] = claim_due(kinds=["test.one"], room=1)

    with pytest.raises(LostLease):
        old.finish()
    with pytest.raises(LostLease):
        old.hold()
    old.lost = False
    old._beat_at -= 10
    with pytest.raises(LostLease):
        old.heartbeat(progress=5)
    new.hold()
    new.finish()

    assert Job.objects.values_list("state", "progress", "fence").get() == (JobState.DONE, 0, 2)


def test_ending_many_is_all_or_none_in_one_statement() -> None:
    enqueue_many(NewJob("test.batch", str(number), {}) for number in range(3))
    claims = claim_due(kinds=["test.batch"], room=50)
    Job.objects.filter(pk=claims[1].job_id).update(fence=9)

    with pytest.raises(LostLease), transaction.atomic():
        finish_all(claims)
    assert Job.objects.filter(state=JobState.DONE).count() == 0

    Job.objects.filter(pk=claims[1].job_id).update(fence=1)
    with CaptureQueriesContext(connection) as captured:
        finish_all(claims)
    assert len(captured) == 1
    assert Job.objects.filter(state=JobState.DONE).count() == 3


def test_a_heartbeat_extends_the_lease_and_notes_progress() -> None:
    enqueue("test.one", key="a")
    [claim] = claim_due(kinds=["test.one"], room=1)
    before = Job.objects.get().lease_until

    claim.heartbeat(progress=1)
    assert Job.objects.get().progress == 0  # less than a second ago
    claim._beat_at -= 2
    claim.heartbeat(progress=4711)

    job = Job.objects.get()
    assert job.progress == 4711
    assert job.lease_until >= before


def test_finished_jobs_are_purged_after_a_week() -> None:
    enqueue("test.one", key="old")
    run_until_idle()
    enqueue("test.one", key="open")

    assert purge_finished() == 0
    with clock.stopped_at(clock.now() + timedelta(days=8)):
        assert purge_finished() == 1
    assert Job.objects.get().key == "open"


def test_depth_counts_open_jobs_by_kind_in_one_query() -> None:
    enqueue("test.one", key="due")
    enqueue("test.one", key="later", run_at=clock.now() + timedelta(days=1))
    enqueue("test.batch", key="stuck")
    Job.objects.filter(key="stuck").update(state=JobState.QUARANTINED)
    enqueue("test.batch", key="done")
    run_due(1, ["test.batch"])

    with CaptureQueriesContext(connection) as captured:
        found = depth()

    assert len(captured) == 1
    assert (found.waiting, found.due, found.running, found.quarantined) == (2, 1, 0, 1)
    assert [kind[:5] for kind in found.kinds] == [("test.batch", 0, 0, 0, 1), ("test.one", 2, 1, 0, 0)]
    assert 0 <= found.oldest_due_seconds < 60


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("test.one", {}),
        ("Nice", {}),
        ("test.big", {"max_batch": 51}),
        ("test.short", {"lease_seconds": 0}),
        ("test.none", {"max_errors": 0}),
    ],
)
def test_a_kind_that_is_known_or_impossible_is_refused(name: str, limits: dict[str, int]) -> None:
    with pytest.raises(ImproperlyConfigured):
        registry.register(name, lambda claims: None, **limits)


def test_a_key_is_neither_empty_nor_long() -> None:
    for key in ("", "k" * 121):
        with pytest.raises(ValueError, match="1 to 120"):
            enqueue("test.one", key=key)
