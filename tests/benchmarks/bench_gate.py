"""The gate in its set form, 10,000 people, against one hand-written SQL statement that answers the same.

    DATABASE_URL=postgresql://… python -m tests.benchmarks.run gate

Ours starts from addresses, as a campaign or the API does: it finds whose they are, hashes, reads and decides, with the reason. The
statement is given the keyed hashes and the people ready (a database has no key to make them) and answers yes or no by the same rules,
as far as they can decide here: restriction, age, suppression, consent by scope, pause.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from statistics import median
from typing import Any

from django.db import connection

PEOPLE, ROUNDS = 10_000, 7
PURPOSE, TOPIC = "news_and_offers", "product_news"
STATEMENT = """
WITH asked AS (SELECT * FROM unnest(%(places)s::int[], %(people)s::bigint[]) AS a(place, subject_id)),
reads AS (SELECT * FROM unnest(%(owners)s::int[], %(digests)s::text[]) AS r(place, digest)),
newest AS (
    SELECT DISTINCT ON (r.place, e.topic, e.channel) r.place, e.topic, e.channel, e.id, e.at,
        CASE WHEN e.kind IN ('given', 'renewed') AND (e.valid_until IS NULL OR e.valid_until > %(now)s) THEN true
             WHEN e.kind IN ('refused', 'withdrawn', 'objected') THEN false END AS says
    FROM reads r JOIN preferences_consentevent e ON e.party_hash = r.digest
    WHERE e.purpose = %(purpose)s AND e.topic IN ('', %(topic)s) AND e.channel IN ('', 'email') AND e.service = '' AND e.recipient = ''
        AND e.kind <> 'requested'
    ORDER BY r.place, e.topic, e.channel, e.id DESC
),
yes AS (
    SELECT y.place, max(y.at) AS at FROM newest y
    WHERE y.says AND NOT EXISTS (
        SELECT 1 FROM newest n WHERE n.place = y.place AND NOT n.says
            AND (n.id > y.id OR NOT (n.topic IN ('', y.topic) AND n.channel IN ('', y.channel))))
    GROUP BY y.place
),
suppressed AS (
    SELECT r.place, max(coalesce(s.repeated_at, s.created_at)) AS at, bool_or(s.reason NOT IN ('choice', 'objection', 'complaint')) AS firm
    FROM reads r JOIN preferences_suppression s ON s.party_hash = r.digest
    WHERE s.lifted_at IS NULL AND s.topic IN ('', %(topic)s) AND s.channel IN ('', 'email')
    GROUP BY r.place
),
paused AS (
    SELECT DISTINCT ON (r.place) r.place, d.value ->> 'until' AS until
    FROM reads r JOIN preferences_deliverychoice d ON d.party_hash = r.digest
    WHERE d.kind = 'pause' ORDER BY r.place, d.id DESC
)
SELECT a.place, yes.place IS NOT NULL AND p.restricted_at IS NULL AND NOT coalesce(p.is_child, false)
    AND (suppressed.place IS NULL OR (NOT suppressed.firm AND yes.at > suppressed.at))
    AND (paused.until IS NULL OR paused.until::timestamptz <= %(now)s)
FROM asked a LEFT JOIN subjects_subject p ON p.id = a.subject_id LEFT JOIN yes USING (place) LEFT JOIN suppressed USING (place)
    LEFT JOIN paused USING (place)
ORDER BY a.place
"""


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure, and answer the row for the table."""
    if connection.vendor != "postgresql":
        return [{"name": "gate, set form: needs PostgreSQL", "failed": True}]
    count = PEOPLE // 10 if quick else PEOPLE
    addresses = _fill(count)
    statement = _statement(addresses)
    ours_seconds, baseline_seconds = [], []
    for number in range((2 if quick else ROUNDS) + 1):
        started = time.perf_counter()
        ours = _ours(addresses)
        between = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(STATEMENT, statement)
            baseline = [row[1] for row in cursor.fetchall()]
        ended = time.perf_counter()
        if ours != baseline:
            different = sum(own != other for own, other in zip(ours, baseline, strict=True))
            return [{"name": f"gate, set form: {different} answers differ", "failed": True}]
        if number:
            ours_seconds.append(between - started)
            baseline_seconds.append(ended - between)
    ratio = median(own / other for own, other in zip(ours_seconds, baseline_seconds, strict=True))
    return [
        {
            "name": f"gate, {count} people at once, ms ({sum(ours)} allowed)",
            "ours": round(median(ours_seconds) * 1000),
            "baseline": round(median(baseline_seconds) * 1000),
            "ratio": round(ratio, 2),
            "target": "<= 5",
            "aim": "<= 2",
        }
    ]


