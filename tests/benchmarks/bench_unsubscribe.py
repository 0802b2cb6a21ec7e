"""One-click unsubscribing over HTTP (PostgreSQL, gunicorn), against an empty view that does one indexed update on the same server.

    DATABASE_URL=postgresql://… python -m tests.benchmarks.run unsubscribe

Every request is the first one of its link, as a mail program sends it (RFC 8058): ours finds out what the link is about, writes the
event of the ledger and the suppression, and answers with the page. The statements of one such request are counted as well.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tests.benchmarks.serve import compare, is_on_postgresql, post, served

REQUESTS, ROUNDS = 600, 9
MOST_STATEMENTS = 3
ROOT = Path(__file__).resolve().parents[2]
BODY = b"List-Unsubscribe=One-Click"


@csrf_exempt
@require_POST
def update_row(request: HttpRequest, digest: str) -> HttpResponse:
    """The baseline: one UPDATE by index, nothing else."""
    from privacycenter.preferences.models import LinkToken

    LinkToken.objects.filter(digest=digest).update(campaign="bench")
    return HttpResponse()


urlpatterns = [path("baseline/<str:digest>/", update_row), path("", include("privacycenter.urls"))]


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure, and answer the rows for the table."""
    if not is_on_postgresql():
        return [{"name": "unsubscribe: needs PostgreSQL", "failed": True}]
    _prepare()
    size = REQUESTS // 10 if quick else REQUESTS
    statements = _statements()
    with served("tests.benchmarks.bench_unsubscribe") as server:
        found = compare(
            server,
            lambda _: [post(path, body=BODY) for path in _links(size)],
            lambda _: [post(f"/baseline/{digest}/", body=BODY) for digest in _digests(size)],
            rounds=3 if quick else ROUNDS,
        )
    return [
        {
            "name": "unsubscribe POST, requests/s",
            "ours": round(found.ours),
            "baseline": round(found.baseline),
            "ratio": round(found.ratio, 2),
            "target": ">= 0.6",
            "aim": ">= 0.9",
        },
        {
            "name": "unsubscribe POST, statements",
            "ours": statements,
            "baseline": MOST_STATEMENTS,
            "ratio": round(statements / MOST_STATEMENTS, 2),
            "target": "<= 1",
            "aim": "",
        },
    ]


def _prepare() -> None:
    from privacycenter.preferences.models import Topic

    # The page links to its styles by the names that a real installation gives them.
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "DEBUG": "0"}, check=True)
    words = {"title": "Bench news", "description": "What is new.", "purpose_id": "news_and_offers"}
    Topic.objects.get_or_create(key="bench_news", defaults=words)


def _links(size: int) -> list[str]:
    """Paths of fresh links, each to an address of its own."""
    from privacycenter.preferences.enums import LinkKind
    from privacycenter.preferences.links import NewLink, make_links
    from privacycenter.preferences.mail_headers import address_party

    parties = [address_party(f"{secrets.token_hex(8)}@example.com") for _ in range(size)]
    return make_links(NewLink(party, LinkKind.UNSUBSCRIBE, topic="bench_news") for party in parties)


def _digests(size: int) -> list[str]:
    """What the baseline finds its rows by."""
    from privacycenter.kernel.tokens import digest

    return [digest(path.removeprefix("/u/")) for path in _links(size)]


def _statements() -> int:
    """How many statements the first click of a link takes, once the words of the button are known."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    warm, warmer, measured = _links(3)
    client = Client(SERVER_NAME="localhost")
    for link in (warm, warmer):
        client.post(link)
    with CaptureQueriesContext(connection) as captured:
        client.post(measured)
    return sum(query["sql"] not in ("BEGIN", "COMMIT") and "SAVEPOINT" not in query["sql"] for query in captured)
