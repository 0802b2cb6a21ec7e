"""Requests: the time of workers for a usual person, the queries that takes, and a large request from order to finished bundle.

    DATABASE_URL=postgresql://… python -m tests.benchmarks.run requests

The usual person has 200 records in 40 sources of this database. The baseline reads the same 40 times five rows by the bare
driver, by index, on one open connection. The PDF is left out of that comparison: its room has a benchmark of its own.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection, models

SOURCES, RECORDS_EACH, PEOPLE, ROUNDS = 40, 5, 2_000, 30
LARGE = 10_000
LARGE_SECONDS = 30.0
STARTING_SECONDS = 10
GIVE_UP_SECONDS = 300
_ROOT = Path(__file__).resolve().parents[2]


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure, and answer the rows for the table."""
    with tempfile.TemporaryDirectory(prefix="privacycenter-bench-") as folder:
        settings.BUNDLE_STORAGE = f"file://{folder}/bundles"
        usual = _usual_person(rounds=5 if quick else ROUNDS)
        large = _large_request(Path(folder))
    return [*usual, large]


# A usual person --------------------------------------------------------------------------------------------------------


def _tables() -> list[type[models.Model]]:
    """Forty tables with an index on the person, filled for many people."""
    made = []
    for number in range(SOURCES):
        meta = type("Meta", (), {"app_label": "requests_app", "db_table": f"bench_source_{number}", "managed": False})
        columns = {
            "__module__": __name__,
            "Meta": meta,
            "owner": models.BigIntegerField(),
            "at": models.DateTimeField(),
            "title": models.TextField(),
            "amount": models.DecimalField(max_digits=10, decimal_places=2),
        }
        model = type(f"BenchSource{number}", (models.Model,), columns)
        with connection.schema_editor() as editor:
            editor.create_model(model)
        with connection.cursor() as cursor:
            _fill(cursor, f"bench_source_{number}")
        made.append(model)
    return made


def _fill(cursor: Any, table: str) -> None:
    total = PEOPLE * RECORDS_EACH
    if connection.vendor == "postgresql":
        cursor.execute(
            f"INSERT INTO {table} (owner, at, title, amount) SELECT n % {PEOPLE} + 1, now(), 'record ' || n, n / 7.0 "
            f"FROM generate_series(1, {total}) AS n"
        )
    else:
        cursor.execute(
            f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {total}) INSERT INTO {table} "
            f"(owner, at, title, amount) SELECT n % {PEOPLE} + 1, '2025-01-01 00:00:00', 'record ' || n, '1.25' FROM c"
        )
    cursor.execute(f"CREATE INDEX {table}_owner ON {table} (owner, id)")
    cursor.execute(f"ANALYZE {table}")


def _sources(tables: list[type[models.Model]]) -> list[Any]:
    from privacycenter.kernel.model_source import ModelSource
    from privacycenter.kernel.sources import SourceDescription, SourceField

    class Bench(ModelSource):
        columns = {"at": "at", "title": "title", "amount": "amount"}
        found_by = {"owner": "owner"}

        def __init__(self, model: type[models.Model]) -> None:
            self.model = model
            self.description = SourceDescription(
                key=f"bench.{model._meta.db_table}",
                title=model._meta.db_table,
                category="other",
                fields=tuple(SourceField(name, name) for name in self.columns),
                purposes=("support",),
                origin="made for the benchmark",
                retention="interactions",
                recipients=("service_providers",),
            )

        def locate(self, subject: Any) -> Any:
            return {"owner": subject.pk}

    return [Bench(model) for model in tables]


def _usual_person(*, rounds: int) -> list[dict[str, Any]]:
    from privacycenter.jobs.domain import run_due
    from privacycenter.kernel.sources import registry

    tables = _tables()
    with registry.temporarily(*_sources(tables), only=True), _without_pdf():
        people = [_person() for _ in range(rounds + 3)]
        requests = [_file(person) for person in people]
        run_due(3, kinds=["requests.fulfil"])  # warm: caches of templates, prepared plans, imports
        run_due(kinds=["mail.send"])
        queries = _count_queries(lambda: run_due(1, kinds=["requests.fulfil"]))
        times = [_seconds(lambda: run_due(1, kinds=["requests.fulfil"])) for _ in range(rounds - 1)]
        _check(requests)
        baseline = [_seconds(lambda owner=person.subject_id: _bare(tables, owner)) for person in people]  # type: ignore[misc]
    ours, theirs = median(times), median(baseline)
    return [
        {
            "name": f"a usual person ({SOURCES * RECORDS_EACH} records, {SOURCES} sources), time in workers without the PDF",
            "ours": f"{ours * 1000:.1f} ms",
            "baseline": f"{theirs * 1000:.1f} ms ({SOURCES} selects, bare driver)",
            "ratio": ours / theirs,
            "target": "<= 4",
            "aim": "<= 2",
        },
        {
            "name": "queries of all that beyond one for each source",
            "ours": f"{queries} queries",
            "baseline": f"{SOURCES} sources",
            "ratio": queries - SOURCES,
            "target": "<= 15",
            "aim": "<= 5",
        },
    ]


