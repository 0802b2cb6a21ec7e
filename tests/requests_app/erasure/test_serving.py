"""Nobody is served from a database that holds people whom the ledger knows as erased; what is none of that goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.checks import ERROR
from django.test import Client

from privacycenter.jobs.domain import enqueue
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.jobs.runner import run_due
from privacycenter.kernel import clock
from requests_app.enums import Status
from requests_app.erasure import serving
from requests_app.erasure.checks import check_fit, check_left_beside_the_database, check_place
from requests_app.erasure.serving import Standing, standing
from requests_app.models import ErasurePlan, LedgerEntry, Request
from tests.factories.accounts import make_account
from tests.factories.erasure import go_back, note_erasure, note_finished, noted, running

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("K-03")]


@pytest.fixture
def person():
    return make_account(password=None).subject


def status(client: Client, path: str = "/") -> int:
    return client.get(path).status_code


@pytest.mark.usefixtures("any_ledger", "looked_at")
def test_a_new_installation_and_one_that_has_erased_somebody_serve(client: Client, person):
    new = (standing(), status(client))
    noted(person)

    assert new == (Standing.FIT, 200)
    assert (standing(), status(client), status(client, "/readyz")) == (Standing.FIT, 200, 200)


@pytest.mark.usefixtures("any_ledger", "looked_at")
def test_a_restored_database_serves_nobody(client: Client, person):
    noted(person)
    go_back()

    page, call, ready = client.get("/requests/new/"), client.get("/api/v1/me/"), client.get("/readyz")

    assert (page.status_code, page["Retry-After"], page["Cache-Control"]) == (503, "300", "no-store")
    assert b"We will be back soon" in page.content
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert (call.status_code, call["Content-Type"], call.json()["code"]) == (503, "application/problem+json", "being_restored")
    assert (ready.status_code, ready.json()["failing"]) == (503, ["erasures"])
    assert client.post("/requests/new/?kind=access", {"anything": "x"}).status_code == 503
    static = client.get("/static/css/base.css")
    static.close()
    assert (status(client, "/healthz"), static.status_code) == (200, 200)


@pytest.mark.usefixtures("any_ledger")
@pytest.mark.parametrize(
    ("state", "expected"),
    [(Status.ERASING, Standing.FIT), (Status.COOLING, Standing.REPLAY), (Status.APPROVAL, Standing.REPLAY)],
)
def test_a_ledger_that_is_ahead_by_running_erasures_only_holds_nobody_up(person, state, expected):
    plan = running(person)
    note_erasure(plan)
    LedgerEntry.objects.all().delete()
    Request.objects.filter(pk=plan.request.pk).update(status=state)

    assert standing() is expected


@pytest.mark.parametrize(
    ("begun", "finished", "expected"),
    [(True, False, Standing.FIT), (False, False, Standing.REPLAY), (True, True, Standing.REPLAY)],
    ids=["a part failed", "never begun", "the ledger knows its end"],
)
def test_an_erasure_that_waits_for_staff_with_a_part_done_counts_as_running(person, ledger: Path, begun, finished, expected):
    plan, now = running(person), clock.now()
    note_erasure(plan)
    if finished:
        note_finished(plan)
    LedgerEntry.objects.all().delete()
    Request.objects.filter(pk=plan.request.pk).update(status=Status.ATTENTION)
    ErasurePlan.objects.create(request=plan.request, digest="0" * 64, created_at=now, superseded_at=now, approved_at=now, begun_at=None)
    ErasurePlan.objects.create(request=plan.request, digest="1" * 64, created_at=now, approved_at=now, begun_at=now if begun else None)

    assert standing() is expected


def test_one_erasure_that_is_not_running_among_those_that_are_is_enough(person, ledger: Path):
    note_erasure(running(person))
    noted(make_account(password=None).subject)
    LedgerEntry.objects.all().delete()

    assert standing() is Standing.REPLAY


@pytest.mark.parametrize(
    ("mishap", "expected"),
    [
        (lambda path, before: path.unlink(), Standing.MISSING),
        (lambda path, before: path.write_bytes(before.splitlines(keepends=True)[0]), Standing.BEHIND),
        (lambda path, before: path.write_bytes(before.replace(b"begun", b"began")), Standing.BROKEN),
        (lambda path, before: path.write_bytes(b""), Standing.MISSING),
        (lambda path, before: (path.unlink(), path.mkdir()), Standing.UNREACHABLE),
    ],
    ids=["removed", "older copy", "changed", "emptied", "unreadable"],
)
def test_a_ledger_that_is_not_the_newest_serves_nobody_and_serves_again_once_it_is_back(
    client: Client, ledger: Path, looked_at, person, mishap, expected
):
    noted(person)
    before = ledger.read_bytes()
    mishap(ledger, before)

    assert standing() is expected
    assert status(client) == 503
    if ledger.is_dir():
        ledger.rmdir()
    ledger.write_bytes(before)
    assert (standing(), status(client)) == (Standing.FIT, 200)


def test_another_databases_ledger_serves_nobody(person, ledger: Path):
    noted(person)
    first = ledger.read_bytes()
    ledger.unlink()
    go_back()
    noted(make_account(password=None).subject)
    ledger.write_bytes(first)

    assert standing() is Standing.BROKEN


def test_a_process_that_served_goes_on_while_the_ledger_is_away_for_a_moment(client: Client, ledger: Path, looked_at, person, monkeypatch):
    noted(person)
    assert status(client) == 200

    def away() -> None:
        raise ConnectionError

    monkeypatch.setattr(serving, "ledger_store", away)

    assert (status(client), status(client, "/readyz")) == (200, 503)


def test_the_look_at_the_ledger_is_remembered_and_costs_no_query_meanwhile(client: Client, ledger: Path, person, django_assert_num_queries):
    noted(person)
    serving.forget()
    with django_assert_num_queries(2):  # how far the database is, and the hash of its newest entry
        assert serving.may_serve()
    with django_assert_num_queries(0):
        assert serving.may_serve()


def test_what_was_read_once_is_not_read_again_when_the_ledger_grows(ledger: Path, person, monkeypatch):
    noted(person)
    assert standing() is Standing.FIT
    noted(make_account(password=None).subject)
    read: list[int] = []
    real = serving.links
    monkeypatch.setattr(serving, "links", lambda store, **bounds: (read.append(link.sequence) or link for link in real(store, **bounds)))

    assert standing() is Standing.FIT
    assert read == [3, 4]


@pytest.mark.usefixtures("looked_at")
def test_no_job_is_worked_on_a_restored_database(ledger: Path, person):
    noted(person)
    go_back()
    enqueue("requests.keep_house", key="once")

    assert run_due() == 0
    assert Job.objects.get().state == JobState.WAITING


def test_checks_name_an_unusable_place_and_a_ledger_that_backups_would_bring_back(settings, tmp_path: Path):
    def found(address: str) -> list[str]:
        settings.ERASURE_LEDGER = address
        return [str(message.id) for message in check_place(None)]

    settings.BACKUP_FOLDER = tmp_path / "backups"
    (tmp_path / "file").write_text("")

    assert found(f"file://{tmp_path}/ledger/erasures.jsonl") == []
    assert found("s3://bucket/ledger?endpoint=http%3A%2F%2F127.0.0.1%3A1&region=eu-central-1") == []
    assert found("relative/path") == found("http://example.com/ledger") == found("s3://") == ["privacycenter.E030"]
    assert found(f"{tmp_path}/file/ledger") == found(str(tmp_path)) == ["privacycenter.E030"]
    assert found(f"{tmp_path}/backups/ledger") == ["privacycenter.E031"]


def test_a_check_before_deployment_names_a_ledger_that_lies_beside_the_database(settings, tmp_path: Path):
    settings.ERASURE_LEDGER = f"file://{settings.VAR_DIR}/erasure-ledger/ledger.jsonl"
    assert [message.id for message in check_left_beside_the_database(None)] == ["privacycenter.W031"]
    for elsewhere in (f"file://{tmp_path}/ledger.jsonl", "s3://bucket/ledger"):
        settings.ERASURE_LEDGER = elsewhere
        assert check_left_beside_the_database(None) == []


def test_checks_tell_of_a_restored_database_and_of_keys_that_are_gone(ledger: Path, person, settings):
    noted(person)
    assert check_fit(None, ["default"]) == []
    go_back()
    (restored,) = check_fit(None, ["default"])
    assert (restored.id, restored.level < ERROR) == ("privacycenter.W030", True)

    noted_under = LedgerEntry.objects.create(
        sequence=99,
        hash="",
        event="begun",
        line="",
        key_id="old",
        erasure="",
        reference="",
        at=person.created_at,
        gone_by=person.created_at,
    )
    assert next(message.id for message in check_fit(None, ["default"])) == "privacycenter.E032"
    assert noted_under.key_id not in settings.HASH_KEYS
