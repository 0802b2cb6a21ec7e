from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacycenter.portal import demo


class Command(BaseCommand):
    help = "Load demo people and data, and print the logins. Running it again adds only what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=int, default=12, help="how many customers (12)")
        parser.add_argument("--records-per-person", type=int, default=12, help="how many conversations and forms each (12)")
        parser.add_argument("--seed", type=int, default=1, help="the same number makes the same people (1)")
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo people have a published password: seed_demo runs with DEBUG=1 only.", returncode=2)
        if options["people"] < 0 or options["records_per_person"] < 0:
            raise CommandError("Counts can't be negative.", returncode=2)
        made = demo.seed(people_count=options["people"], records_per_person=options["records_per_person"], number=options["seed"])
        if options["as_json"]:
            logins = [{"username": username, "role": role} for username, role in demo.logins()]
            self.stdout.write(json.dumps({"added": asdict(made), "logins": logins, "password": demo.PASSWORD}))
            return
        self.stdout.write("Sign in as one of these, all with the password " + demo.PASSWORD)
        for username, role in demo.logins():
            self.stdout.write(f"  {username:<10} {role}")
