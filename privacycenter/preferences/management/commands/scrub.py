from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from privacycenter.preferences.enums import Channel
from privacycenter.preferences.errors import UnfitList
from privacycenter.preferences.models import Topic
from privacycenter.preferences.scrub import Scrub, Summary, Task
from privacycenter.preferences.scrub.work import REMARKS

_CHUNK = 256 * 1024


class Command(BaseCommand):
    help = "Says for each address of a CSV whether it may be written to about a topic, and why not. Exit 1: a list that can't be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the list; - reads standard input")
        parser.add_argument("--topic", required=True, help="key of the topic")
        parser.add_argument("--purpose", default="", help="key of the purpose; by default, and at most, that of the topic")
        parser.add_argument("--channel", default=Channel.EMAIL, choices=Channel.values)
        parser.add_argument("--column", default="", help="name of the column with the addresses, where it can't be told")
        parser.add_argument("--output", default="-", help="where the answer goes; - is standard output")
        parser.add_argument("--json", action="store_true", help="the summary as JSON, on standard error")

    def handle(self, *args: Any, **options: Any) -> None:
        topic = Topic.objects.filter(key=options["topic"]).first()
        if topic is None:
            raise CommandError("There is no topic with this key.")
        if options["purpose"] not in {"", topic.purpose_id}:
            raise CommandError(f"The topic {topic.key} is for the purpose {topic.purpose_id}.")
        task = Task(topic, options["channel"], options["column"])
        try:
            summary = self._run(options["file"], options["output"], task)
        except UnfitList as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from error
        self._tell(summary, as_json=options["json"])

    def _run(self, source: str, target: str, task: Task) -> Summary:
        with _opened(source, "rb") as reader:
            scrub = Scrub(_chunks(reader), task)
            pieces = iter(scrub)
            first = next(pieces)  # a list that can't be read leaves no file behind
            with _opened(target, "wb") as writer:
                writer.write(first)
                writer.writelines(pieces)
                writer.flush()
        return scrub.summary

    def _tell(self, summary: Summary, *, as_json: bool) -> None:
        refused = {rule: count for rule, count in summary.counts.items() if count}
        if as_json:
            known = {"rows": summary.rows, "allowed": summary.allowed, "refused": refused, "remarks": summary.remarks}
            self.stderr.write(json.dumps({**known, "remarks_total": summary.remarks_total}))
            return
        self.stderr.write(f"{summary.rows} lines, {summary.allowed} may be written to.")
        for line, code in summary.remarks:
            self.stderr.write(f"line {line}: {REMARKS[code]}")


class _opened:  # noqa: N801 - reads as a phrase in a with statement
    """A file, or a standard stream that stays open."""

    def __init__(self, name: str, mode: str) -> None:
        self._name, self._mode = name, mode

    def __enter__(self) -> BinaryIO:
        if self._name == "-":
            self._stream: BinaryIO = sys.stdin.buffer if self._mode == "rb" else sys.stdout.buffer
        else:
            self._stream = Path(self._name).open(self._mode)  # type: ignore[assignment]
        return self._stream

    def __exit__(self, *error: object) -> None:
        if self._name != "-":
            self._stream.close()


def _chunks(reader: BinaryIO) -> Iterator[bytes]:
    while chunk := reader.read(_CHUNK):
        yield chunk
