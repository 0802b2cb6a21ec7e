"""What happens by the clock: code is the schedule, the tables are a copy."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from privacycenter.jobs import periodic, registry
from privacycenter.jobs.domain import enqueue, run_until_idle
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.jobs.schedule import sync_schedule
from tests.factories.accounts import make_staff, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "_entries", dict(periodic._entries))


def test_the_sweep_runs_at_least_every_minute_and_the_schedule_is_there_after_migrate() -> None:
    assert periodic.all_entries()["jobs.sweep"].seconds <= 60
    assert set(PeriodicTask.objects.filter(task="jobs.run_periodic").values_list("name", flat=True)) == set(periodic.all_entries())


def test_syncing_twice_changes_nothing_and_tells_beat_nothing() -> None:
    sync_schedule()
    told = PeriodicTasks.last_change()

    assert sync_schedule() == (0, 0, 0)
    assert PeriodicTasks.last_change() == told


def test_entries_are_added_changed_and_removed_and_foreign_ones_stay() -> None:
    foreign = PeriodicTask.objects.create(name="theirs", task="theirs", interval=IntervalSchedule.objects.create(every=1, period="days"))
    PeriodicTask.objects.filter(name="jobs.sweep").update(enabled=False)
    told = PeriodicTasks.last_change()
    periodic.register("test.new", 77, "mail.send")
    assert sync_schedule() == (1, 1, 0)
    task = PeriodicTask.objects.get(name="test.new")
    assert (task.interval.every, task.interval.period, json.loads(task.args), task.expire_seconds) == (77, "seconds", ["test.new"], 77)
    assert PeriodicTasks.last_change() != told

    del periodic._entries["test.new"]
    assert sync_schedule() == (0, 0, 1)
    assert PeriodicTask.objects.filter(pk=foreign.pk).exists()


def test_a_dry_run_says_what_would_change_and_changes_nothing() -> None:
    periodic.register("test.new", 77, "mail.send")
    said = StringIO()
    call_command("sync_schedule", "--dry-run", "--json", stdout=said)

    assert json.loads(said.getvalue()) == {"added": 1, "changed": 0, "removed": 0}
    assert not PeriodicTask.objects.filter(name="test.new").exists()


def test_an_entry_enqueues_its_kind_once_while_a_run_is_open() -> None:
    runs: list[Any] = []
    with registry.temporarily("test.nightly", runs.extend):
        periodic.register("test.entry", 60, "test.nightly")
        periodic.run("test.entry")
        periodic.run("test.entry")
        assert run_until_idle() == 1

    assert [claim.key for claim in runs] == ["test.entry"]


def test_an_entry_may_be_a_plain_call() -> None:
    calls: list[int] = []
    periodic.register("test.entry", 60, lambda: calls.append(1))

    periodic.run("test.entry")

    assert calls == [1]


def test_a_name_is_registered_once() -> None:
    for name, seconds in (("jobs.sweep", 60), ("test.never", 0)):
        with pytest.raises(ImproperlyConfigured):
            periodic.register(name, seconds, "mail.send")


# --- commands and admin ----------------------------------------------------------------------------------------------


def answer(*words: str) -> tuple[dict[str, Any], int]:
    """What a command says with --json, and its exit code."""
    said, code = StringIO(), 0
    try:
        call_command(*words, "--json", stdout=said)
    except SystemExit as end:
        code = int(end.code or 0)
    return json.loads(said.getvalue()), code


def test_sweep_jobs_says_how_full_the_queue_is_and_fails_when_a_job_needs_attention() -> None:
    with registry.temporarily("test.one", lambda claims: None):
        enqueue("test.one", key="a")
        said, code = answer("sweep_jobs", "--dry-run")
        assert ({name: said[name] for name in ("waiting", "due", "running", "quarantined", "rings")}, code) == (
            {"waiting": 1, "due": 1, "running": 0, "quarantined": 0, "rings": 0},
            0,
        )
        Job.objects.update(state=JobState.QUARANTINED)
        said, code = answer("sweep_jobs")
        assert (said["quarantined"], code) == (1, 1)


def test_run_jobs_once_works_the_queue_within_its_limit() -> None:
    with registry.temporarily("test.one", lambda claims: None):
        for key in "abc":
            enqueue("test.one", key=key)
        assert answer("run_jobs", "--once", "--limit=2") == ({"worked": 2, "quarantined": 0}, 0)
        assert answer("run_jobs", "--once", "--kind=test.one") == ({"worked": 1, "quarantined": 0}, 0)
        enqueue("test.one", key="d")
        Job.objects.filter(key="d").update(state=JobState.QUARANTINED)
        assert answer("run_jobs", "--once") == ({"worked": 0, "quarantined": 1}, 1)


@pytest.fixture
def desk() -> Client:
    """Staff who may do everything, at the admin."""
    return signed_in(make_staff(is_superuser=True))


def quarantined(count: int) -> None:
    for key in range(count):
        enqueue("test.one", key=str(key))
    Job.objects.update(state=JobState.QUARANTINED, errors=5)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_jobs_costs_the_same_for_one_and_for_three(desk: Client, count: int) -> None:
    with registry.temporarily("test.one", lambda claims: None):
        quarantined(count)
    with CaptureQueriesContext(connection) as captured:
        assert desk.get("/admin/jobs/job/").status_code == 200

    statements = [query["sql"] for query in captured if "jobs_job" in query["sql"] and "ROLLBACK" not in query["sql"]]
    assert len(statements) == 3  # kinds for the filter, the count, the rows


def test_staff_retry_a_job_in_the_admin(desk: Client) -> None:
    with registry.temporarily("test.one", lambda claims: None):
        quarantined(2)
        chosen = list(Job.objects.values_list("pk", flat=True))
        done = desk.post("/admin/jobs/job/", {"action": "retry", "_selected_action": chosen}, follow=True)
        again = desk.post("/admin/jobs/job/", {"action": "retry", "_selected_action": chosen[:1]}, follow=True)

    assert "2 jobs will be tried again." in done.content.decode()
    assert "Only a job that needs attention can be retried." in again.content.decode()
    assert set(Job.objects.values_list("state", "errors")) == {(JobState.WAITING, 0)}


def test_the_admin_neither_adds_nor_changes_nor_deletes_jobs_and_schedules(desk: Client) -> None:
    with registry.temporarily("test.one", lambda claims: None):
        quarantined(1)
    job, task = Job.objects.get().pk, PeriodicTask.objects.get(name="jobs.sweep").pk
    for path in (f"jobs/job/{job}", f"django_celery_beat/periodictask/{task}"):
        room = path.rpartition("/")[0]
        assert desk.get(f"/admin/{path}/change/").status_code == 200
        assert desk.post(f"/admin/{path}/change/", {}).status_code == 403
        assert desk.get(f"/admin/{path}/delete/").status_code == 403
        assert desk.get(f"/admin/{room}/add/").status_code == 403
        assert desk.get(f"/admin/{room}/").status_code == 200
    assert desk.get("/admin/django_celery_beat/intervalschedule/").status_code == 404
