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
