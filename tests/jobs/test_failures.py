"""Errors, lapsed leases, quarantine and the way out of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs import registry
from privacycenter.jobs.claims import Claim, backoff_seconds, claim_due
from privacycenter.jobs.domain import NewJob, enqueue, enqueue_many, retry_job, run_due, run_until_idle, sweep
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.errors import LostLease, NotQuarantined, Permanent, Retryable, StaffOnly
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind

pytestmark = pytest.mark.django_db

STAFF = Actor(ActorKind.STAFF, "1")


def raising(error: Exception) -> registry.Handler:
    def handler(claims: list[Claim]) -> None:
        raise error

    return handler


def test_an_error_puts_the_job_back_with_a_growing_pause() -> None:
    start = clock.now()
    with registry.temporarily("test.bad", raising(Retryable("busy"))):
        enqueue("test.bad", key="a")
        assert run_until_idle() == 1

    job = Job.objects.get()
    assert (job.state, job.errors, job.lapses, job.last_error, job.last_exception) == (JobState.WAITING, 1, 0, "busy", "Retryable")
    assert timedelta(seconds=7) < job.run_at - start < timedelta(seconds=14)


def test_the_pause_grows_with_jitter_up_to_its_cap() -> None:
    for errors, usual in ((1, 10), (2, 40), (3, 160), (4, 640), (5, 900), (90, 900)):
        pauses = {backoff_seconds(errors, 900) for _ in range(50)}
        assert len(pauses) > 1
        assert usual * 0.8 <= min(pauses) <= max(pauses) <= usual * 1.2


def test_a_handler_may_say_when_to_try_again() -> None:
    start = clock.now()
    with registry.temporarily("test.bad", raising(Retryable("busy", after_seconds=3600))):
        enqueue("test.bad", key="a")
        run_until_idle()

    assert timedelta(minutes=59) < Job.objects.get().run_at - start < timedelta(minutes=61)


def test_the_fifth_error_quarantines_and_tells_the_owner() -> None:
    told = []
    with registry.temporarily(
        "test.bad", raising(ValueError("ada@example.com")), on_quarantine=lambda job: told.append((job.key, job.last_error))
    ):
        enqueue("test.bad", key="a")
        now = clock.now()
        for error in range(1, 6):
            with clock.stopped_at(now := now + timedelta(hours=1)):
                assert run_until_idle(reraise=False) == 1
            assert Job.objects.get().errors == error
        with clock.stopped_at(now + timedelta(days=1)):
            assert run_until_idle() == 0

    job = Job.objects.get()
    assert (job.state, job.last_error, job.last_exception) == (JobState.QUARANTINED, "error", "ValueError")
    assert told == [("a", "error")]


def test_a_permanent_error_quarantines_at_once() -> None:
    with registry.temporarily("test.bad", raising(Permanent("no_such_table"))):
        enqueue("test.bad", key="a")
        run_until_idle()

    assert Job.objects.values_list("state", "errors", "last_error").get() == (JobState.QUARANTINED, 1, "no_such_table")


def test_the_cause_of_a_named_error_is_kept_by_its_class() -> None:
    def handler(claims: list[Claim]) -> None:
        try:
            raise ConnectionResetError("host.example")
        except OSError as error:
            raise Retryable("unreachable") from error

    with registry.temporarily("test.bad", handler):
        enqueue("test.bad", key="a")
        run_until_idle()

    assert Job.objects.values_list("last_error", "last_exception").get() == ("unreachable", "ConnectionResetError")


def test_an_error_code_can_hold_no_text() -> None:
    with pytest.raises(ValueError, match="a code"):
        Retryable("Ada Lovelace is away")


def test_nothing_of_an_exception_but_its_class_and_place_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with registry.temporarily("test.bad", raising(ValueError("the name is Ada Lovelace"))):
        enqueue("test.bad", key="a")
        run_until_idle(reraise=False)

    [event] = [record.msg for record in caplog.records if isinstance(record.msg, dict) and record.msg["event"] == "job_failed"]
    assert event["exception_class"] == "ValueError"
    assert event["place"].startswith("tests/jobs/test_failures.py:")
    assert "Ada" not in caplog.text


def test_in_a_failed_batch_only_the_culprit_is_charged() -> None:
    sizes = []

    def handler(claims: list[Claim]) -> None:
        sizes.append(len(claims))
        for claim in claims:
            with transaction.atomic():
                claim.finish()
                if claim.key == "3":
                    raise ValueError

    with registry.temporarily("test.batch", handler, max_batch=50):
        enqueue_many(NewJob("test.batch", str(number), {}) for number in range(6))
        run_until_idle(reraise=False)

    assert dict(Job.objects.values_list("key", "state")) == {key: "waiting" if key == "3" else "done" for key in "012345"}
    assert Job.objects.get(key="3").errors == 1
    assert sizes == [6, 1, 1, 1]  # 0 to 2 had committed


def test_a_handler_may_fail_one_of_a_batch_and_go_on() -> None:
    def handler(claims: list[Claim]) -> None:
        claims[0].fail(Retryable("busy"))

    with registry.temporarily("test.batch", handler, max_batch=50):
        enqueue_many(NewJob("test.batch", key, {}) for key in "ab")
        run_until_idle()

    assert dict(Job.objects.values_list("key", "state")) == {"a": "waiting", "b": "done"}


def test_what_failed_or_lapsed_once_runs_alone() -> None:
    sizes = []
    with registry.temporarily("test.batch", lambda claims: sizes.append(len(claims)), max_batch=50):
        enqueue_many(NewJob("test.batch", str(number), {}) for number in range(5))
        Job.objects.filter(key__in=["1", "2"]).update(lapses=1)
        run_until_idle()

    assert sorted(sizes) == [1, 1, 3]


def test_a_lapsed_lease_returns_to_the_queue_and_counts_apart() -> None:
    with registry.temporarily("test.one", lambda claims: None):
        enqueue("test.one", key="a")
        [claim] = claim_due(kinds=["test.one"], room=1)
        assert sweep().lapsed == 0
        with clock.stopped_at(clock.now() + timedelta(seconds=61)):
            assert sweep()[:2] == (1, 0)
        with pytest.raises(LostLease):
            claim.finish()

        job = Job.objects.get()
        assert (job.state, job.errors, job.lapses, job.last_error) == (JobState.WAITING, 0, 1, "lease_lapsed")
        with clock.stopped_at(clock.now() + timedelta(seconds=61)):
            assert run_until_idle() == 1
    assert Job.objects.get().state == JobState.DONE


def test_the_tenth_lapse_quarantines_and_tells_the_owner() -> None:
    told = []
    now = clock.now()
    with registry.temporarily("test.killer", lambda claims: None, on_quarantine=lambda job: told.append(job.key)):
        enqueue("test.killer", key="a")
        for lapse in range(1, 11):
            with clock.stopped_at(now := now + timedelta(hours=1)):
                assert len(claim_due(kinds=["test.killer"], room=1)) == 1
            with clock.stopped_at(now := now + timedelta(hours=1)):
                assert sweep()[:2] == (1, int(lapse == 10))

    assert Job.objects.values_list("state", "lapses", "errors").get() == (JobState.QUARANTINED, 10, 0)
    assert told == ["a"]


def test_a_handler_that_lost_its_lease_leaves_the_job_alone() -> None:
    def handler(claims: list[Claim]) -> None:
        Job.objects.filter(pk=claims[0].job_id).update(fence=2)  # somebody else claimed it
        claims[0].finish()

    with registry.temporarily("test.slow", handler):
        enqueue("test.slow", key="a")
        run_due(1)

    assert Job.objects.values_list("state", "fence", "errors").get() == (JobState.RUNNING, 2, 0)


def test_staff_may_have_a_quarantined_job_tried_again_and_it_is_on_the_trail() -> None:
    with registry.temporarily("test.bad", raising(Permanent("broken"))):
        job = enqueue("test.bad", key="a")
        run_until_idle()
    retry_job(job, actor=STAFF)

    job.refresh_from_db()
    assert (job.state, job.errors, job.lapses) == (JobState.WAITING, 0, 0)
    entry = AuditEntry.objects.get(verb="jobs.job_retried")
    assert (entry.actor_kind, entry.actor_ref, entry.parameters) == ("staff", "1", {"kind": "test.bad", "job": job.pk})
    with pytest.raises(NotQuarantined):
        retry_job(job, actor=STAFF)


@pytest.mark.parametrize("kind", [ActorKind.PERSON, ActorKind.ANONYMOUS, ActorKind.API_CLIENT, ActorKind.SYSTEM])
def test_nobody_but_staff_may_retry(kind: ActorKind) -> None:
    with registry.temporarily("test.bad", raising(Permanent("broken"))):
        job = enqueue("test.bad", key="a")
        run_until_idle()

    with pytest.raises(StaffOnly):
        retry_job(job, actor=Actor(kind, "1"))
    assert Job.objects.get().state == JobState.QUARANTINED


def test_work_that_is_in_quarantine_is_not_doubled_by_enqueueing_it_again() -> None:
    with registry.temporarily("test.bad", raising(Permanent("broken"))):
        job = enqueue("test.bad", key="a")
        run_until_idle()
        assert enqueue("test.bad", key="a").pk == job.pk

    assert Job.objects.values_list("state", "again_at").get() == (JobState.QUARANTINED, None)
