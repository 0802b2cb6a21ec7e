"""The drill of docs/restore.md, for real: a backup, an erasure, the old backup restored, a replay that is killed and run again."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from privacycenter.audit.triggers import trail
from privacycenter.kernel.backup import BackupFailed, postgresql_environment, tool
from privacycenter.kernel.sources import registry
from privacycenter.records.models import FormSubmission, Interaction
from privacycenter.subjects.models import Identifier, Subject
from requests_app.erasure import serving
from requests_app.models import LedgerEntry
from tests.factories.accounts import make_account
from tests.factories.erasure import noted
from tests.jobs.harness import ROOT, worker_environment
from tests.records.builders import bring_in, interaction, ndjson, submission
from tests.services.parts import cannot_run

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True), pytest.mark.obligation("K-03")]

PEOPLE = [f"person{number}@example.com" for number in range(4)]


@pytest.fixture(autouse=True)
def _tools() -> None:
    if connection.vendor == "postgresql":
        try:
            tool("pg_dump"), tool("pg_restore")
        except BackupFailed as absent:
            cannot_run(str(absent))


@pytest.fixture(autouse=True)
def _ledger(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ERASURE_LEDGER = f"file://{tmp_path}/ledger/erasures.jsonl"
    settings.BACKUP_FOLDER = tmp_path / "backups"
    monkeypatch.setattr(serving, "CHECK_SECONDS", 0.0)
    serving.forget()


def back_up() -> Path:
    out = StringIO()
    call_command("backup", "--json", stdout=out)
    return Path(json.loads(out.getvalue())["folder"])


def restore(backup: Path) -> None:
    """As docs/restore.md says; on SQLite page by page, because servers of other tests may still have the file open here."""
    connection.close()
    if connection.vendor == "sqlite":
        database = str(connection.settings_dict["NAME"])
        with closing(sqlite3.connect(backup / "database.sqlite3")) as source, closing(sqlite3.connect(database)) as target:
            source.backup(target)
        return
    command = [tool("pg_restore"), "--clean", "--if-exists", "--no-owner", "--single-transaction"]
    database_name = str(connection.settings_dict["NAME"])
    subprocess.run([*command, f"--dbname={database_name}", str(backup / "database.dump")], env=postgresql_environment(), check=True)


def replay(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("replay_erasures", "--json", *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def killed_replay(folder: Path, settings: Any, *, before: tuple[int, str]) -> int:
    """Run a replay that is killed before it changes a table for the n-th time; answers its exit code."""
    environment = worker_environment(folder, ERASURE_LEDGER=settings.ERASURE_LEDGER)
    command = [sys.executable, "-m", "tests.requests_app.erasure.killed", str(before[0]), before[1], "replay_erasures"]
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL).returncode


def erase(subject: Subject) -> None:
    """As the flow of an erasure does it: note it, then every source by its own rule, the person's own row last."""
    noted(subject)
    sources = sorted(registry.all(), key=lambda source: source.describe().erasure.order)
    for source, locator in [(source, source.locate(subject)) for source in sources]:
        source.erase(locator, source.describe().erasure.treatment)


def held() -> dict[str, list[str]]:
    """Whose addresses stand where."""
    rows = {
        "accounts": User.objects.filter(email__in=PEOPLE).values_list("email", flat=True),
        "identifiers": Identifier.objects.filter(value__in=PEOPLE).values_list("value", flat=True),
        "interactions": Interaction.objects.values_list("identifier_value", flat=True),
        "forms": FormSubmission.objects.values_list("identifier_value", flat=True),
    }
    return {name: sorted(values) for name, values in rows.items()}


def everywhere(*addresses: str) -> dict[str, list[str]]:
    return {name: sorted(addresses) for name in ("accounts", "identifiers", "interactions", "forms")}


def test_a_restored_backup_is_not_served_before_the_erased_are_erased_again(client: Client, settings: Any, tmp_path: Path):
    people = [make_account(email=address, password=None).subject for address in PEOPLE]
    for address in PEOPLE:
        who = {"kind": "email", "value": address}
        bring_in(ndjson([interaction(identifier=who), submission(identifier=who)]))
    backup = back_up()
    for subject in people[:3]:
        erase(subject)
    assert client.get("/").status_code == 200
    assert held() == everywhere(PEOPLE[3])

    restore(backup)
    assert held() == everywhere(*PEOPLE)
    assert (client.get("/").status_code, client.get("/readyz").status_code, client.get("/healthz").status_code) == (503, 503, 200)
    assert not trail.missing()

    # in the middle of the first person, and when all of the second is deleted but not committed
    moments = [(1, "records_formsubmission"), (2, "requests_app_ledgerentry")]
    codes = [killed_replay(tmp_path / "killed", settings, before=moment) for moment in moments]
    assert (codes, LedgerEntry.objects.filter(event="begun").count()) == ([-9, -9], 1)
    assert client.get("/").status_code == 503

    first, second = replay(), replay()
    assert (first["people"], first["failed"]) == (2, {})
    assert (second["entries"], second["people"], second["failed"]) == (0, 0, {})
    assert held() == everywhere(PEOPLE[3])
    assert (client.get("/").status_code, client.get("/readyz").status_code) == (200, 200)
    assert LedgerEntry.objects.count() == 6
    assert Subject.objects.filter(erased_at__isnull=False).count() == 3
