"""Several workers at once, and workers that die: real threads, real processes, the configured database."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs import heart, registry
from privacycenter.jobs.claims import Claim, claim_due, finish_all
from privacycenter.jobs.domain import NewJob, enqueue, enqueue_many, run_until_idle, sweep
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from tests.jobs.harness import ROOT, Workers, worker_environment

pytestmark = pytest.mark.django_db(transaction=True)

VICTIM = "tests.jobs.victim"
ONE_BY_ONE, IN_BATCHES, FOR_EVER = "victim.one", "victim.batch", "victim.for_ever"


@pytest.fixture
def _kinds() -> Any:
    nothing: Callable[[list[Claim]], None] = lambda claims: None  # noqa: E731
    with (
        registry.temporarily(ONE_BY_ONE, nothing, lease_seconds=2),
        registry.temporarily(IN_BATCHES, nothing, lease_seconds=2, max_batch=10),
        registry.temporarily(FOR_EVER, nothing, lease_seconds=1),
    ):
        yield


def in_threads(count: int, work: Callable[[], Any]) -> list[Any]:
    """Run `work` in so many threads that start together; their answers."""
    barrier, answers = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        try:
            answers.append(work())
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.mark.usefixtures("_kinds")
@pytest.mark.parametrize(("kind", "batch"), [(ONE_BY_ONE, 1), (IN_BATCHES, 10)])
def test_claimers_that_race_never_get_the_same_job(kind: str, batch: int) -> None:
    enqueue_many(NewJob(kind, str(number), {}) for number in range(100))

    def claim_all() -> list[int]:
        mine: list[int] = []
        while claims := claim_due(kinds=[kind], room=50):
            assert len(claims) <= batch
            mine += [claim.job_id for claim in claims]
            finish_all(claims)
        return mine

    answers = in_threads(4, claim_all)

    claimed = Counter(job for answer in answers for job in answer)
    assert len(claimed) == 100
    assert set(claimed.values()) == {1}
    assert set(Job.objects.values_list("state", "fence")) == {(JobState.DONE, 1)}


@pytest.mark.usefixtures("_kinds")
def test_enqueuers_that_race_make_one_job() -> None:
    answers = in_threads(8, lambda: enqueue(ONE_BY_ONE, key="same").pk)

    assert len(set(answers)) == 1
    assert Job.objects.count() == 1


@pytest.mark.usefixtures("_kinds")
@pytest.mark.postgresql_only
def test_work_enqueued_while_its_predecessor_commits_is_not_lost() -> None:
    enqueue(ONE_BY_ONE, key="same")
    [claim] = claim_due(kinds=[ONE_BY_ONE], room=1)
    finished, may_commit, enqueued = threading.Event(), threading.Event(), []

    def finish_slowly() -> None:
        with transaction.atomic():
            claim.finish()
            finished.set()
            may_commit.wait(10)
        connection.close()

    def enqueue_meanwhile() -> None:
        enqueued.append(enqueue(ONE_BY_ONE, key="same").pk)
        connection.close()

    first, second = threading.Thread(target=finish_slowly), threading.Thread(target=enqueue_meanwhile)
    first.start()
    assert finished.wait(10)
    second.start()
    second.join(0.3)  # it waits for the row that is about to end
    may_commit.set()
    first.join(10)
    second.join(10)

    assert enqueued != [claim.job_id]
    assert run_until_idle() == 1


@pytest.mark.usefixtures("_kinds")
def test_the_lease_of_a_slow_handler_is_extended_from_beside() -> None:
    extended: list[bool] = []

    def slow(claims: list[Claim]) -> None:
        before = Job.objects.get().lease_until
        ends_at = time.monotonic() + 10
        while Job.objects.get().lease_until == before and time.monotonic() < ends_at:
            pass
        extended.append(Job.objects.get().lease_until > before)

    with registry.temporarily("test.slow", slow, lease_seconds=1):
        enqueue("test.slow", key="a")
        run_until_idle()

    assert extended == [True]
    assert heart._heart().patients == []


@pytest.mark.usefixtures("_kinds")
def test_a_worker_that_is_killed_leaves_a_job_that_another_takes_up(tmp_path: Path) -> None:
    job = enqueue(FOR_EVER, key="a")
    worker = subprocess.Popen(
        [sys.executable, "-m", VICTIM, "run_jobs"], cwd=ROOT, env=worker_environment(tmp_path), stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "claimed\n"
    worker.kill()
    worker.communicate()

    job.refresh_from_db()
    assert (job.state, job.fence) == (JobState.RUNNING, 1)
    while not sweep().lapsed:
        assert Job.objects.get().state == JobState.RUNNING
    assert run_until_idle() == 1
    job.refresh_from_db()
    assert (job.state, job.fence) == (JobState.DONE, 2)


def test_run_jobs_once_works_what_is_due_and_says_so(tmp_path: Path) -> None:
    with registry.temporarily(ONE_BY_ONE, lambda claims: None):
        enqueue_many(NewJob(ONE_BY_ONE, str(number), {"number": number}) for number in range(3))

    done = subprocess.run(
        [sys.executable, "-m", VICTIM, "run_jobs", "--once", "--json"],
        cwd=ROOT,
        env=worker_environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == {"worked": 3, "quarantined": 0}
    assert AuditEntry.objects.count() == 3


def endure(workers: Workers, *, jobs: int = 240, kills: int = 3, flush: bool = False) -> None:
    """Enqueue jobs of both sorts, kill workers at random, and find each job's effect exactly once."""
    with registry.temporarily(ONE_BY_ONE, lambda claims: None), registry.temporarily(IN_BATCHES, lambda claims: None, max_batch=10):
        numbers = range(jobs)
        enqueue_many(NewJob((ONE_BY_ONE, IN_BATCHES)[number % 2], f"v{number}", {"number": number}) for number in numbers)
        with workers:
            workers.kill_at_random(until=lambda: not Job.objects.open().exists(), pause_seconds=(0.1, 0.4), kills=kills, flush=flush)

    assert Counter(AuditEntry.objects.values_list("ticket", flat=True)) == {f"v{number}": 1 for number in numbers}
    assert set(Job.objects.values_list("state", "errors")) == {(JobState.DONE, 0)}
    assert workers.kills > 0
    assert Job.objects.filter(fence__gt=1).exists(), "no kill hit a job in hand"


@pytest.mark.slow
@pytest.mark.services
def test_killing_celery_workers_loses_nothing_and_doubles_nothing_over_the_folder_broker(tmp_path: Path) -> None:
    endure(Workers(worker_environment(tmp_path), app=VICTIM))


@pytest.mark.slow
@pytest.mark.services
def test_killing_celery_workers_and_flushing_redis_loses_nothing(tmp_path: Path, redis_database: str) -> None:
    endure(Workers(worker_environment(tmp_path, broker=redis_database), app=VICTIM), flush=True)


@pytest.mark.slow
def test_killing_workers_without_a_broker_loses_nothing(tmp_path: Path) -> None:
    endure(Workers(worker_environment(tmp_path), app=VICTIM, program="run_jobs"))
