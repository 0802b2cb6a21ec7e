"""Nothing that serves people starts with a configuration that would be unsafe."""

from __future__ import annotations

import base64
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    **{name: f"a:{base64.b64encode(bytes(range(32))).decode()}" for name in ("DATA_KEYS", "HASH_KEYS", "BUNDLE_SIGNING_KEYS")},
}
PROCESSES = {
    "wsgi": ["-c", "import privacycenter.wsgi; print('started')"],
    "asgi": ["-c", "import asyncio\nasync def serve():\n import privacycenter.asgi\nasyncio.run(serve()); print('started')"],
    "worker": ["-m", "celery", "--app", "privacycenter", "--quiet", "worker", "--pool", "solo"],
    "beat": ["-m", "celery", "--app", "privacycenter", "--quiet", "beat", "--scheduler", "celery.beat.Scheduler"],
}


def started(process: str, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in KEYS and not name.startswith(("PYTEST", "CELERY"))}
    environment = {
        **kept,
        "DEBUG": "0",
        "DEMO": "0",
        "VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "ALLOWED_HOSTS": "privacy.example",
        "SITE_URL": "https://privacy.example",
        **changes,
    }
    (folder / "static").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, *PROCESSES[process]], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_without_its_secrets_does_not_start_and_says_what_to_set(process: str, tmp_path: Path):
    ended = started(process, tmp_path)

    assert ended.returncode != 0
    assert "started" not in ended.stdout
    for name in KEYS:
        assert f"Set {name} to" in ended.stderr


def test_a_demo_does_not_start_in_production(tmp_path: Path):
    ended = started("wsgi", tmp_path, **KEYS, DEMO="1")

    assert ended.returncode != 0
    assert "privacycenter.E005" in ended.stderr


def test_with_its_secrets_a_process_starts_even_while_its_database_is_empty_or_away(tmp_path: Path):
    away = f"sqlite:///{tmp_path / 'missing' / 'db.sqlite3'}"

    assert "started" in started("asgi", tmp_path, **KEYS).stdout
    assert "started" in started("wsgi", tmp_path, **KEYS, DATABASE_URL=away).stdout


def test_a_process_does_not_start_on_a_trail_without_its_triggers(tmp_path: Path):
    from privacycenter.audit.triggers import TABLES  # app ready

    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        for table in TABLES:
            database.execute(f"CREATE TABLE {table} (id INTEGER)")
    database.close()

    ended = started("wsgi", tmp_path, **KEYS)

    assert ended.returncode != 0
    assert "privacycenter.E015" in ended.stderr
