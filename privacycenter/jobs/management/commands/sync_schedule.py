from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from privacycenter.jobs.schedule import sync_schedule


class Command(BaseCommand):
    help = "Copy the schedule from code into the tables that celery beat reads. Also done after every migrate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        result = sync_schedule(dry_run=options["dry_run"])
        answer = result._asdict()
        self.stdout.write(json.dumps(answer) if options["json"] else ", ".join(f"{name} {value}" for name, value in answer.items()))
