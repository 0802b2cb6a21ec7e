from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from privacycenter.jobs.domain import sweep
from privacycenter.jobs.queries import depth


class Command(BaseCommand):
    help = "Return jobs whose worker died to the queue and ring for what is due. Exit code 1 when a job needs attention."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how full the queue is")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        swept = None if options["dry_run"] else sweep()
        found = depth()
        answer = {
            "lapsed": swept.lapsed if swept else 0,
            "rings": swept.rings if swept else 0,
            "waiting": found.waiting,
            "due": found.due,
            "running": found.running,
            "quarantined": found.quarantined,
            "oldest_due_seconds": round(found.oldest_due_seconds, 3),
        }
        self.stdout.write(json.dumps(answer) if options["json"] else ", ".join(f"{name} {value}" for name, value in answer.items()))
        if found.quarantined:
            raise SystemExit(1)
