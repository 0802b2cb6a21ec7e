"""Start everything the Procfile names on this machine, say where it is, and stop all of it again.

`make demo` and `make run` end here. Honcho would do for a plain start; here a child that is slow to stop is ended after a
time-out even when no other has stopped, and nothing outlives this process, however it ends.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var"))
PATIENCE_SECONDS = 8  # between asking a process to stop and ending it
READY_SECONDS = 120
_PR_SET_PDEATHSIG = 1


def say(text: str = "") -> None:
    """Print for a person, at once; a reader that went away must not stop the shutdown."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - stays open until the end


def environment(port: int, *, demo: bool) -> dict[str, str]:
    """The environment of every process: development settings unless the caller's environment says otherwise."""
    return {
        "DEBUG": "1",
        "SITE_URL": f"http://localhost:{port}",
        **os.environ,
        "DEMO": "1" if demo else os.environ.get("DEMO", "0"),
        "PORT": str(port),
        "VAR_DIR": str(VAR),
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def require_free(port: int) -> None:
    """Stop with a clear message when somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"Port {port} of 127.0.0.1 is taken. Choose another: make demo PORT={port + 1}")


def manage(env: dict[str, str], *arguments: str) -> str:
    """Run a management command and return what it printed; its failure ends the start."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}\nmanage.py {' '.join(arguments)} failed with exit code {done.returncode}.")
    return done.stdout


def _end_with_parent(name: str) -> None:
    """In a child, before its program starts: let the kernel end it when this process is killed (Linux only).

    By SIGTERM, so that web and worker end their own children; beat has none, and can miss a SIGTERM that comes while it starts.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL if name == "beat" else signal.SIGTERM)


class Processes:
    """The running processes of the Procfile, each leader of a group of its own so that its children end with it."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.logs = VAR / "log"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name, command in parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes.items():
            with (self.logs / f"{name}.log").open("wb") as log:
                self.running[name] = subprocess.Popen(
                    ["/bin/sh", "-c", f"exec {command}"],
                    cwd=ROOT,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=0,
                    preexec_fn=partial(_end_with_parent, name),
                )

    def ended(self) -> str | None:
        """The name of a process that has ended by itself."""
        return next((name for name, process in self.running.items() if process.poll() is not None), None)

    def last_words(self, name: str) -> str:
        lines = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-20:])

    def stop(self) -> None:
        """Ask every process to stop, wait, then end whatever is left of their groups."""
        for process in self.running.values():
            _signal_group(process, signal.SIGTERM)
        until = time.monotonic() + PATIENCE_SECONDS
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, until - time.monotonic()))
        for process in self.running.values():
            _signal_group(process, signal.SIGKILL)  # children that outlived their leader as well
            process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # PermissionError: what macOS says about a group of zombies
        return


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def announce(port: int, logins: str) -> None:
    """Say where everything is, and who can sign in."""
    say()
    say(f"  The privacy center is ready:  http://localhost:{port}")
    if logins:
        say()
        say("\n".join(f"  {line}" for line in logins.splitlines()))
    say()
    say(f"  Mail is not sent, it lands in {VAR / 'mail'}; `make mail` prints the newest one.")
    say(f"  What the processes say is in {VAR / 'log'}. Ctrl-C stops everything.")
    say()


class Interrupted(Exception):
    """SIGINT or SIGTERM arrived."""


def _interrupt(number: int, frame: object) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # once is enough; the way out must not be interrupted
    raise Interrupted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--demo", action="store_true", help="load demo people and data first")
    options = parser.parse_args()
    # Set explicitly: a process started in the background by a script inherits SIGINT as ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    env = environment(options.port, demo=options.demo)
    processes = None
    try:
        require_free(options.port)
        (VAR / "static").mkdir(parents=True, exist_ok=True)  # Whitenoise warns where it is missing
        say("Preparing the database …")
        manage(env, "migrate", "--verbosity", "0")
        manage(env, "createcachetable")
        if (VAR / "erasure-ledger").is_dir():  # a database that was put back or made anew does not know whom it lists
            manage(env, "replay_erasures")
        logins = ""
        if options.demo:
            say("Loading demo people and data …")
            logins = manage(env, "seed_demo")
        processes = Processes(env)
        processes.start()
        return watch(processes, options.port, logins)
    except Interrupted:
        say("Stopping …")
        return 0
    finally:
        if processes is not None:
            processes.stop()


def watch(processes: Processes, port: int, logins: str) -> int:
    """Wait for the first answer, announce, then wait until a process ends or somebody interrupts."""
    deadline = time.monotonic() + READY_SECONDS
    announced = False
    while True:
        ended = processes.ended()
        if ended is not None:
            say(f"{ended} has stopped, so everything stops. Its last words:\n{processes.last_words(ended)}")
            return 1
        if not announced and is_ready(port):
            announce(port, logins)
            announced = True
        if not announced and time.monotonic() > deadline:
            say(f"The web process did not answer within {READY_SECONDS} s. Its last words:\n{processes.last_words('web')}")
            return 1
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
