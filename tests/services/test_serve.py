"""`make demo` from start to stop, as its real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.parts import ROOT, free_port
from tests.services.stack import wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow]


def _start(var: Path, port: int, *arguments: str, ignore_interrupts: bool = False) -> subprocess.Popen[str]:
    # A shell that starts something in the background lets it ignore SIGINT; the demo must stop all the same.
    prefix = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"] if ignore_interrupts else []
    return subprocess.Popen(
        [*prefix, sys.executable, "deploy/serve.py", *arguments, "--port", str(port)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "VAR_DIR": str(var)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _answers(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=5) as answer:
            return answer.status == 200 and answer.url == f"http://{host}:{port}/healthz"
    except OSError:
        return False


def _processes_of(var: Path) -> list[str]:
    """Command lines of every process that was started for `var`."""
    mark = f"VAR_DIR={var}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for every start: the first makes the data, the others find it."""
    return tmp_path_factory.mktemp("demo")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("stop", ["interrupt although ignored", "kill"])
def test_the_demo_starts_says_where_it_is_and_leaves_nothing_behind(demo_folder: Path, stop: str):
    port = free_port()
    demo = _start(demo_folder, port, "--demo", ignore_interrupts="ignored" in stop)
    ended: Callable[[], bool] = lambda: demo.poll() is not None  # noqa: E731
    wait_until(lambda: ended() or _answers(port), seconds=120, what="an answer of /healthz")
    assert not ended(), demo.communicate()[0]
    assert _answers(port, "localhost")
    assert len(_processes_of(demo_folder)) >= 4  # this one, web, worker, beat, and their children

    if stop == "kill":
        os.killpg(demo.pid, signal.SIGKILL)
        is_said = True
    else:
        assert demo.stdout is not None
        is_said = any(f"http://localhost:{port}" in line for line in demo.stdout)  # it may answer an instant before it says so
        os.killpg(demo.pid, signal.SIGINT)

    demo.wait(timeout=30)
    wait_until(lambda: not _processes_of(demo_folder), seconds=20, what="the end of every process")
    demo.communicate()
    assert is_said
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_a_taken_port_is_named(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        demo = _start(tmp_path, port, "--demo")
        said, _ = demo.communicate(timeout=30)

    assert demo.returncode == 1
    assert f"Port {port} of 127.0.0.1 is taken" in said