def _bare(tables: list[type[models.Model]], owner: int) -> None:
    """What the driver alone takes for the same rows."""
    raw = connection.connection
    mark = "%s" if connection.vendor == "postgresql" else "?"
    cursor = raw.cursor()
    for model in tables:
        cursor.execute(f"SELECT id, at, title, amount FROM {model._meta.db_table} WHERE owner = {mark} ORDER BY id LIMIT 5000", (owner,))
        assert len(cursor.fetchall()) == RECORDS_EACH
    cursor.close()


@contextmanager
def _without_pdf() -> Iterator[None]:
    """A renderer that answers at once, in place of the PDF room's."""
    from requests_app.bundle import assemble

    before = assemble.shared_renderer

    class Nothing:
        def render_main_safely(self, document: Any) -> tuple[bytes, list[Any]]:
            return b"%PDF-", []

    assemble.shared_renderer = Nothing  # type: ignore[assignment]
    try:
        yield
    finally:
        assemble.shared_renderer = before


def _count_queries(work: Callable[[], Any]) -> int:
    """How many statements `work` sends; opening and ending transactions is not counted."""
    count = 0

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += not sql.startswith(("SAVEPOINT", "RELEASE"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return count


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _check(requests: list[Any]) -> None:
    from requests_app.models import Bundle, Request

    done = Request.objects.filter(pk__in=[request.pk for request in requests], status="review").count()
    records = set(Bundle.objects.filter(request__in=requests, assembled_at__isnull=False).values_list("summary__records", flat=True))
    assert done >= len(requests) - 1, "not every request was worked"
    assert records == {SOURCES * RECORDS_EACH}, "a bundle holds another number of records"


def _person() -> Any:
    from tests.factories.accounts import make_account

    return make_account(username=f"bench{secrets.token_hex(6)}", password=None)


def _file(person: Any) -> Any:
    from requests_app.domain import file_request
    from requests_app.domain.people import actor_for

    return file_request(kind="access", user=person, actor=actor_for(person.subject))


# A large request -------------------------------------------------------------------------------------------------------


def _large_request(folder: Path) -> dict[str, Any]:
    """10,000 conversations through the real queue: steps, JSON, PDF volumes, zip. Two workers listen already."""
    from requests_app.models import Bundle, Request

    person = _person()
    _give_conversations(person.email)
    environment = _environment(folder)
    with ExitStack() as stack:
        command = [sys.executable, "-m", "celery", "--app=privacycenter", "--quiet", "worker", "--concurrency=1", "--loglevel=WARNING"]
        for number in range(2):
            worker = subprocess.Popen([*command, f"--hostname=bench{number}@localhost"], cwd=_ROOT, env=environment)
            stack.callback(worker.wait)
            stack.callback(worker.terminate)
        time.sleep(STARTING_SECONDS)
        start = time.perf_counter()
        request = _file(person)
        while Request.objects.filter(pk=request.pk).exclude(status="review").exists():
            time.sleep(0.05)
            if time.perf_counter() - start > GIVE_UP_SECONDS:
                raise TimeoutError("the large request was not finished in time")
        seconds = time.perf_counter() - start
    assert Bundle.objects.get(request=request).summary["records"] >= LARGE
    return {
        "name": f"a request with {LARGE} records, from order to finished bundle, two workers",
        "ours": f"{seconds:.1f} s",
        "baseline": f"{LARGE_SECONDS:.0f} s allowed",
        "ratio": seconds / LARGE_SECONDS,
        "target": "<= 1",
        "aim": "<= 0.3333",
    }


def _give_conversations(address: str) -> None:
    from privacycenter.records.models import Interaction

    moment = datetime(2024, 1, 1, tzinfo=UTC)
    Interaction.objects.bulk_create(
        (
            Interaction(
                identifier_kind="email",
                identifier_value=address,
                origin="helpdesk",
                received_at=moment,
                item_key=f"bench-requests-{number}",
                item_digest=f"{number:x}",
                channel=("email", "phone", "chat")[number % 3],
                summary=f"Question about order {number * 7919 % 1_000_003} and its delivery",
                body=f"The customer asked where parcel {number:06x} is; an answer was promised within two days.",
                occurred_at=moment + timedelta(minutes=97 * number),
            )
            for number in range(LARGE)
        ),
        batch_size=1_000,
    )


def _environment(folder: Path) -> dict[str, str]:
    """What a worker needs to work on this process's database, storage and queue."""
    settings.BUNDLE_STORAGE = f"file://{folder}/bundles"
    return {
        **os.environ,
        "VAR_DIR": str(settings.VAR_DIR),
        "BUNDLE_STORAGE": settings.BUNDLE_STORAGE,
        "EMAIL_URL": f"file://{folder}/mail",
        "PYTHONPATH": str(_ROOT),
    }
