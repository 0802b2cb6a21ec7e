"""The PDF of many records against one WeasyPrint document with one table: time, memory, and growth.

    python -m tests.benchmarks.bench_pdf [--quick]

Both sides run in processes of their own, in the same run, start-up included. Memory is the largest sum of the
resident memory of all processes of a side, sampled every 20 ms.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from queue import SimpleQueue

from requests_app.pdf.client import Renderer
from requests_app.pdf.documents import Record, VolumeDocument
from requests_app.pdf.volumes import Fill, add_record
from tests.requests_app.pdf import samples

CHILDREN = 2
SAMPLE_SECONDS = 0.02
ROWS = 10_000


def _volumes(count: int) -> Iterator[VolumeDocument]:
    """The volumes of `count` records, cut as the bundle cuts them, one in memory at a time."""
    fill, records, first = Fill(), [], 1
    for number in range(1, count + 1):
        record: Record = samples.interaction(number)
        fill, starts = add_record(fill, len(json.dumps(record)))
        if starts:
            yield samples.volume(0, records=records, first=first)
            records, first = [], number
        records.append(record)
    if records:
        yield samples.volume(0, records=records, first=first)


def make_volumes(count: int) -> int:
    """Our side: every volume of `count` records, by two children. Returns the bytes of PDF made."""
    renderers: SimpleQueue[Renderer] = SimpleQueue()
    slots = threading.Semaphore(CHILDREN + 1)
    for _ in range(CHILDREN):
        renderers.put(Renderer())

    def make(document: VolumeDocument) -> int:
        renderer = renderers.get()
        try:
            return len(renderer.render(document))
        finally:
            renderers.put(renderer)
            slots.release()

    total = []
    with ThreadPoolExecutor(CHILDREN) as pool:
        for document in _volumes(count):
            slots.acquire()
            total.append(pool.submit(make, document))
        size = sum(future.result() for future in total)
    for _ in range(CHILDREN):
        renderers.get().close()
    return size


def make_table(count: int) -> int:
    """The other side: one document, one table, tagged like ours. Returns the bytes of PDF made."""
    from weasyprint import HTML  # slow import

    records = [samples.interaction(number) for number in range(1, count + 1)]
    head = "".join(f'<th scope="col">{field.label}</th>' for field in samples.INTERACTION_FIELDS)
    rows = "".join("<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in record.values()) + "</tr>" for record in records)
    style = "@page{size:A4;margin:2cm}body{font:9pt 'Noto Sans',sans-serif}table{width:100%;border-collapse:collapse}td,th{padding:2pt}"
    html = (
        f'<!DOCTYPE html><html lang="en"><head><title>Table</title><style>{style}</style></head><body><h1>Records</h1>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></body></html>"
    )
    return len(HTML(string=html).write_pdf(pdf_variant="pdf/ua-1"))


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for parent in found:
        try:
            for path in Path(f"/proc/{parent}/task").glob("*/children"):
                found.extend(int(child) for child in path.read_text().split())
        except OSError:
            continue
    return found


def _memory(pid: int) -> int:
    """Resident memory of a process and its descendants in KiB."""
    total = 0
    for process in _family(pid):
        try:
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4
        except (OSError, IndexError):
            continue
    return total


def measure(side: str, count: int) -> tuple[float, float]:
    """Seconds and peak MiB of one side for `count` records, in a process of its own."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.bench_pdf", f"--{side}", str(count)])
    peak = 0
    while process.poll() is None:
        peak = max(peak, _memory(process.pid))
        time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        raise RuntimeError(f"{side} ended with {process.returncode}")
    return time.perf_counter() - start, peak / 1024


def run(*, quick: bool = False) -> list[dict[str, object]]:
    """Measure and return the rows; `quick` uses a tenth of the records, for trying it out."""
    rows = ROWS // 10 if quick else ROWS
    table_seconds, table_memory = measure("table", rows)
    times: dict[int, float] = {}
    memory: dict[int, float] = {}
    for count in (rows // 10, rows, rows * 10):
        times[count], memory[count] = measure("volumes", count)
    result: list[dict[str, object]] = [
        {
            "name": f"PDF of {rows:,} records, seconds (ratio: times faster than one table)",
            "ours": round(times[rows], 2),
            "baseline": round(table_seconds, 2),
            "ratio": round(table_seconds / times[rows], 2),
            "target": ">= 2",
            "aim": ">= 5",
        },
        {
            "name": f"PDF of {rows:,} records, MiB (ratio: share of one table's)",
            "ours": round(memory[rows], 1),
            "baseline": round(table_memory, 1),
            "ratio": round(memory[rows] / table_memory, 3),
            "target": "<= 0.25",
            "aim": "<= 0.1",
        },
    ]
    for small, large in ((rows // 10, rows), (rows, rows * 10)):
        result.append(
            {
                "name": f"PDF time from {small:,} to {large:,} records",
                "ours": round(times[large], 2),
                "baseline": round(times[small], 2),
                "ratio": round(times[large] / times[small], 2),
                "target": "<= 12",
                "aim": "<= 10.5",
            }
        )
    result.append(
        {
            "name": f"PDF memory from {rows:,} to {rows * 10:,} records, MiB",
            "ours": round(memory[rows * 10], 1),
            "baseline": round(memory[rows], 1),
            "ratio": round(memory[rows * 10] / memory[rows], 2),
            "target": "<= 1.25",
            "aim": "<= 1.05",
        }
    )
    return result


def main(arguments: list[str]) -> None:
    """Run one side when asked to, else everything, and print the table."""
    if "--table" in arguments:
        make_table(int(arguments[-1]))
    elif "--volumes" in arguments:
        make_volumes(int(arguments[-1]))
    else:
        for row in run(quick="--quick" in arguments):
            print("{name}: ours {ours}, other {baseline}, ratio {ratio} (target {target}, aim {aim})".format(**row))


if __name__ == "__main__":
    main(sys.argv[1:])
