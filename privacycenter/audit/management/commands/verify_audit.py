"""verify_audit: exit 0 when the trail is whole, exit 1 and the first bad entry when it is not."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacycenter.audit.sealing import seal_all, verify
from privacycenter.audit.triggers import trail


class Command(BaseCommand):
    help = "Recompute the hash chain of the audit trail and compare it with the exported checkpoints."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer as one JSON object")
        parser.add_argument("--seal", action="store_true", help="seal what is committed first")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seal"]:
            seal_all()
        result = verify()
        unprotected = sorted(trail.missing())
        intact = result.is_intact and not unprotected
        if options["json"]:
            answer = {
                "intact": intact,
                "sealed_entries": result.sealed_entries,
                "unsealed_entries": result.unsealed_entries,
                "first_bad_entry": result.bad_entry,
                "reason": result.reason,
                "missing_triggers": unprotected,
            }
            self.stdout.write(json.dumps(answer))
        elif not result.is_intact:
            self.stderr.write(f"The audit trail is not intact. First bad entry: {result.bad_entry} ({result.reason}).")
        elif unprotected:
            self.stderr.write(f"The audit trail can be changed; missing triggers: {', '.join(unprotected)}. Run migrate.")
        else:
            self.stdout.write(
                f"The audit trail is intact: {result.sealed_entries} sealed entries, {result.unsealed_entries} waiting for their seal."
            )
        if not intact:
            sys.exit(1)
