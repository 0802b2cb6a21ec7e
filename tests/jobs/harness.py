"""Real workers that are killed at random: what any durable work has to survive.

    with Workers(worker_environment(tmp_path, broker="redis://127.0.0.1:6379/9"), app="tests.jobs.victim") as workers:
        workers.kill_at_random(until=lambda: Job.objects.open().count() == 0)

Each worker is a process group of its own; killing takes the whole group by SIGKILL, and a new one is started in its place.
Tests that use it need `django_db(transaction=True)`, so that other processes see what they wrote.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from celery import Celery
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from kombu import Connection

_STARTING_SECONDS = 4.0
_SWEEP_SECONDS = 1.0
_SWEEP_SECONDS_AT_MOST = 5.0
ROOT = Path(__file__).resolve().parents[2]


def database_url() -> str:
    """The address of the database that this test run uses, for another process."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(values['NAME']).absolute()}"
    login = f"{quote(values['USER'])}:{quote(values['PASSWORD'])}@" if values["USER"] else ""
    return f"postgres://{login}{values['HOST'] or 'localhost'}:{values['PORT'] or 5432}/{values['NAME']}"


def worker_environment(folder: Path, *, broker: str = "filesystem://", **further: str) -> dict[str, str]:
    """The environment of a worker: this run's database and secrets, everything else below `folder`."""
    secrets = ("SECRET_KEY", "DATA_KEYS", "HASH_KEYS", "BUNDLE_SIGNING_KEYS", "WEBHOOK_SECRET", "PATH", "HOME", "LANG")
    return {
        **{name: os.environ[name] for name in secrets if name in os.environ},
        "DEBUG": "1",
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url(),
        "CELERY_BROKER_URL": broker,
        "JOB_LEASE_SECONDS": "2",
        "BUNDLE_STORAGE": settings.BUNDLE_STORAGE,
        "ERASURE_LEDGER": settings.ERASURE_LEDGER,
        "AUDIT_CHECKPOINTS": f"file://{folder / 'checkpoints'}",
        "EMAIL_URL": f"file://{folder / 'mail'}",
        "PYTHONPATH": str(ROOT),
        **further,
    }


@dataclass
class Workers:
    """Some workers. `app` is a module with a Celery app, `program` is "celery" or "run_jobs" (which needs no broker)."""

    environment: dict[str, str]
    app: str = "privacycenter"
    program: str = "celery"
    count: int = 2
    processes: int = 2  # of each Celery worker
    kills: int = 0
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _started_at: dict[int, float] = field(default_factory=dict)
    _log: IO[bytes] | None = None
    _swept_at: float = 0.0

    def __enter__(self) -> Workers:
        folder = Path(self.environment["VAR_DIR"])
        self._queue_folder.mkdir(parents=True, exist_ok=True)
        self._log = (folder / "workers.log").open("ab")
        self.running = [self._start(number) for number in range(self.count)]
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.running:
            self._kill(process)
        if self._log is not None:
            self._log.close()

    def said(self) -> str:
        """Everything that the workers wrote to their log."""
        return Path(self.environment["VAR_DIR"], "workers.log").read_text(encoding="utf-8", errors="replace")

    def kill(self, number: int) -> None:
        """Kill one worker with all its children, and start another in its place."""
        self._kill(self.running[number])
        self.kills += 1
        self.running[number] = self._start(number)

    def kill_at_random(
        self,
        *,
        until: Callable[[], bool],
        pause_seconds: tuple[float, float] = (0.5, 2.0),
        kills: int = 1000,
        flush: bool = False,
        seconds: float = 120,
    ) -> None:
        """Kill a random worker after a random pause, until `until()` or `kills` are reached; then let the others finish.

        Kills only while some job is in hand, and rather a worker that had the time to start; with `flush` the broker loses all
        messages each time. Sweeps all the while, as beat would, only more often. Raises TimeoutError after `seconds`.
        """
        ends_at = time.monotonic() + seconds
        kill_at = 0.0
        while not until():
            if time.monotonic() > ends_at:
                raise TimeoutError(f"not done after {seconds} s and {self.kills} kills; workers said:\n{self.said()[-4000:]}")
            if self.kills < kills and time.monotonic() > kill_at and self._is_busy():
                if kill_at:
                    grown = [number for number in self._started_at if time.monotonic() - self._started_at[number] > _STARTING_SECONDS]
                    self.kill(random.choice(grown or [min(self._started_at, key=self._started_at.__getitem__)]))
                    if flush:
                        self.flush_broker()
                kill_at = time.monotonic() + random.uniform(*pause_seconds)
            self.sweep()
            time.sleep(0.2)

    @staticmethod
    def _is_busy() -> bool:
        from privacycenter.jobs.models import Job  # app ready

        return Job.objects.filter(state="running", lease_until__gt=Now()).exists()

    def sweep(self) -> None:
        """Have a worker sweep, as beat does every half minute. (`run_jobs` sweeps when it starts; leases lapse meanwhile.)

        Seldom while an earlier message waits: on a busy machine they would pile up, and the bell of a job that is due would be heard
        after all of them.
        """
        if self.program == "celery":
            since = time.monotonic() - self._swept_at
            if since < _SWEEP_SECONDS or (since < _SWEEP_SECONDS_AT_MOST and any(self._queue_folder.glob("*.msg"))):
                return
            self._swept_at = time.monotonic()
            with self._bell() as (bell, connection):
                bell.send_task("jobs.run_periodic", args=["jobs.sweep"], ignore_result=True, retry=False, connection=connection)
        else:
            from privacycenter.jobs.domain import sweep  # app ready

            sweep()

    def flush_broker(self) -> None:
        """Lose every message that is under way."""
        if self.environment["CELERY_BROKER_URL"].startswith("filesystem"):
            for path in self._queue_folder.glob("*.msg"):
                path.unlink(missing_ok=True)
        else:
            with self._bell() as (bell, connection):
                bell.control.purge(connection)

    @property
    def _queue_folder(self) -> Path:
        return Path(self.environment["VAR_DIR"]) / "broker" / "queue"

    @contextmanager
    def _bell(self) -> Iterator[tuple[Any, Any]]:
        # The connection names the broker: Celery would rather believe this process's CELERY_BROKER_URL than what it was made with.
        url = self.environment["CELERY_BROKER_URL"]
        options = {}
        if url.startswith("filesystem"):
            queue = str(self._queue_folder)
            options = {"data_folder_in": queue, "data_folder_out": queue}
        with Celery("harness", set_as_current=False) as bell, Connection(url, transport_options=options) as connection:
            yield bell, connection

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        self._started_at[number] = time.monotonic()
        name = f"{self.program}-{random.randrange(10**9)}@localhost"
        celery = [sys.executable, "-m", "celery", f"--app={self.app}", "--quiet", "worker", f"--concurrency={self.processes}"]
        commands = {
            "celery": [*celery, f"--hostname={name}", "--loglevel=WARNING", "--without-gossip", "--without-mingle"],
            "run_jobs": [sys.executable, "-m", self.app, "run_jobs", "--interval=0.1"],
        }
        if self.program == "run_jobs" and self.app == "privacycenter":
            commands["run_jobs"][1:3] = ["manage.py"]
        return subprocess.Popen(
            commands[self.program], cwd=ROOT, env=self.environment, stdout=self._log, stderr=self._log, start_new_session=True
        )

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
