from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacycenter.kernel.rotation import rotate


class Command(BaseCommand):
    help = "Encrypt everything that bears an older key of DATA_KEYS again under the newest. Exit 1 when something can't be read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, change nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATA_KEYS:
            raise CommandError("DATA_KEYS is not set.", returncode=2)
        outcome = list(rotate(dry_run=options["dry_run"]))
        if options["as_json"]:
            self.stdout.write(json.dumps({"dry_run": options["dry_run"], "columns": [asdict(entry) for entry in outcome]}))
        else:
            done = "to reseal" if options["dry_run"] else "resealed"
            for entry in outcome:
                self.stdout.write(f"{entry.column}: {entry.resealed} {done}, {entry.current} current, {entry.unreadable} unreadable")
        if any(entry.unreadable for entry in outcome):
            raise CommandError("Some values can't be read with the configured keys.", returncode=1)
