"""Run every test in stages and add them up. `make test` ends here.

Stages: what reads the code; everything on SQLite; everything that touches a database again on PostgreSQL with Redis; real
parts and browser. PostgreSQL and Redis are used where they can be reached, else started from their binaries for the run. A
stage that can't run is reported with its reason; with STRICT=1 (CI) it is a failure. The last line is the total.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
STRICT = os.environ.get("STRICT") == "1"
WORKERS = os.environ.get("TEST_WORKERS", str(min(os.cpu_count() or 1, 4)))
POSTGRESQL_URL = "postgresql://postgres@127.0.0.1:5432/postgres"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- parts -----------------------------------------------------------------------------------------------------------


def _reaches_postgresql(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
            return bool(row and row[0])
    except psycopg.Error:
        return False


@contextmanager
def postgresql(folder: Path) -> Iterator[str | None]:
    """The URL of a PostgreSQL server that lets us create databases, or None where there is none and no binary either."""
    for url in filter(None, (os.environ.get("TEST_POSTGRESQL_URL"), POSTGRESQL_URL)):
        if _reaches_postgresql(url):
            yield url
            return
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    initdb = installed[-1] if installed else Path(on_path) if on_path else None
    if initdb is None:
        yield None
        return
    # PostgreSQL refuses to run as root.
    owner = _unprivileged() if os.geteuid() == 0 else None
    prefix = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"] if owner else []
    data = folder / "postgresql"
    data.mkdir()
    if owner:
        folder.chmod(0o755)
        shutil.chown(data, owner)
    port = free_port()
    pg_ctl = [*prefix, initdb.with_name("pg_ctl"), "--pgdata", data / "data", "--silent"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": data}
    subprocess.run([*prefix, initdb, "--pgdata", data / "data", "--username=postgres", "--auth=trust", "--no-sync"], check=True, **quiet)
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=off -c unix_socket_directories={data}"
    subprocess.run([*pg_ctl, "--wait", "--log", data / "log", "--options", options, "start"], check=True, **quiet)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*pg_ctl, "--mode=immediate", "stop"], check=False, **quiet)


def _unprivileged() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return "nobody"


@contextmanager
def redis_server(folder: Path) -> Iterator[str | None]:
    """The URL of a Redis whose databases we may empty: one of our own, else the one that is named or stands on 6379."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    named = os.environ.get("TEST_REDIS_URL")
    if binary and not named:
        port = free_port()
        command = [binary, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"redis://127.0.0.1:{port}"
        try:
            for _ in range(100):
                if _reaches_redis(url):
                    break
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)
        return
    url = (named or "redis://127.0.0.1:6379").rstrip("/")
    yield url if _reaches_redis(url) else None


def _reaches_redis(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


# --- stages ----------------------------------------------------------------------------------------------------------


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
        command = [sys.executable, "-m", "pytest", "--quiet", f"--numprocesses={WORKERS}", *arguments, *sys.argv[1:]]
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
            run.pytest(stage, "-m", "not browser and not services", ONLY_WITH_DATABASE="1", **variables)
        variables = {"TEST_POSTGRESQL_URL": database or "", "TEST_REDIS_URL": cache or ""}
        run.pytest("Real parts and browser", "--dist=loadfile", "-m", "browser or services", **variables)
    say("\n=== Summary")
    for line in run.lines:
        say(line)
    say(_counts(run.totals))
    return 1 if run.totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
