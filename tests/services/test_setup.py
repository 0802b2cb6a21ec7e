"""What the set-up says on a machine that lacks something. Nothing is installed here: every tool it finds is given."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.parts import ROOT

BASICS = ("bash", "cat", "dirname", "mktemp", "rm", "tail", "uname")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is the whole PATH, with the basic tools and Python 3.11; and a checkout without anything installed."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in BASICS:
        (tools / name).symlink_to(shutil.which(name) or "")
    (tools / "python3.11").symlink_to(sys.executable)
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/setup", tmp_path / "deploy/setup")
    return tools


def _tool(tools: Path, name: str, script: str) -> None:
    path = tools / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _set_up(tools: Path) -> subprocess.CompletedProcess[str]:
    command = [tools / "bash", tools.parent / "deploy/setup"]
    return subprocess.run(command, env={"PATH": str(tools)}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_without_python_3_11_it_says_which_python_it_needs(machine: Path):
    (machine / "python3.11").unlink()
    _tool(machine, "python3", 'test "$1" = --version && echo "Python 3.9.2"; exit 1')

    done = _set_up(machine)

    assert done.returncode == 1
    assert "needs Python 3.11" in done.stderr
    assert "Python 3.9.2" in done.stderr


def test_without_rights_it_prints_the_one_command_and_stops(machine: Path):
    _tool(machine, "dpkg-query", 'case "$3" in libpango*) printf installed;; *) exit 1;; esac')
    _tool(machine, "apt-get", "echo must not be called >&2; exit 9")
    _tool(machine, "id", "echo 1000")

    done = _set_up(machine)

    assert done.returncode == 1
    command = next(line.strip() for line in done.stderr.splitlines() if "apt-get" in line)
    assert command == (
        "sudo apt-get install --no-install-recommends libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"
    )
    assert "must not be called" not in done.stderr
    assert not (machine.parent / ".venv").exists()


def test_as_root_it_installs_what_is_missing_and_refreshes_the_list_only_when_that_fails(machine: Path):
    calls = machine.parent / "calls"
    _tool(machine, "dpkg-query", "exit 1")
    _tool(machine, "id", "echo 0")
    _tool(machine, "env", 'shift; exec "$@"')
    _tool(machine, "apt-get", f'echo "$1" >> {calls}; echo "E: no such package" >&2; test "$1" = update')

    done = _set_up(machine)

    assert done.returncode == 1
    assert "apt could not install: libpango-1.0-0" in done.stderr
    assert "E: no such package" in done.stderr
    assert calls.read_text().split() == ["install", "update", "install"]


def test_elsewhere_it_names_the_command_of_that_system(machine: Path):
    (machine / "python3.11").unlink()
    # a Python that finds no library
    _tool(machine, "python3.11", f'case "$1" in -) exit 1;; *) exec {sys.executable} "$@";; esac')
    _tool(machine, "dnf", "exit 0")

    done = _set_up(machine)

    assert done.returncode == 1
    assert "sudo dnf install pango harfbuzz" in done.stderr
