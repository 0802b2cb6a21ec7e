"""The erasure ledger: chained, on disk before anything is erased, without personal data, written by many at once."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from privacycenter.audit.models import AuditEntry
from requests_app.erasure import ledger as erasure_ledger
from requests_app.erasure.ledger import BrokenChain, entries
from requests_app.erasure.rewrite import rewrite_ledger
from requests_app.erasure.stores import ledger_store
from requests_app.errors import LedgerUnfit
from requests_app.models import LedgerEntry
from tests.factories.accounts import make_account
from tests.factories.erasure import ACTOR, note_erasure, note_finished, noted, running
from tests.jobs.harness import ROOT, worker_environment

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("K-03")]


@pytest.fixture
def plan() -> Any:
    return running(make_account(password=None).subject, treatments={"records.interactions": "delete", "accounts.account": "anonymise"})


def numbers() -> list[int]:
    return [entry.sequence for entry in entries(ledger_store())]


@pytest.mark.usefixtures("any_ledger")
def test_an_erasure_is_noted_once_however_often_it_is_asked(plan):
    first = note_erasure(plan)
    again = note_erasure(plan)
    finished = [note_finished(plan), note_finished(plan)]

    assert (first, again, finished, numbers()) == (1, 1, [2, 2], [1, 2])
    assert list(LedgerEntry.objects.order_by("sequence").values_list("event", "request")) == [
        ("begun", plan.request.pk),
        ("finished", plan.request.pk),
    ]
    assert AuditEntry.objects.filter(verb="requests.noted_in_ledger").count() == 2


@pytest.mark.usefixtures("any_ledger")
def test_what_was_noted_before_a_crash_is_found_again_and_not_noted_twice(plan):
    with transaction.atomic():
        note_erasure(plan)
        transaction.set_rollback(True)
    other = noted(make_account(password=None).subject)

    assert not LedgerEntry.objects.filter(sequence=1).exists()
    assert (note_erasure(plan), other) == (1, 2)
    assert numbers() == [1, 2, 3]


def test_a_run_after_one_that_died_looks_for_its_entry_among_all(plan, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("requests_app.erasure.ledger.RECENT", 2)
    first = erasure_ledger.note_erasure(plan=plan)
    others = [noted(make_account(password=None).subject) for _each in range(2)]

    again = erasure_ledger.note_erasure(plan=plan, again=True)
    again.remember(actor=ACTOR)
    again.remember(actor=ACTOR)
    assert (first.sequence, again.sequence, others, numbers()) == (1, 1, [2, 4], [1, 2, 3, 4, 5])
    assert LedgerEntry.objects.filter(sequence=1, event="begun", request=plan.request).count() == 1
    assert AuditEntry.objects.filter(verb="requests.noted_in_ledger", ticket=plan.request.ref).count() == 1


def test_the_ledger_holds_hashes_treatments_and_dates_and_nobody_else_may_read_it(plan, ledger: Path):
    note_erasure(plan)

    text = ledger.read_text()
    (entry,) = [json.loads(line) for line in text.splitlines()]
    subject = plan.request.subject
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger.parent.stat().st_mode) == 0o700
    assert entry["sources"] == [["records.interactions", "delete", None], ["accounts.account", "anonymise", None]]
    assert [kind for kind, _hash in entry["identifiers"]] == [kind for kind, _value in subject.identifiers.values_list("kind", "value")]
    for secret in (str(subject.public_id), *subject.identifiers.values_list("value", flat=True)):
        assert secret not in text


@pytest.mark.usefixtures("any_ledger")
def test_public_ids_of_merged_people_and_every_proven_identifier_are_noted(plan):
    subject = plan.request.subject
    subject.former_ids = ["0b1f6f0e-0000-4000-8000-000000000001"]
    subject.save()
    subject.identifiers.create(kind="phone", value="+60312345678", source="tests", created_at=subject.created_at)

    note_erasure(plan)

    (entry,) = entries(ledger_store())
    assert (len(entry.subjects), [kind for kind, _hash in entry.identifiers]) == (2, ["email"])


@pytest.mark.parametrize(
    ("damage", "bad"),
    [
        (lambda lines: [lines[0], lines[1].replace(b"delete", b"retain"), lines[2]], 2),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: [lines[0], b"{}", lines[2]], 2),
        (lambda lines: [lines[0], b"\xff", lines[2]], 2),
        (lambda lines: [lines[0], lines[0], lines[2]], 2),
    ],
    ids=["changed", "removed", "moved", "emptied", "not text", "doubled"],
)
def test_the_first_entry_that_was_tampered_with_is_named(ledger: Path, damage, bad: int):
    for _number in range(3):
        note_erasure(running(make_account(password=None).subject, treatments={"a.b": "delete"}))
    ledger.write_bytes(b"\n".join(damage(ledger.read_bytes().splitlines())) + b"\n")

    with pytest.raises(BrokenChain) as broken:
        list(entries(ledger_store()))

    assert broken.value.sequence == bad


def test_a_line_that_a_crash_cut_short_never_counted(plan, ledger: Path):
    note_erasure(plan)
    with ledger.open("ab") as stream:
        stream.write(b'{"sequence":2,"at":')

    assert numbers() == [1]
    assert noted(make_account(password=None).subject) == 2
    assert numbers() == [1, 2, 3]


def test_nothing_may_be_erased_while_the_ledger_can_not_be_written(plan, settings, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    settings.ERASURE_LEDGER = f"file://{tmp_path}/file/ledger"

    with pytest.raises(LedgerUnfit):
        note_erasure(plan)

    assert not LedgerEntry.objects.exists()


@pytest.mark.usefixtures("any_ledger")
def test_a_second_ledger_is_never_begun_while_the_database_knows_a_first_one(plan, settings, tmp_path: Path):
    noted(make_account(password=None).subject)
    settings.ERASURE_LEDGER = f"file://{tmp_path}/another"

    with pytest.raises(LedgerUnfit):
        note_erasure(plan)

    assert ledger_store().size() == 0


def test_a_lost_ledger_is_written_anew_from_the_database_line_for_line(ledger: Path):
    for _number in range(2):
        noted(make_account(password=None).subject)
    before = ledger.read_bytes()
    ledger.write_bytes(before.splitlines(keepends=True)[0])

    assert rewrite_ledger(actor=ACTOR) == 3
    assert ledger.read_bytes() == before
    ledger.unlink()
    assert rewrite_ledger(actor=ACTOR) == 4
    assert ledger.read_bytes() == before


_WRITER = """
import sys, django
django.setup()
from django.conf import settings
from requests_app.erasure.ledger import GENESIS, entries, seal
from requests_app.erasure.stores import ledger_store

def body(name):
    date = "2026-01-01T00:00:00+00:00"
    nobody = {"subjects": [], "identifiers": [], "sources": []}
    return {"at": date, "event": "begun", "erasure": name, "reference": "", "gone_by": date, **nobody}

for number in range(20):
    store = ledger_store()
    def make(size):
        tail = GENESIS
        for entry in entries(store, first=max(size, 1), previous=None):
            tail = entry.hash
        return seal(body(f"{sys.argv[1]}:{number}"), size + 1, tail).line.encode()
    store.append(make)()
"""


@pytest.mark.usefixtures("any_ledger")
def test_several_processes_write_one_unbroken_chain(settings, tmp_path: Path):
    environment = worker_environment(tmp_path, ERASURE_LEDGER=settings.ERASURE_LEDGER, DJANGO_SETTINGS_MODULE="privacycenter.settings")
    environment |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-central-1"}
    command = [sys.executable, "-c", _WRITER]
    writers = [subprocess.Popen([*command, name], env=environment, cwd=ROOT) for name in ("a", "b")]

    assert [writer.wait() for writer in writers] == [0, 0]
    assert sorted(entry.erasure for entry in entries(ledger_store())) == sorted(f"{name}:{number}" for name in "ab" for number in range(20))
