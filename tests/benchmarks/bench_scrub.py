"""Scrub: a list of a million addresses against a million suppressions, and how memory grows with the list.

    DATABASE_URL=postgresql://… python -m tests.benchmarks.run scrub

The baseline is a bare script: it reads the same CSV, normalises and hashes each address with the same functions, and tests a set
that is in memory already. Half of the addresses are suppressed. Ours asks the database, and writes the answer besides.
"""

from __future__ import annotations

import csv
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection

ADDRESSES = 1_000_000
_CHUNK = 256 * 1024


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure, and answer the rows for the table."""
    number = ADDRESSES // 10 if quick else ADDRESSES
    with tempfile.TemporaryDirectory(prefix="privacycenter-bench-") as folder:
        small, large = Path(folder, "small.csv"), Path(folder, "large.csv")
        _write(small, number // 10)
        _write(large, number)
        known = _suppress(number)
        _ours(small, Path(folder, "out.csv"))
        before = _peak()
        ours, (rows, allowed) = _timed(lambda: _ours(large, Path(folder, "out.csv")))
        after = _peak()
        theirs, found = _timed(lambda: _bare(large, known))
    if (rows, rows - allowed, found) != (number, number, number // 2):
        raise AssertionError("the two sides answered different questions")
    return [
        {
            "name": f"scrub of {number:,} addresses, {number:,} suppressions",
            "ours": f"{ours:.1f} s",
            "baseline": f"{theirs:.1f} s (bare script, set in memory)",
            "ratio": ours / theirs,
            "target": "<= 3",
            "aim": "<= 1.5",
        },
        {
            "name": f"peak memory of it against a list of {number // 10:,}",
            "ours": f"{after / 1024:.0f} MB",
            "baseline": f"{before / 1024:.0f} MB",
            "ratio": after / before,
            "target": "<= 1.2",
            "aim": "<= 1.05",
        },
    ]


def _address(number: int) -> str:
    return f"Person.{number}@Mail{number % 5_000}.example.com"


def _write(path: Path, number: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["name", "email", "town"])
        writer.writerows([f"Person {each}", _address(each), "Kuala Lumpur"] for each in range(number))


def _suppress(number: int) -> set[str]:
    """Suppress the second half of the list and as many addresses that are not in it; answer their hashes."""
    from privacycenter.preferences.models import Suppression
    from privacycenter.preferences.parties import hashes_of

    known: set[str] = set()
    table = Suppression._meta.db_table
    columns = "party_kind, party_key_id, party_hash, channel, topic, reason, created_at, actor_kind, actor_ref, is_notice_due"
    more = ", lifted_by_kind, lifted_by_ref, lift_reason, evidence, lift_evidence"
    rows = []
    for each in range(number // 2, number // 2 + number):
        from_kernel = hashes_of("email", _address(each).lower())[0]
        known.add(from_kernel.digest)
        rows.append(("email", from_kernel.key_id, from_kernel.digest))
        if len(rows) == 10_000:
            _insert(table, columns + more, rows)
            rows = []
    if rows:
        _insert(table, columns + more, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {table}")
    return known


def _insert(table: str, columns: str, rows: list[tuple[str, str, str]]) -> None:
    false, empty = ("false", "''::bytea") if connection.vendor == "postgresql" else ("0", "x''")
    rest = f"'email', '', 'choice', CURRENT_TIMESTAMP, 'person', '1', {false}, '', '', '', {empty}, {empty}"
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES (%s, %s, %s, {rest})", rows)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _ours(source: Path, target: Path) -> tuple[int, int]:
    from privacycenter.preferences.models import Topic
    from privacycenter.preferences.scrub import Scrub, Task

    scrub = Scrub(_chunks(source), Task(Topic.objects.select_related("purpose").get(key="product_news")))
    with target.open("wb") as stream:
        stream.writelines(scrub)
    return scrub.summary.rows, scrub.summary.allowed


def _bare(path: Path, known: set[str]) -> int:
    from privacycenter.kernel.hashing import keyed_hash
    from privacycenter.kernel.normalise import normalise

    found = 0
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found += keyed_hash(normalise("email", row["email"]), context="preferences.party.email").digest in known
    return found


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


def _peak() -> int:
    """Peak memory of this process in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
