"""System checks of the erasure ledger: where it lies, whether it can be written, whether it fits the database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.files.storage import default_storage
from django.db import DatabaseError

from requests_app.erasure.ledger import lost_keys
from requests_app.erasure.serving import Standing, standing
from requests_app.erasure.stores import ledger_file


@register(Tags.security)
def check_place(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E030 and E031: the erasure ledger can be written, and lies where no restore of a backup overwrites it."""
    path = ledger_file(settings.ERASURE_LEDGER)
    if path is None:
        parts = urlsplit(settings.ERASURE_LEDGER)
        return [] if parts.scheme == "s3" and parts.netloc else [_unusable("ERASURE_LEDGER is not an address of a file or of S3.")]
    messages: list[CheckMessage] = []
    if not _can_write(path):
        messages.append(_unusable("The erasure ledger can't be written."))
    inside = [folder for folder in (settings.BACKUP_FOLDER, *_files()) if path.resolve().is_relative_to(folder.resolve())]
    if inside:
        messages.append(
            Error(
                "The erasure ledger lies in a folder that a backup holds or a restore overwrites.",
                hint="Point ERASURE_LEDGER outside of BACKUP_FOLDER and of the uploaded files, best to another machine.",
                id="privacycenter.E031",
            )
        )
    return messages


@register(Tags.security, deploy=True)
def check_left_beside_the_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.W031: with `check --deploy`, that the ledger is still where suits a machine of one's own."""
    path = ledger_file(settings.ERASURE_LEDGER)
    if path is None or not path.is_relative_to(settings.VAR_DIR):
        return []
    return [
        Warning(
            "Not set for production: ERASURE_LEDGER; the ledger lies beside the database and is lost or restored with it.",
            hint="See docs/restore.md.",
            id="privacycenter.W031",
        )
    ]


@register(Tags.database)
def check_fit(app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E032 and W030: the ledger's keys are configured, and the database holds nobody whom it knows as erased."""
    if not databases:
        return []
    try:
        lost, found = lost_keys(), standing()
    except DatabaseError:
        return []  # an unreachable or unmigrated database is reported by whoever needs it
    messages: list[CheckMessage] = []
    if lost:
        messages.append(
            Error(
                f"Erased people are hashed under keys that HASH_KEYS lacks: {', '.join(lost)}.",
                hint="Put these keys back behind the newest one; without them nobody can be erased again after a restore.",
                id="privacycenter.E032",
            )
        )
    if found is not Standing.FIT:
        messages.append(
            Warning(
                f"Nobody is served until this is mended: {found.replace('_', ' ')}.",
                hint="See docs/restore.md; after a restore, run manage.py replay_erasures.",
                id="privacycenter.W030",
            )
        )
    return messages


def _unusable(what: str) -> Error:
    return Error(what, hint="Set ERASURE_LEDGER to /folder/file, file:///folder/file or s3://bucket/prefix.", id="privacycenter.E030")


def _can_write(path: Path) -> bool:
    if path.exists():
        return path.is_file() and os.access(path, os.R_OK | os.W_OK)
    folder = next((parent for parent in path.parents if parent.exists()), None)
    return folder is not None and folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _files() -> list[Path]:
    location: str = getattr(default_storage, "location", "")
    return [Path(location)] if location else []
