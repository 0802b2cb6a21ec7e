"""A backup of this installation: the database and the uploaded files. Bundles stay out, and so does the erasure ledger.

Bundles can be made again, and a backup of them would outlive their expiry. The ledger must not come back with an old backup.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from privacycenter.kernel import clock

MANIFEST = "manifest.json"


class BackupFailed(RuntimeError):
    """The message says what is missing or what the tool said; it holds no data."""


@dataclass(frozen=True)
class Backup:
    """A finished backup: its folder, the size of each part, and the moment from which it may be kept no longer."""

    folder: Path
    sizes: dict[str, int]
    keep_until: datetime


def make_backup(folder: Path) -> Backup:
    """Write a backup below `folder`, readable by this user only. It stands under its final name once it is whole. Raises BackupFailed."""
    now = clock.now()
    target = folder / now.strftime("%Y-%m-%dT%H%M%S.%fZ")
    unfinished = folder / f".{target.name}.part"
    keep_until = now + timedelta(days=settings.BACKUP_EXPIRY_DAYS)
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        parts = [_database(unfinished), *_files(unfinished)]
        for part in parts:
            part.chmod(0o600)
        manifest = {
            "created": now.isoformat(),
            "keep_until": keep_until.isoformat(),
            "engine": connection.vendor,
            "parts": {part.name: {"size": part.stat().st_size, "sha256": _sha256(part)} for part in parts},
        }
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        unfinished.rename(target)
    except OSError as error:
        raise BackupFailed(error.strerror or type(error).__name__) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Backup(target, {part.name: (target / part.name).stat().st_size for part in parts}, keep_until)


def remove_expired(folder: Path) -> list[str]:
    """Remove backups that may be kept no longer; answers their names. What somebody else put there stays."""
    removed = []
    for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
        if datetime.fromisoformat(json.loads(manifest.read_text(encoding="utf-8"))["keep_until"]) <= clock.now():
            shutil.rmtree(manifest.parent)
            removed.append(manifest.parent.name)
    return removed


def tool(name: str) -> str:
    """The path of a program of PostgreSQL. Raises BackupFailed where this machine has none."""
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None)
    if found is None:
        raise BackupFailed(f"{name} is not installed; it comes with PostgreSQL's client programs")
    return found


def postgresql_environment() -> dict[str, str]:
    """How PostgreSQL's programs reach our database: in the environment, so that no password stands in a list of processes."""
    values = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    return {**os.environ, **{variable: str(values[name]) for variable, name in names.items() if values.get(name)}}


def _database(folder: Path) -> Path:
    if connection.vendor == "sqlite":
        path = folder / "database.sqlite3"
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)  # whole as of one moment, beside running writers
        return path
    path = folder / "database.dump"
    command = [tool("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--file={path}"]
    environment = postgresql_environment()
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)  # noqa: S603 - no input of others
    if done.returncode:
        raise BackupFailed(f"pg_dump ended with code {done.returncode}: {done.stderr.strip()[:300]}")
    return path


def _files(folder: Path) -> list[Path]:
    location: str = getattr(default_storage, "location", "")
    if not location or not Path(location).is_dir():
        return []
    path = folder / "files.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(location, arcname="files")
    return [path]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
