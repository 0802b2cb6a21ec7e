"""The backup command: database and files, readable by one user, whole or absent, and gone after its days."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import stat
import subprocess
import tarfile
from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from privacycenter.kernel import backup as backups
from privacycenter.kernel import clock
from privacycenter.kernel.backup import BackupFailed, tool

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.obligation("K-03")]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.BACKUP_FOLDER = tmp_path / "backups"
    if connection.vendor == "postgresql":
        try:
            tool("pg_dump")
        except BackupFailed as absent:
            pytest.skip(str(absent))
    return tmp_path / "backups"


@pytest.fixture
def uploaded() -> Any:
    name = default_storage.save("evidence.txt", ContentFile(b"a file"))
    yield name
    default_storage.delete(name)


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("backup", "--json", *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_a_backup_holds_the_database_and_the_files_and_says_what_is_in_it(folder: Path, uploaded: str, django_user_model):
    django_user_model.objects.create_user(username="ada", email="ada@example.com", password=None)

    made = Path(run()["folder"])

    manifest = json.loads((made / "manifest.json").read_text())
    assert set(manifest["parts"]) == {path.name for path in made.iterdir()} - {"manifest.json"}
    for name, part in manifest["parts"].items():
        assert hashlib.sha256((made / name).read_bytes()).hexdigest() == part["sha256"]
        assert stat.S_IMODE((made / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    with tarfile.open(made / "files.tar") as archive:
        assert f"files/{uploaded}" in archive.getnames()
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(made / "database.sqlite3")) as copy:
            assert copy.execute("SELECT username FROM accounts_user").fetchall() == [("ada",)]
    else:
        listed = subprocess.run([tool("pg_restore"), "--list", str(made / "database.dump")], capture_output=True, text=True, check=True)
        assert "TABLE DATA public accounts_user" in listed.stdout


def test_backups_go_when_their_days_are_over_and_what_others_put_there_stays(folder: Path, settings: Any):
    first = Path(run()["folder"])
    (folder / "notes").mkdir()
    with clock.stopped_at(clock.now() + timedelta(days=settings.BACKUP_EXPIRY_DAYS - 1)):
        assert run()["removed"] == []
    with clock.stopped_at(clock.now() + timedelta(days=settings.BACKUP_EXPIRY_DAYS)):
        assert run("--keep-expired")["removed"] == []
    with clock.stopped_at(clock.now() + timedelta(days=settings.BACKUP_EXPIRY_DAYS, seconds=1)):
        assert run()["removed"] == [first.name]

    assert not first.exists()
    assert (folder / "notes").is_dir()


def test_a_backup_that_fails_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def full(folder: Path) -> list[Path]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "_files", full)

    with pytest.raises(CommandError, match="No space left"):
        run()
    assert list(folder.iterdir()) == []


def test_a_folder_that_can_not_be_made_is_said_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CommandError, match="No backup was written"):
        run("--folder", str(tmp_path / "file" / "backups"))
