"""Measure: every `bench_*.py` beside this file, both sides of each comparison in one run. `make bench` ends here.

A bench module has `run(*, quick: bool) -> list[dict]`; each row gives `name`, `ours`, `baseline`, `ratio` and, as text like
"<= 12" or ">= 0.35", `target` and `aim`. Each module runs in a process of its own, so that peaks of memory don't mix, over a
PostgreSQL database that is made for the run (SQLite where there is no server). The figures go to var/bench.json.

    python -m tests.benchmarks.run [--quick] [NAME …]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "var" / "bench.json"


def modules(wanted: list[str]) -> list[str]:
    """Names of the bench modules, all or those that are wanted."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    return [name for name in found if not wanted or name in wanted or name.removeprefix("bench_") in wanted]


def meets(ratio: float, bound: str) -> bool:
    """Whether `ratio` keeps `bound`, like "<= 12" or ">= 0.35"."""
    sign, _, number = bound.partition(" ")
    return ratio <= float(number) if sign == "<=" else ratio >= float(number)


def verdict(row: dict[str, Any]) -> str:
    if row.get("failed"):
        return "FAILED"
    if row.get("aim") and meets(row["ratio"], row["aim"]):
        return "aim reached"
    if row.get("target"):
        return "ok" if meets(row["ratio"], row["target"]) else "SHORT"
    return ""


@contextmanager
def database() -> Iterator[str]:
    """The URL of a PostgreSQL database for the run, or an empty string: SQLite."""
    import psycopg

    sys.path.insert(0, str(ROOT / "deploy"))
    from servers import postgresql

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="privacycenter-bench-")))
        server = stack.enter_context(postgresql(folder, own_first=False))
        if server is None:
            sys.stdout.write("No PostgreSQL: measuring on SQLite; the figures are not those of the comparison.\n")
            yield ""
            return
        name = f"privacycenter_bench_{secrets.token_hex(4)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def measure(name: str, *, quick: bool, environment: dict[str, str]) -> list[dict[str, Any]]:
    """Run one module in a process of its own and return its rows."""
    command = [sys.executable, "-m", "tests.benchmarks.run", "--inside", name, *(["--quick"] if quick else [])]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    if done.returncode:
        return [{"name": f"{name} failed with exit code {done.returncode}", "failed": True}]
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def run_inside(name: str, *, quick: bool) -> None:
    """In the process of one module: run it and print its rows as the last line."""
    import django

    django.setup()
    rows = importlib.import_module(f"tests.benchmarks.{name}").run(quick=quick)
    sys.stdout.write(json.dumps(rows) + "\n")


def table(rows: list[dict[str, Any]]) -> str:
    head = ("measured", "ours", "baseline", "ratio", "at least", "aim", "")
    keys = ("name", "ours", "baseline", "ratio", "target", "aim")
    lines = [head, *((*(str(row.get(key, "")) for key in keys), verdict(row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure speed and memory.")
    parser.add_argument("names", nargs="*", help="bench modules, all without")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, to try it out")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        run_inside(options.inside, quick=options.quick)
        return 0
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="privacycenter-bench-var-") as var, database() as url:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "privacycenter.settings", "DEBUG": "1", "VAR_DIR": var}
        environment |= {"DATABASE_URL": url} if url else {}
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
        for name in modules(options.names):
            sys.stdout.write(f"measuring {name.removeprefix('bench_')} …\n")
            sys.stdout.flush()
            # DEBUG=0: Django would keep every query otherwise. The secrets are those that migrate has written.
            rows += measure(name, quick=options.quick, environment={**environment, "DEBUG": "0"})
    sys.stdout.write(f"\n{table(rows)}\n")
    OUTPUT.parent.mkdir(exist_ok=True)
    figures = {"measured_at": datetime.now(UTC).isoformat(), "cores": os.cpu_count(), "python": platform.python_version(), "rows": rows}
    OUTPUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if any(row.get("failed") for row in rows) or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
