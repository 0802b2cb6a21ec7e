"""The JSON of one person with very many records: speed against PostgreSQL's own JSON through deflate, and memory.

    DATABASE_URL=postgresql://… python -m tests.benchmarks.run json
    BENCH_ROWS=100000 …                                              fewer records

Ours is the whole way: the real source, its records sealed as a step's output, copied into personal-data.json, deflated into the
archive, sealed again, on disk. The other side is `COPY (SELECT row_to_json(…))` of the same columns of the same rows, deflated
at level 6 and written to a file. Each side runs in processes of its own, by turns; the better of its runs counts. Memory is the
peak of resident memory above what the process had before the export (start-up done, connected, one record exported).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROWS = 1_000_000
FEW = 10_000
ROUNDS = 2
MEBIBYTE = 1024 * 1024

_SEED = """
INSERT INTO records_interaction
    (identifier_kind, identifier_value, origin, received_at, item_key, item_digest, channel, summary, body, occurred_at)
SELECT 'email', %(address)s, (ARRAY['crm', 'helpdesk', 'shop'])[1 + g %% 3], now(), md5(%(address)s || g), md5(g::text),
       (ARRAY['email', 'phone', 'chat'])[1 + g %% 3],
       'Question about order ' || ((g::bigint * 7919) %% 1000003) || ' and its delivery',
       'The customer asked where parcel ' || substr(md5(g::text), 1, 10) || ' is; agent ' || (g %% 97) ||
       ' looked it up and promised an answer by ' || (date '2020-01-01' + (g %% 900)) || '.',
       timestamptz '2020-01-01 00:00:00.123456+00' + g * interval '97 seconds'
FROM generate_series(1, %(count)s) g
"""
_BASELINE = """
COPY (SELECT row_to_json(t) FROM (
    SELECT id::text AS key, occurred_at, channel, summary, body, identifier_value AS identifier, origin FROM records_interaction
    WHERE identifier_kind = 'email' AND identifier_value = '{address}' ORDER BY id
) t) TO STDOUT
"""


def address_of(count: int) -> str:
    return f"bench{count}@example.com"


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Rows for the table: speed, and the two bounds on memory."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return []
    rows = int(os.environ.get("BENCH_ROWS", ROWS // 10 if quick else ROWS))
    few = max(1, min(FEW, rows // 10))
    with connection.cursor() as cursor:
        for count in (1, few, rows):
            cursor.execute("DELETE FROM records_interaction WHERE identifier_value = %s", [address_of(count)])
            cursor.execute(_SEED, {"address": address_of(count), "count": count})
        cursor.execute("VACUUM ANALYZE records_interaction")
    connection.close()
    ours, baseline = [], []
    for _round in range(ROUNDS):
        baseline.append(_side("baseline", rows))
        ours.append(_side("ours", rows))
    small = max((_side("ours", few) for _round in range(ROUNDS)), key=lambda figures: figures["peak"])
    best, other = (min(runs, key=lambda figures: figures["seconds"]) for runs in (ours, baseline))
    peak = max(figures["peak"] for figures in ours)
    speed, other_speed = rows / best["seconds"], rows / other["seconds"]
    sys.stderr.write(f"ours {json.dumps(best)}\nbaseline {json.dumps(other)}\nours, {few} records {json.dumps(small)}\n")
    return [
        {
            "name": f"JSON of {rows:,} records, rows/s (collect {best['collect']:.1f} s, assemble {best['assemble']:.1f} s)",
            "ours": round(speed),
            "baseline": round(other_speed),
            "ratio": round(speed / other_speed, 2),
            "target": ">= 0.35",
            "aim": ">= 0.7",
        },
        {
            "name": f"peak memory above idle, {rows:,} against {few:,} records, MiB",
            "ours": round(peak / MEBIBYTE, 1),
            "baseline": round(small["peak"] / MEBIBYTE, 1),
            "ratio": round(peak / small["peak"], 3),
            "target": "<= 1.25",
            "aim": "<= 1.05",
        },
        {
            "name": f"peak memory above idle, {rows:,} records, MiB",
            "ours": round(peak / MEBIBYTE, 1),
            "baseline": 1,
            "ratio": round(peak / MEBIBYTE, 1),
            "target": "<= 128",
            "aim": "<= 48",
        },
    ]


def _side(side: str, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_json", side, str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def baseline(count: int) -> dict[str, Any]:
    """PostgreSQL's JSON, deflated, in a file."""
    import psycopg

    with tempfile.TemporaryFile() as target, psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        started = time.perf_counter()
        size, compressor = 0, zlib.compressobj(6)
        with connection.cursor().copy(_BASELINE.format(address=address_of(count))) as copy:
            for data in copy:
                size += len(data)
                target.write(compressor.compress(data))
        target.write(compressor.flush())
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "plain": size, "deflated": target.tell()}


def ours(count: int) -> dict[str, Any]:
    """The way a worker goes, from the source to the sealed file; PDFs are measured elsewhere."""
    import django
    from django.test.utils import override_settings

    django.setup()
    with tempfile.TemporaryDirectory() as folder, override_settings(BUNDLE_STORAGE=folder):
        _make_bundle(1)
        idle = _resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
        figures = _make_bundle(count)
        return figures | {"idle": idle, "peak": _resident("VmHWM") - idle}


def _make_bundle(count: int) -> dict[str, Any]:
    from privacycenter.kernel.sources import registry
    from requests_app.bundle.assemble import assemble
    from requests_app.bundle.facts import BundleFacts, ControllerFact, SourceResult, SubjectFact
    from requests_app.bundle.outputs import export_source

    source, key = registry.get("records.interactions"), bytes(range(32))
    description = source.describe()
    started = time.perf_counter()
    output = export_source(source, {"identifiers": [["email", address_of(count)]]}, key=key, name_prefix="step")
    collected = time.perf_counter()
    if output.count != count or output.problems:
        raise AssertionError("the source did not give what is held")
    result = SourceResult(
        description.key, description.title, description.category, description.origin, (), (), "", None, False, (), "found", None, output
    )
    facts = BundleFacts(
        "PR-0000-0000", "access", datetime(2026, 1, 1, tzinfo=UTC), "en", ControllerFact("x", "y"), SubjectFact(()), [result]
    )
    made = assemble(facts, key=key, name="bundle", read_volume=lambda _key, _number: b"%PDF", render=lambda _document: (b"%PDF", []))
    finished = time.perf_counter()
    return {
        "seconds": finished - started,
        "collect": collected - started,
        "assemble": finished - collected,
        "plain": output.size,
        "deflated": made.size,
    }


def _resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"ours": ours, "baseline": baseline}[sys.argv[1]](int(sys.argv[2]))) + "\n")
