"""A server for benchmarks of requests: gunicorn on loopback as the Procfile runs it, and a bounded generator of load beside it.

    with served("tests.benchmarks.bench_consent") as server:
        rows = compare(server, ours, baseline, rounds=7)

The URLs are those of a bench module (its `urlpatterns`); both sides of a comparison are views of the same server, measured by turns,
so that whatever else the machine does meets both. The load comes from this process over connections that stay open.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from django.conf import settings

_ROOT = Path(__file__).resolve().parents[2]
_STARTING_SECONDS = 60
_ANSWER_SECONDS = 30
CONNECTIONS = 4  # as many as one worker has threads: enough to keep it busy, too few to measure a queue


@dataclass(frozen=True)
class Server:
    """Where the server listens."""

    port: int


@dataclass(frozen=True)
class Comparison:
    """Requests per second of both sides, and their ratio: the median over the rounds."""

    ours: float
    baseline: float
    ratio: float


@contextmanager
def served(urlconf: str, *, workers: int = 1, threads: int = 4) -> Iterator[Server]:
    """Gunicorn over the database of this process, with the URLs of `urlconf`. Ended with everything it started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DEBUG": "0",
        "ALLOWED_HOSTS": "localhost",
        "SITE_URL": f"http://localhost:{port}",
        "BENCH_URLCONF": urlconf,
        "DJANGO_SETTINGS_MODULE": "privacycenter.settings",
    }
    command = [sys.executable, "-m", "gunicorn", "tests.benchmarks.wsgi:application", f"--bind=127.0.0.1:{port}"]
    command += ["--worker-class=gthread", f"--workers={workers}", f"--threads={threads}", "--keep-alive=75", "--log-level=warning"]
    process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=sys.stderr)
    try:
        _wait_for(port, process)
        yield Server(port)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def post(path: str, fields: dict[str, str] | None = None, *, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    """The bytes of a POST request: urlencoded `fields`, or a `body` as it stands."""
    content = urlencode(fields or {}).encode() if body is None else body
    named = {"Host": "localhost", "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def fire(server: Server, requests: Sequence[bytes], *, connections: int = CONNECTIONS, statuses: Sequence[int] = (200, 204)) -> float:
    """Send every request once and answer the seconds it took. Raises RuntimeError for an answer with another status."""
    take = count()
    problems: list[BaseException] = []

    def work() -> None:
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=_ANSWER_SECONDS) as line:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while (place := next(take)) < len(requests) and not problems:
                    line.sendall(requests[place])
                    if (status := _read_answer(line)) not in statuses:
                        raise RuntimeError(f"answer {status} to {requests[place].split(b' ')[1]!r}")
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise RuntimeError("a request failed") from problems[0]
    return time.perf_counter() - started


def compare(
    server: Server,
    ours: Callable[[int], Sequence[bytes]],
    baseline: Callable[[int], Sequence[bytes]],
    *,
    rounds: int = 7,
    statuses: Sequence[int] = (200, 204),
) -> Comparison:
    """Measure both sides by turns. Each makes the requests of a round from its number; the first round warms up and doesn't count."""
    rates: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        pair = []
        # Who goes first changes, so that neither always follows the other.
        for make in (ours, baseline) if number % 2 else (baseline, ours):
            requests = make(number)
            pair.append(len(requests) / fire(server, requests, statuses=statuses))
        rates.append((pair[0], pair[1]) if number % 2 else (pair[1], pair[0]))
    counted = rates[1:]
    return Comparison(
        ours=median(each for each, _ in counted),
        baseline=median(each for _, each in counted),
        ratio=median(own / other for own, other in counted),
    )


def is_on_postgresql() -> bool:
    """Whether this run measures what is compared."""
    return "postgresql" in settings.DATABASES["default"]["ENGINE"]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()  # never set
    deadline = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            pause.wait(0.1)
    raise RuntimeError("gunicorn did not start")


def _read_answer(line: socket.socket) -> int:
    """Read one response whole (RFC 9112: by its Content-Length) and answer its status."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(line)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(each.split(b":")[1]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += _some(line)
    return int(head.split(b" ", 2)[1])


def _some(line: socket.socket) -> bytes:
    read = line.recv(65536)
    if not read:
        raise RuntimeError("the server closed the connection")
    return read
