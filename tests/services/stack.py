"""The whole product as its real processes: gunicorn and a Celery worker, started for a test and stopped after it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from email import message_from_string
from email.message import EmailMessage
from email.policy import default as modern_policy
from pathlib import Path
from typing import Any

import pytest

from tests.services.parts import ROOT, free_port

_patience = threading.Event()  # never set: waiting for it is a pause that a signal ends


def wait_until(true: Callable[[], Any], *, seconds: float = 60, what: str = "it") -> Any:
    """Return the first true answer; fail with `what` when there is none in time."""
    for _ in range(int(seconds / 0.1)):
        answer = true()
        if answer:
            return answer
        _patience.wait(0.1)
    pytest.fail(f"{what} did not happen within {seconds:g} s")


class Stack:
    """Web and worker processes over one environment."""

    def __init__(self, var: Path, port: int, environment: dict[str, str]) -> None:
        self.var = var
        self.port = port
        self.url = f"http://localhost:{port}"
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "DEBUG": "1",
            "VAR_DIR": str(var),
            "SITE_URL": self.url,
            **environment,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command against this stack."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300
        )
        if check and done.returncode:
            pytest.fail(f"manage.py {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self) -> None:
        """Migrate, then start the processes and wait until the web answers."""
        self.manage("migrate", "--verbosity", "0")
        self.manage("createcachetable")
        self.start_web()
        self.start_worker()

    def start_web(self) -> None:
        options = (f"--bind=127.0.0.1:{self.port}", "--worker-class=gthread", "--threads=8", "--graceful-timeout=2")
        self._run("web", "gunicorn", "privacycenter.wsgi:application", *options)
        wait_until(self._answers, what="an answer of /healthz")

    def start_worker(self, processes: int = 2) -> None:
        self._run("worker", "celery", "--app=privacycenter", "worker", f"--concurrency={processes}", "--loglevel=WARNING")

    def kill(self, name: str) -> None:
        """End a process and its children at once, as a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.var / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def mails_to(self, address: str) -> list[EmailMessage]:
        """The mails under var/mail to `address`, oldest first."""
        found = []
        for path in sorted((self.var / "mail").glob("*.log"), key=lambda path: path.stat().st_mtime_ns):
            for text in path.read_text(encoding="utf-8").split("-" * 79 + "\n"):
                if text.strip():
                    message: EmailMessage = message_from_string(text, policy=modern_policy)  # type: ignore[assignment]
                    if address in str(message["To"]):
                        found.append(message)
        return found

    def wait_for_mail(self, address: str, *, subject: str, seconds: float = 60) -> EmailMessage:
        """The newest mail to `address` whose subject matches the pattern `subject`."""

        def newest() -> EmailMessage | None:
            return next((mail for mail in reversed(self.mails_to(address)) if re.search(subject, str(mail["Subject"]))), None)

        mail: EmailMessage = wait_until(newest, seconds=seconds, what=f"a mail with the subject {subject!r}")
        return mail

    def _run(self, name: str, *command: str) -> None:
        with (self.var / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, process_group=0
            )

    def _answers(self) -> bool:
        if self.processes["web"].poll() is not None:
            pytest.fail(f"the web process ended:\n{self.log('web')}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Make a stack, not yet started: `make_stack(DATABASE_URL=…)`. Whatever was started is stopped after the test."""
    made: list[Stack] = []

    def make(**environment: str) -> Stack:
        var = tmp_path / f"stack{len(made)}"
        var.mkdir()
        stack = Stack(var, free_port(), environment)
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.stop()


@pytest.fixture(scope="session")
def live_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running demo with its people and data, shared by the tests of one process."""
    stack = Stack(tmp_path_factory.mktemp("demo"), free_port(), {"DEMO": "1"})
    stack.start()
    stack.manage("seed_demo")
    yield stack
    stack.stop()
