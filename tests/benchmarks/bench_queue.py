"""The queue at the desk with a million requests: the page with a filter and a search, against its first page by the bare driver.

DATABASE_URL=postgresql://… python -m tests.benchmarks.run queue
"""

from __future__ import annotations

import time
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

TICKETS, OPEN, ROUNDS = 1_000_000, 5_000, 30
LIST = "/admin/requests_app/request/"
PAGES = ("?burns=week", "?kind=erasure&state=triage", "?with=nobody&burns=overdue", "", "?burns=person", "?q={ref}")
P95_MS = 200.0

# Closed ones of ten years, and some open ones due around now; one in ten thousand is late.
_FILL = """
INSERT INTO requests_app_request (ref, kind, status, outcome, subject_id, channel, language, received_at, verified_at, due_at,
    due_explanation, answered_at, closed_at, withheld, choices, behalf, country, is_priority, refusal_ground{more_columns})
SELECT 'PR-' || upper(substr(md5('a' || number), 1, 4)) || '-' || lpad(to_hex(number), 6, '0'),
    (ARRAY['access', 'erasure', 'objection', 'complaint', 'rectification'])[1 + number % 5],
    CASE WHEN number <= {open} THEN CASE WHEN number % 5 = 0 THEN 'collecting' WHEN number % 5 = 1 THEN 'approval' ELSE 'triage' END
        ELSE 'closed' END,
    CASE WHEN number <= {open} THEN '' ELSE 'fulfilled' END,
    {subject}, 'account', 'en', moment, moment, moment + interval '30 days', '{{}}',
    CASE WHEN number > {open} THEN moment + interval '20 days' END, CASE WHEN number > {open} THEN moment + interval '20 days' END,
    '{{}}', '{{}}', 'self', '', false, ''{more_values}
FROM (SELECT number, now() - CASE WHEN number <= {open} THEN number % 33 * interval '1 day' + number * interval '1 second'
        ELSE (31 + number % 3650) * interval '1 day' + number * interval '1 second' END AS moment
    FROM generate_series(1, {tickets}) AS number) AS made
"""
_BARE = """
SELECT r.id, r.ref, r.kind, r.status, r.outcome, r.channel, r.received_at, r.due_at, u.username
FROM requests_app_request r LEFT JOIN accounts_user u ON u.id = r.assignee_id
WHERE r.verified_at IS NOT NULL AND r.status IN ({open_states}) AND r.due_at >= now() AND r.due_at < now() + interval '7 days'
ORDER BY r.due_at, r.received_at DESC LIMIT 50
"""


_FILLED = frozenset(
    (
        "ref",
        "kind",
        "status",
        "outcome",
        "subject",
        "channel",
        "language",
        "received_at",
        "verified_at",
        "due_at",
        "due_explanation",
        "answered_at",
        "closed_at",
        "withheld",
        "choices",
        "behalf",
        "country",
        "is_priority",
        "refusal_ground",
    )
)
_PLAIN_FILES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure, and answer the rows for the table."""
    if connection.vendor != "postgresql":
        return [{"name": "queue", "failed": "needs PostgreSQL"}]
    from requests_app.enums import Status
    from tests.factories.accounts import signed_in
    from tests.factories.requests import make_dpo

    with override_settings(DEMO=True, ALLOWED_HOSTS=["*"], STORAGES={**settings.STORAGES, **_PLAIN_FILES}):
        client = signed_in(make_dpo(), fresh=True)
        tickets = 50_000 if quick else TICKETS
        ref = _fill(tickets)
        addresses = [LIST + page.format(ref=ref) for page in PAGES]
        for address in addresses:
            _get(client, address)
        times = {address: sorted(_timed(_get, client, address) for _round in range(5 if quick else ROUNDS)) for address in addresses}
        statements = _statements(client, addresses[0])
    states = ", ".join(f"'{state}'" for state in Status.OPEN)
    bare = median(_timed(_bare, _BARE.format(open_states=states)) for _round in range(ROUNDS))
    filtered = median(times[addresses[0]])
    everything = [each for values in times.values() for each in values]
    p95 = quantiles(everything, n=20)[-1]
    return [
        {
            "name": f"queue page at {tickets:,} tickets with a filter, statements alone, ms",
            "ours": round(statements, 2),
            "baseline": round(bare, 2),
            "ratio": round(statements / bare, 2),
            "target": "<= 10",
            "aim": "",
        },
        {
            "name": f"queue page at {tickets:,} tickets, whole page, p95 of {len(addresses)} filters and a search, ms",
            "ours": round(p95, 1),
            "baseline": P95_MS,
            "ratio": round(p95 / P95_MS, 2),
            "target": "",
            "aim": "<= 1",
        },
        {
            "name": "the same page with its rendering against the bare statement, ms",
            "ours": round(filtered, 1),
            "baseline": round(bare, 2),
            "ratio": round(filtered / bare, 1),
            "target": "",
            "aim": "",
        },
    ]


def _fill(tickets: int) -> str:
    from privacycenter.kernel.actor import Actor
    from privacycenter.subjects.domain import create_subject
    from requests_app.models import Request

    columns, values = "", ""
    for field in Request._meta.concrete_fields:
        if field.name in _FILLED or field.primary_key or field.null:
            continue
        columns += f", {field.column}"
        values += ", '{}'" if field.get_internal_type() == "JSONField" else ", 0" if "Integer" in field.get_internal_type() else ", ''"
    subject = create_subject(actor=Actor.system("bench")).pk
    statement = _FILL.format(
        more_columns=columns, more_values=values, open=OPEN if tickets > OPEN else 100, subject=subject, tickets=tickets
    )
    with connection.cursor() as cursor:
        # One person has them all here; how many open ones somebody may have is not what is measured.
        cursor.execute("DROP INDEX IF EXISTS request_one_open_per_kind")
        cursor.execute(statement)
        cursor.execute("ANALYZE requests_app_request")
        cursor.execute("SELECT ref FROM requests_app_request WHERE status = 'triage' ORDER BY id LIMIT 1")
        return str(cursor.fetchone()[0])


def _get(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    answer.content  # noqa: B018 - rendered


def _bare(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.fetchall()


def _statements(client: Client, address: str) -> float:
    """Milliseconds of the page's statements on requests alone, the median of some rounds."""
    from django.test.utils import CaptureQueriesContext

    found = []
    for _round in range(7):
        with CaptureQueriesContext(connection) as queries:
            _get(client, address)
        found.append(sum(float(query["time"]) for query in queries if "requests_app_request" in query["sql"]) * 1_000)
    return median(found)


def _timed(do: Any, *arguments: Any) -> float:
    began = time.perf_counter()
    do(*arguments)
    return (time.perf_counter() - began) * 1_000
