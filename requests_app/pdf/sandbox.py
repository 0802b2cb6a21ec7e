"""What the child process gives up before it sees any data: network, other programs, and more than its share."""

from __future__ import annotations

import os
import resource
import sys

ADDRESS_SPACE_BYTES = 1_536 * 1024 * 1024
OPEN_FILES = 256
FORBIDDEN_EVENTS = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.kill",
    "http.",
    "urllib.",
)


class Forbidden(RuntimeError):
    """Something the child has no business doing was tried."""


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    if event.startswith(FORBIDDEN_EVENTS):
        raise Forbidden(event)


def enter() -> None:
    """Set the limits and install an audit hook (PEP 578), which nothing can remove again."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    sys.addaudithook(_refuse)


def allow_cpu_seconds(seconds: int) -> None:
    """Let this process use `seconds` more of CPU time; the kernel ends it after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def resident_bytes() -> int:
    """Memory this process holds at the moment; the peak so far where the system doesn't tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
