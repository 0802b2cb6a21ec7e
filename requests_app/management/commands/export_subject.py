"""Make the bundle of one person at once: for operators, when the desk can't be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import subject_with
from requests_app.enums import Kind
from requests_app.errors import SourcesFailed
from requests_app.fulfilment.direct import export_directly
from requests_app.models import Step

NOT_FOUND, SOURCE_FAILED = 1, 2


class Command(BaseCommand):
    help = (
        "Write the bundle of the person who has proven an identifier to a file that only you can read. Every use is an audit entry "
        "that the person can see. Exit codes: 0 written; 1 nobody found or the file can't be written; 2 a source failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--identifier", required=True, help="a proven e-mail address, phone number, user name or customer number")
        parser.add_argument(
            "--kind", choices=[str(kind) for kind in IdentifierKind], help="what the identifier is; else every kind is tried"
        )
        parser.add_argument("--output", required=True, type=Path, help="the ZIP file to write; it must not exist")
        parser.add_argument("--portability", action="store_true", help="only what the person may take along (GDPR Art. 20)")
        parser.add_argument(
            "--despite-failure", default="", metavar="REASON", help="go on when a source fails; the reason is printed in it"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="machine-readable output")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        subject = self._person(options["identifier"], options["kind"])
        if output.exists() or not output.parent.is_dir():
            raise CommandError("The file exists already, or its folder does not.")
        steps: list[Step] = []

        def note(step: Step) -> None:
            steps.append(step)
            if not options["as_json"]:
                self.stdout.write(f"  {step.get_status_display()}: {step.title}")

        try:
            ref, made = export_directly(
                subject,
                kind=Kind.PORTABILITY if options["portability"] else Kind.ACCESS,
                path=output,
                despite_failure=options["despite_failure"],
                on_source=note,
                actor=Actor.system("operator"),
            )
        except SourcesFailed as error:
            raise CommandError(
                f"Could not be read: {error.keys}. Nothing was written. Repair it, or give a reason with --despite-failure.",
                returncode=SOURCE_FAILED,
            ) from error
        except OSError as error:
            raise CommandError(f"The file can't be written: {error.strerror or 'unknown reason'}.") from error
        if options["as_json"]:
            told = {"reference": ref, "file": str(output), "size": made.size, "sha256": made.sha256, **made.summary}
            self.stdout.write(json.dumps(told, indent=2))
        else:
            self.stdout.write(self.style.SUCCESS(f"{ref}: {made.summary['records']} records, {made.size} bytes, written to {output}"))
            self.stdout.write("It holds everything about a person. Hand it over safely, then delete it.")

    def _person(self, identifier: str, kind: str | None) -> Subject:
        kinds = [kind] if kind else [str(item) for item in IdentifierKind]
        found = {subject.pk: subject for subject in (subject_with(item, identifier) for item in kinds) if subject}
        if not found:
            raise CommandError("Nobody has proven this identifier. Unproven ones find nobody.", returncode=NOT_FOUND)
        if len(found) > 1:
            raise CommandError(
                "Several people carry this as different kinds of identifier. Name the kind with --kind.", returncode=NOT_FOUND
            )
        return next(iter(found.values()))
