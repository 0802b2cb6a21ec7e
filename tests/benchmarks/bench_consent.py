"""Recording a consent event over HTTP (PostgreSQL, gunicorn), against the same view with a plain insert by the bare driver.

    DATABASE_URL=postgresql://… python -m tests.benchmarks.run consent

Both views parse the same form and insert a row into the ledger's table. Ours hashes whose choice it is, finds the text that was shown,
makes the receipt and its hash, and writes through the verb. The baseline finds all of that ready and hands one INSERT to psycopg itself, on
the connection that the server keeps for the view.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tests.benchmarks.serve import compare, is_on_postgresql, post, served

REQUESTS, ROUNDS = 800, 9
WORDS = "May we write to you about our products?"
COLUMNS = (
    "event_id, record_id, party_kind, party_key_id, party_hash, kind, purpose, topic, channel, service, recipient, text_id, method, "
    "control, page, actor_kind, actor_ref, at, valid_until, reason, evidence, receipt_sha256"
)
INSERT = f"INSERT INTO preferences_consentevent ({COLUMNS}) VALUES ({', '.join(['%s'] * 22)})"


@csrf_exempt
@require_POST
def record_event(request: HttpRequest) -> HttpResponse:
    """Ours: the verb, as the pages call it."""
    from privacycenter.kernel.actor import Actor, ActorKind
    from privacycenter.preferences.domain import Choice, Presented, record_choice
    from privacycenter.preferences.enums import EventKind, Method, PartyKind
    from privacycenter.preferences.parties import Party, hashes_of
    from privacycenter.preferences.scopes import Scope
    from privacycenter.preferences.texts import shown

    own = hashes_of(PartyKind.SUBJECT, request.POST["person"])
    record_choice(
        Party(own[0], own),
        Choice(Scope(request.POST["purpose"], request.POST["topic"]), EventKind.GIVEN),
        presented=Presented(shown("bench.consent", WORDS, language="en"), Method.PREFERENCE_PAGE, "yes", "/preferences/"),
        actor=Actor(ActorKind.PERSON, "1"),
    )
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def insert_row(request: HttpRequest) -> HttpResponse:
    """The baseline: one INSERT by the driver."""
    whose = ("subject", "bench", request.POST["person"] * 2)
    about = ("given", request.POST["purpose"], request.POST["topic"], "", "", "")
    how = (int(request.POST["text"]), "preference_page", "yes", "/preferences/", "person", "1", datetime.now(UTC), None, "", b"")
    connection.ensure_connection()
    connection.connection.execute(INSERT, (uuid.uuid4(), uuid.uuid4(), *whose, *about, *how, secrets.token_hex(32)))
    return HttpResponse(status=204)


urlpatterns = [path("ours/", record_event), path("baseline/", insert_row)]


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure, and answer the row for the table."""
    from privacycenter.preferences.texts import shown

    if not is_on_postgresql():
        return [{"name": "consent event: needs PostgreSQL", "failed": True}]
    text = str(shown("bench.consent", WORDS, language="en").id)
    size = REQUESTS // 10 if quick else REQUESTS

    def requests(where: str) -> list[bytes]:
        fields = {"purpose": "news_and_offers", "topic": "product_news", "text": text}
        return [post(where, {"person": secrets.token_hex(16), **fields}) for _ in range(size)]

    with served("tests.benchmarks.bench_consent") as server:
        found = compare(server, lambda _: requests("/ours/"), lambda _: requests("/baseline/"), rounds=3 if quick else ROUNDS)
    return [
        {
            "name": "consent event, requests/s",
            "ours": round(found.ours),
            "baseline": round(found.baseline),
            "ratio": round(found.ratio, 2),
            "target": ">= 0.6",
            "aim": ">= 0.9",
        }
    ]
