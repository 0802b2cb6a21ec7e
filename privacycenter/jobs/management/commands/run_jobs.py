from __future__ import annotations

import json
import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection

from privacycenter.jobs.domain import run_due, sweep
from privacycenter.jobs.errors import UnknownKind
from privacycenter.jobs.queries import depth

log = structlog.get_logger("privacycenter.jobs")

_SWEEP_SECONDS = 30.0


class Command(BaseCommand):
    help = "Work due jobs without a broker, until stopped; with --once until none is due. Ends after the job in hand on SIGTERM or SIGINT."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when nothing is due; exit code 1 when a job needs attention")
        parser.add_argument("--limit", type=int, help="stop after so many jobs")
        parser.add_argument("--kind", action="append", dest="kinds", help="only jobs of this kind (may be repeated)")
        parser.add_argument("--interval", type=float, default=0.5, help="seconds between looks at an empty queue")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = threading.Event()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stopping.set())
        sweep()
        try:
            worked = self.work(**options)
        except UnknownKind as error:
            raise CommandError(f"unknown kind of job: {error}") from error
        quarantined = depth().quarantined
        answer = {"worked": worked, "quarantined": quarantined}
        self.stdout.write(json.dumps(answer) if options["json"] else f"{worked} jobs worked, {quarantined} need attention")
        if options["once"] and quarantined:
            raise SystemExit(1)

    def work(self, *, once: bool, limit: int | None, kinds: list[str] | None, interval: float, **options: Any) -> int:
        worked, swept_at = 0, time.monotonic()
        while not self.stopping.is_set() and (limit is None or worked < limit):
            try:
                # One claim at a time, so that a signal is heard between jobs.
                done = run_due(None if limit is None else limit - worked, kinds, seconds=0)
                if time.monotonic() - swept_at > _SWEEP_SECONDS:
                    sweep()
                    swept_at = time.monotonic()
            except (OperationalError, InterfaceError) as error:
                if once:
                    raise
                log.warning("database_unreachable", exception_class=type(error).__name__)
                self._reconnect()
                done = 0
            worked += done
            if not done:
                if once:
                    break
                self.stopping.wait(interval)
                close_old_connections()
        return worked

    def _reconnect(self) -> None:
        try:
            connection.close()
        except Error:
            connection.connection = None