def _ours(addresses: list[str]) -> list[bool]:
    from privacycenter.preferences.gate import Question, may_all

    return [decision.allowed for decision in may_all(Question(("email", address), PURPOSE, TOPIC, "email") for address in addresses)]


def _fill(count: int) -> list[str]:
    """People with an address and a history: some agreed, some took it back, some are suppressed, restricted, children or pausing."""
    from privacycenter.kernel import clock
    from privacycenter.kernel.actor import Actor
    from privacycenter.preferences.domain import Choice, Presented
    from privacycenter.preferences.domain.ledger import new_event
    from privacycenter.preferences.enums import EventKind, Method
    from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Suppression, Topic
    from privacycenter.preferences.parties import parties_of
    from privacycenter.preferences.scopes import Scope
    from privacycenter.preferences.texts import shown
    from privacycenter.subjects.models import Identifier, Subject

    Topic.objects.update_or_create(
        key=TOPIC, defaults={"title": "News", "description": "News", "purpose_id": PURPOSE, "channels": ["email"]}
    )
    now, actor, mark = clock.now(), Actor.system("bench"), os.urandom(3).hex()
    then = now - timedelta(days=30)
    text = Presented(shown("bench.gate", "May we?", language="en"), Method.PREFERENCE_PAGE)
    subjects = Subject.objects.bulk_create(
        [Subject(created_at=then, restricted_at=then if n % 50 == 3 else None, is_child=n % 70 == 5) for n in range(count)], batch_size=2000
    )
    addresses = [f"person{n}.{mark}@example.com" for n in range(count)]
    Identifier.objects.bulk_create(
        [
            Identifier(subject=subject, kind="email", value=address, source="bench", created_at=then, proven_at=then)
            for subject, address in zip(subjects, addresses, strict=True)
        ],
        batch_size=2000,
    )
    events, suppressions, pauses = [], [], []
    for n, party in enumerate(parties_of(subjects)):
        for kind, scope in _history(n):
            events.append(new_event(party, Choice(Scope(PURPOSE, *scope), EventKind(kind)), text, actor, then))
        said = {"actor_kind": "system", "actor_ref": "bench"}
        if n % 10 == 7:
            suppressions += [Suppression(**each.columns(), topic=TOPIC, reason="choice", created_at=now, **said) for each in party.contacts]
        if n % 20 == 9:
            value = {"until": (now + timedelta(days=3)).isoformat()}
            pauses.append(DeliveryChoice(**party.writes_to.columns(), kind="pause", value=value, method="form", at=then, **said))
    ConsentEvent.objects.bulk_create(events, batch_size=2000)
    Suppression.objects.bulk_create(suppressions, batch_size=2000)
    DeliveryChoice.objects.bulk_create(pauses, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return addresses


def _history(n: int) -> list[tuple[str, tuple[str, ...]]]:
    """What somebody chose, oldest first."""
    if n % 4 == 0:
        return [("given", (TOPIC,))]
    if n % 4 == 1:
        return [("refused", ()), ("given", (TOPIC, "email"))]
    if n % 4 == 2:
        return [("given", (TOPIC,)), ("withdrawn", (TOPIC,))]
    return [("given", (TOPIC,)), ("given", ("other",)), ("withdrawn", ("other",))]


def _statement(addresses: list[str]) -> dict[str, Any]:
    """The parameters of the statement: everything the database can't know by itself."""
    from privacycenter.kernel import clock
    from privacycenter.preferences.parties import parties_of

    parties = parties_of(("email", address) for address in addresses)
    pairs = [(place, digest) for place, party in enumerate(parties) for digest in party.digests]
    return {
        "places": list(range(len(parties))),
        "people": [party.subject.pk if party.subject else None for party in parties],
        "owners": [place for place, _ in pairs],
        "digests": [digest for _, digest in pairs],
        "now": clock.now(),
        "purpose": PURPOSE,
        "topic": TOPIC,
    }
