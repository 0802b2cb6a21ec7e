from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacycenter.kernel.backup import BackupFailed, make_backup, remove_expired


class Command(BaseCommand):
    help = (
        "Write a backup of the database and the uploaded files, without bundles and without the erasure ledger, and remove backups that "
        "are older than BACKUP_EXPIRY_DAYS. Exit codes: 0 written; 1 not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, help="where backups lie (BACKUP_FOLDER)")
        parser.add_argument("--keep-expired", action="store_true", help="remove no older backup")
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"] or settings.BACKUP_FOLDER
        try:
            made = make_backup(folder)
        except BackupFailed as error:
            raise CommandError(f"No backup was written: {error}.") from error
        removed = [] if options["keep_expired"] else remove_expired(folder)
        if options["as_json"]:
            told = {"folder": str(made.folder), "parts": made.sizes, "keep_until": made.keep_until.isoformat(), "removed": removed}
            self.stdout.write(json.dumps(told))
            return
        parts = ", ".join(f"{name} ({size} bytes)" for name, size in made.sizes.items())
        self.stdout.write(self.style.SUCCESS(f"Written to {made.folder}: {parts}."))
        self.stdout.write(f"It holds personal data: keep it apart from the keys, and no longer than {made.keep_until:%Y-%m-%d}.")
        if removed:
            self.stdout.write(f"Removed, because their time was over: {', '.join(removed)}.")
