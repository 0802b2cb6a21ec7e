"""The bell rings after the commit, seldom, and nothing depends on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from kombu import Connection, Exchange, Queue

from privacycenter.celery import app
from privacycenter.jobs import bell, registry, runner
from privacycenter.jobs.domain import NewJob, enqueue, enqueue_many, run_until_idle, sweep
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.jobs.tasks import run_periodic

Captured = Callable[..., Any]


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was rung for, in place of the broker."""
    heard: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **options: heard.append(args[0]))
    monkeypatch.setattr(bell._Silence, "until", 0.0)
    with registry.temporarily("test.one", lambda claims: None), registry.temporarily("test.batch", lambda claims: None, max_batch=50):
        yield heard


@pytest.mark.django_db(transaction=True)
def test_it_rings_after_the_commit_and_not_before(rings: list[str]) -> None:
    with transaction.atomic():
        enqueue("test.one", key="a")
        assert rings == []

    assert rings == ["test.one"]


@pytest.mark.django_db(transaction=True)
def test_it_does_not_ring_for_what_was_rolled_back(rings: list[str]) -> None:
    with transaction.atomic():
        enqueue("test.one", key="a")
        with transaction.atomic():
            enqueue("test.batch", key="b")
            transaction.set_rollback(True)
        enqueue("test.one", key="c")

    assert Counter(rings) == {"test.one": 2}
    assert set(Job.objects.values_list("key", flat=True)) == {"a", "c"}


@pytest.mark.django_db(transaction=True)
def test_rings_of_one_transaction_are_merged(rings: list[str]) -> None:
    with transaction.atomic():
        enqueue_many(NewJob("test.batch", str(number), {}) for number in range(30))
        for number in range(30, 50):
            enqueue("test.batch", key=str(number))
    assert rings == ["test.batch"]

    rings.clear()
    enqueue_many(NewJob("test.one", str(number), {}) for number in range(50))
    assert rings == ["test.one"] * bell.MAX_RINGS


@pytest.mark.django_db(transaction=True)
def test_a_job_of_the_future_does_not_ring(rings: list[str]) -> None:
    from datetime import UTC, datetime

    enqueue("test.one", key="a", run_at=datetime(2099, 1, 1, tzinfo=UTC))

    assert rings == []


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_costs_one_try_and_no_work(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    tries = []

    def refuse(name: str, **options: Any) -> None:
        tries.append(name)
        raise ConnectionRefusedError

    monkeypatch.setattr(app, "send_task", refuse)
    for key in "abc":
        enqueue("test.one", key=key)

    assert len(tries) == 1
    assert "ring_failed" in caplog.text
    assert run_until_idle() == 3


@pytest.mark.django_db
def test_the_sweep_rings_again_for_what_is_due(rings: list[str]) -> None:
    enqueue("test.one", key="a")
    enqueue_many(NewJob("test.batch", str(number), {}) for number in range(5))

    assert sweep() == (0, 0, 2)
    assert Counter(rings) == {"test.one": 1, "test.batch": 1}


@pytest.mark.django_db
def test_a_worker_that_is_rung_works_everything_due_and_what_follows_from_it(rings: list[str]) -> None:
    def follow(claims: list[Any]) -> None:
        enqueue("test.one", key="follow-up")

    with registry.temporarily("test.first", follow):
        enqueue("test.first", key="a")
        runner.answer_bell("test.first")

    assert set(Job.objects.values_list("key", "state")) == {("a", JobState.DONE), ("follow-up", JobState.DONE)}
    assert rings == []


@pytest.mark.django_db
def test_a_worker_whose_time_is_up_rings_for_the_next(rings: list[str]) -> None:
    enqueue_many(NewJob("test.one", key, {}) for key in "ab")

    runner.answer_bell("test.one", seconds=0)

    assert Job.objects.filter(state=JobState.DONE).count() == 1
    assert rings == ["test.one"]


@pytest.mark.django_db
def test_a_message_from_before_an_update_is_ignored() -> None:
    run_periodic("gone.entry")

    assert Job.objects.count() == 0


def test_the_folder_broker_delivers_each_message_once_and_shows_none_half_written(tmp_path: Path) -> None:
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    with Connection("filesystem://", transport_options=options) as first, Connection("filesystem://", transport_options=options) as second:
        queue = Queue("jobs", Exchange("jobs", type="direct"), routing_key="jobs")
        producer = first.Producer()
        for number in range(20):
            producer.publish({"number": number}, exchange=queue.exchange, routing_key="jobs", declare=[queue])
        assert len(list(tmp_path.iterdir())) == 20
        channels = [first.channel(), second.channel()]
        for channel in channels:
            queue(channel).declare()
        got = [queue(channels[number % 2]).get(no_ack=True).payload["number"] for number in range(20)]

        assert sorted(got) == list(range(20))
        assert queue(channels[0]).get(no_ack=True) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_what_became_due_within_this_millisecond_is_due() -> None:
    for _each in range(200):
        Job.objects.all().delete()
        enqueue("test.one", key="a")
        assert Job.objects.due().count() == 1
