"""`import_records FILE`: bring in conversations and forms from another system."""

from __future__ import annotations

import io
import json
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from privacycenter.kernel.actor import Actor
from privacycenter.records.domain import Outcome, import_items
from privacycenter.records.enums import ItemResult
from privacycenter.records.errors import UnreadableFile
from privacycenter.records.readers import form_of, read_items

_SOME_REFUSED = 1
_NOTHING_READ = 2


class Command(BaseCommand):
    help = (
        "Bring in records from a file of NDJSON, a JSON list or CSV (see docs/records.md). Each item stands or falls alone, and "
        "the same item twice is one record. Exit codes: 0 everything is in, 1 some items were refused, 2 nothing could be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--format", choices=["ndjson", "json", "csv"], help="what the file is; else told by its name and its start")
        parser.add_argument("--dry-run", action="store_true", help="check every item and count, but bring nothing in")
        parser.add_argument("--json", action="store_true", help="one JSON object a line for each item, then one with the counts")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options["json"]

        def report(outcome: Outcome) -> None:
            if as_json:
                said = {"line": outcome.line, "result": outcome.result.value}
                self.stdout.write(json.dumps({**said, "code": outcome.code, "message": outcome.message} if outcome.code else said))
            elif outcome.result is ItemResult.REFUSED:
                self.stderr.write(f"line {outcome.line}: {outcome.message}")

        with ExitStack() as stack:
            stream = self._open(options["file"], stack)
            form = options["format"] or form_of(options["file"], stream.peek(512)[:512])
            try:
                counts = import_items(
                    read_items(stream, form=form), dry_run=options["dry_run"], report=report, actor=Actor.system("import_records")
                )
            except UnreadableFile as error:
                raise CommandError(str(error), returncode=_NOTHING_READ) from error
        self._conclude(counts, as_json=as_json, dry_run=options["dry_run"])

    def _open(self, name: str, stack: ExitStack) -> io.BufferedReader:
        if name == "-":
            return _peekable(sys.stdin.buffer)
        try:
            return stack.enter_context(open(name, "rb"))
        except OSError as error:
            raise CommandError(f"can't read the file: {error.strerror}", returncode=_NOTHING_READ) from error

    def _conclude(self, counts: dict[str, int], *, as_json: bool, dry_run: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"counts": counts, "dry_run": dry_run}))
        else:
            words = ", ".join(f"{count} {ItemResult(result).label}" for result, count in counts.items())
            self.stdout.write(f"{words}{' (dry run: nothing was brought in)' if dry_run else ''}")
        if counts[ItemResult.REFUSED]:
            raise SystemExit(_SOME_REFUSED)


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[arg-type]
