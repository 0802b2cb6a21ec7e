"""Run every test in stages and add them up. `make test` ends here.

Stages: what reads the code; everything on SQLite; everything that touches a database again on PostgreSQL with Redis; real
parts and browser. PostgreSQL and Redis are started from their binaries for the run, else used where they can be reached. A
stage that can't run is reported with its reason; with STRICT=1 (CI) it is a failure. The last line is the total.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from servers import postgresql, redis_server

ROOT = Path(__file__).resolve().parent.parent
STRICT = os.environ.get("STRICT") == "1"
WORKERS = os.environ.get("TEST_WORKERS", str(min(os.cpu_count() or 1, 4)))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Run:
    """The stages so far: counts, and what each said of itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.totals = {"passed": 0, "failed": 0, "skipped": 0}
        self.lines: list[str] = []

    def pytest(self, name: str, *arguments: str, **environment: str) -> None:
        """Run pytest as a stage. A run that collected nothing, or broke, counts as a failure."""
        say(f"\n=== {name}")
        counts_file = self.folder / f"{len(self.lines)}.json"
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "--quiet", f"--numprocesses={WORKERS}", "--dist=worksteal", *arguments, *sys.argv[1:]]
        variables = {**os.environ, **environment, "TEST_COUNTS": str(counts_file)}
        exit_code = subprocess.run(command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL).returncode
        counts = json.loads(counts_file.read_text()) if counts_file.exists() else {"passed": 0, "failed": 0, "skipped": 0}
        if exit_code and not counts["failed"]:
            counts["failed"] = 1
        self._add(name, counts, time.monotonic() - began)

    def lint(self) -> None:
        say("=== lint")
        began = time.monotonic()
        failed = subprocess.run([sys.executable, "deploy/lint.py"], cwd=ROOT).returncode != 0
        self._add("lint", {"passed": int(not failed), "failed": int(failed), "skipped": 0}, time.monotonic() - began)

    def cannot_run(self, name: str, reason: str) -> None:
        say(f"\n=== {name}: can't run: {reason}")
        self._add(f"{name} (can't run: {reason})", {"passed": 0, "failed": int(STRICT), "skipped": int(not STRICT)}, 0)

    def _add(self, name: str, counts: dict[str, int], seconds: float) -> None:
        for key in self.totals:
            self.totals[key] += counts[key]
        self.lines.append(f"{name}: {_counts(counts)} in {seconds:.0f} s")


def _counts(counts: dict[str, int]) -> str:
    return f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped"


def main() -> int:
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "VAR_DIR"):
        os.environ.pop(name, None)  # the stages decide
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="privacycenter-run-")))
        run = Run(folder)
        run.lint()
        run.pytest("SQLite", "-m", "not browser and not services")
        database = stack.enter_context(postgresql(folder))
        cache = stack.enter_context(redis_server(folder))
        stage = "PostgreSQL and Redis"
        if database is None or cache is None:
            run.cannot_run(stage, "no PostgreSQL" if database is None else "no Redis")
        else:
            own_name = f"{database.rpartition('/')[0]}/privacycenter_{os.getpid()}"
            variables = {"DATABASE_URL": own_name, "REDIS_URL": f"{cache}/0", "CELERY_BROKER_URL": f"{cache}/7"}
            variables["ONLY_WITH_DATABASE"] = "1"
            run.pytest(stage, "-m", "not browser and not services and not alone", **variables)
            run.pytest(f"{stage}, one at a time", "--numprocesses=0", "-m", "alone and not services", **variables)
        variables = {"TEST_POSTGRESQL_URL": database or "", "TEST_REDIS_URL": cache or ""}
        run.pytest("Real parts and browser", "--dist=loadfile", "-m", "browser or services", **variables)
    say("\n=== Summary")
    for line in run.lines:
        say(line)
    say(_counts(run.totals))
    return 1 if run.totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
