"""PostgreSQL and Redis for tests and benchmarks: what can be reached, else started from its binaries for the run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

POSTGRESQL_URL = "postgresql://postgres@127.0.0.1:5432/postgres"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _reaches_postgresql(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
            return bool(row and row[0])
    except psycopg.Error:
        return False


@contextmanager
def postgresql(folder: Path, *, own_first: bool = True) -> Iterator[str | None]:
    """The URL of a PostgreSQL server that lets us create databases, or None where there is none and no binary either.

    TEST_POSTGRESQL_URL decides where it is set. Otherwise one of our own comes first, if wished: it does not wait for the
    disk, and what others do on their server can't change what is measured here.
    """
    named = os.environ.get("TEST_POSTGRESQL_URL")
    if named:
        yield named if _reaches_postgresql(named) else None
        return
    initdb = _initdb()
    if initdb is None or (not own_first and _reaches_postgresql(POSTGRESQL_URL)):
        yield POSTGRESQL_URL if _reaches_postgresql(POSTGRESQL_URL) else None
        return
    with _own_postgresql(folder / "postgresql", initdb) as url:
        yield url


def _initdb() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return installed[-1] if installed else Path(on_path) if on_path else None


@contextmanager
def _own_postgresql(home: Path, initdb: Path) -> Iterator[str]:
    home.mkdir()
    prefix: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = _unprivileged()
        prefix = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"]
        home.parent.chmod(0o755)
        shutil.chown(home, owner)
    port = free_port()
    pg_ctl = [*prefix, str(initdb.with_name("pg_ctl")), f"--pgdata={home / 'data'}", "--silent"]
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=off -c unix_socket_directories={home}"

    def run(command: list[str], *, check: bool = True) -> None:
        subprocess.run(command, check=check, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    run([*prefix, str(initdb), f"--pgdata={home / 'data'}", "--username=postgres", "--auth=trust", "--no-sync"])
    run([*pg_ctl, "--wait", f"--log={home / 'log'}", f"--options={options}", "start"])
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        run([*pg_ctl, "--mode=immediate", "stop"], check=False)


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
