"""erase_subject: what an erasure of somebody would do. It only simulates: erasing takes a request."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.queries import subject_with
from requests_app.erasure.planning import PlanFailed, steps_for

UNKNOWN, FAILED = 1, 2


class Command(BaseCommand):
    help = (
        "Show what an erasure of one person would do. Nothing is changed: erasing takes a request that the person has proven and staff "
        "have approved. Exit codes: 0 shown; 1 nobody has proven this identifier; 2 a source could not be asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--identifier", required=True, help="an address, number or name that the person has proven")
        parser.add_argument("--kind", default=IdentifierKind.EMAIL.value, choices=[kind.value for kind in IdentifierKind])
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            subject = subject_with(options["kind"], options["identifier"])
        except InvalidIdentifier as error:
            raise CommandError(str(error), returncode=UNKNOWN) from error
        if subject is None:
            raise CommandError("Nobody has proven this identifier.", returncode=UNKNOWN)
        record("requests.erasure_simulated", actor=Actor.system("operator"), subject=str(subject.public_id))
        try:
            steps, obstacle = steps_for(subject, at=clock.now())
        except PlanFailed as error:
            raise CommandError(f"The source {error.source} could not be asked.", returncode=FAILED) from error
        rows = [
            {
                "source": step.source_key,
                "records": step.count,
                "treatment": str(step.treatment),
                "reason": step.reason,
                "until": step.until.isoformat() if step.until else None,
            }
            for step in steps
        ]
        if options["as_json"]:
            self.stdout.write(json.dumps({"simulated": True, "obstacle": obstacle or None, "sources": rows}))
            return
        for row in rows:
            kept = f" ({row['reason']}{' until ' + str(row['until']) if row['until'] else ''})" if row["reason"] else ""
            self.stdout.write(f"{row['treatment']:<10} {row['records']:>6}  {row['source']}{kept}")
        if obstacle:
            self.stdout.write(f"It could not be approved now: {obstacle}")
        self.stdout.write("Nothing was changed. Erasing takes a request.")
