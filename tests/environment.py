"""What every test process needs before Django reads its settings; loaded by `-p tests.environment` (pyproject.toml).

Each process gets a folder of its own for files, keys and the broker, so that workers of one run, and runs beside each
other, never meet. Outgoing connections are refused unless they stay on this machine.
"""

from __future__ import annotations

import atexit
import ipaddress
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest


def _own_folder() -> Path:
    """The folder for this process's files: under VAR_DIR when it is given, else a temporary one removed at the end."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:  # the controller's folder came with the environment
        return Path(os.environ["VAR_DIR"]) / worker
    if "VAR_DIR" in os.environ:
        return Path(os.environ["VAR_DIR"]) / "tests"
    folder = Path(tempfile.mkdtemp(prefix="privacycenter-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _own_redis_database(url: str) -> str:
    """`url` with a database number of this process, so that a cleared cache is its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    base, separator, number = url.rpartition("/")
    if not worker or not number.isdigit():
        return url
    return f"{base}{separator}{int(number) + 1 + int(worker.removeprefix('gw'))}"


os.environ["VAR_DIR"] = str(_own_folder())
for _name in ("REDIS_URL", "CELERY_BROKER_URL"):
    if os.environ.get(_name, "").startswith("redis"):
        os.environ[_name] = _own_redis_database(os.environ[_name])
os.environ["DEBUG"] = "1"
os.environ["DEMO"] = "0"
# Set only where a test starts a process that needs it; a developer's own settings must not change what tests see.
for _name in ("SITE_URL", "EMAIL_URL", "BUNDLE_STORAGE", "OIDC_PROVIDERS", "OUTBOUND_ALLOW", "TRUSTED_PROXIES", "SENTRY_DSN"):
    os.environ.pop(_name, None)
# Whitenoise warns where there is no folder for collected files.
Path(os.environ["VAR_DIR"], "static").mkdir(parents=True, exist_ok=True)


class OutsideConnection(RuntimeError):
    """A test tried to reach something that is not on this machine."""


def _stays_here(host: object) -> bool:
    if not isinstance(host, str) or host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_outside(connection: socket.socket, address: Any) -> None:
    if connection.family in {socket.AF_INET, socket.AF_INET6} and not _stays_here(address[0]):
        raise OutsideConnection(f"tests may not reach {address[0]}")


_connect, _connect_ex, _look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def _connect_here(self: socket.socket, address: Any) -> None:
    _refuse_outside(self, address)
    _connect(self, address)


def _connect_ex_here(self: socket.socket, address: Any) -> int:
    _refuse_outside(self, address)
    return _connect_ex(self, address)


def _look_up_here(host: Any, *args: Any, **kwargs: Any) -> Any:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not _stays_here(name):
        raise OutsideConnection(f"tests may not look up {name}")
    return _look_up(host, *args, **kwargs)


def pytest_configure(config: pytest.Config) -> None:
    socket.socket.connect = _connect_here  # type: ignore[method-assign]
    socket.socket.connect_ex = _connect_ex_here  # type: ignore[method-assign]
    socket.getaddrinfo = _look_up_here
