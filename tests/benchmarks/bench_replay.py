"""Replay: an old backup and a ledger of 100,000 erasures that it does not know, most of whom it never held.

    DATABASE_URL=postgresql://… python -m tests.benchmarks.run replay

200,000 people with an address and a phone number each are in the database, and as many conversations; 500 of them stand in the
ledger. There is no other side to compare with: the ratio is the share of the ten minutes that a replay may take. The second row
is a look at a ledger that long, as every process takes when it starts, against its own bounds in seconds.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection

ENTRIES, PEOPLE, FOUND = 100_000, 200_000, 500
ALLOWED_SECONDS = 600
SOURCES = [f"room{number // 4}.source{number}" for number in range(36)]


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure, and answer the rows for the table."""
    from django.conf import settings

    from requests_app.erasure import serving

    entries, people, found = (number // 10 if quick else number for number in (ENTRIES, PEOPLE, FOUND))
    with tempfile.TemporaryDirectory(prefix="privacycenter-bench-") as folder:
        settings.ERASURE_LEDGER = f"file://{folder}/ledger.jsonl"
        public_ids = _people(people)
        size = _ledger(Path(folder, "ledger.jsonl"), entries, public_ids[:: people // found][:found])
        serving.forget()
        first, standing = _timed(serving.standing)
        if standing is not serving.Standing.REPLAY:
            raise AssertionError(f"the ledger does not fit: {standing}")
        seconds, result = _timed(_replay)
        if (result.people, result.entries, result.failed) != (found, entries, {}) or serving.standing() is not serving.Standing.FIT:
            raise AssertionError(f"the replay came to something else: {result}")
        later, _standing = _timed(serving.standing)
    return [
        {
            "name": f"replay of {entries:,} ledger entries over {people:,} people, {found} of them found",
            "ours": f"{seconds:.1f} s",
            "baseline": f"{ALLOWED_SECONDS} s",
            "ratio": seconds / ALLOWED_SECONDS,
            "target": "<= 1",
            "aim": "<= 0.2",
        },
        {
            "name": f"first look at a ledger of {entries:,} entries ({size / 1e6:.0f} MB), as a process starts",
            "ours": f"{first:.2f} s",
            "baseline": f"{later * 1000:.0f} ms (each look after it)",
            "ratio": first,
            "target": "<= 30",
            "aim": "<= 5",
        },
    ]


def _replay() -> Any:
    from privacycenter.kernel.actor import Actor
    from requests_app.erasure.replay import replay

    return replay(actor=Actor.system("bench"))


def _people(number: int) -> list[str]:
    """People with proven identifiers, and conversations that bear their addresses; answers the people's public ids."""
    from privacycenter.kernel import clock
    from privacycenter.records.models import Interaction
    from privacycenter.subjects.models import Identifier, Subject

    now = clock.now()
    public_ids: list[str] = []
    for start in range(0, number, 10_000):
        numbers = range(start, min(start + 10_000, number))
        subjects = Subject.objects.bulk_create([Subject(public_id=uuid.uuid4(), created_at=now) for _each in numbers])
        public_ids += [str(subject.public_id) for subject in subjects]
        known = {"source": "bench", "created_at": now, "proven_at": now}
        pairs = list(zip(numbers, subjects, strict=True))
        Identifier.objects.bulk_create([Identifier(subject=who, kind="email", value=_address(each), **known) for each, who in pairs])
        Identifier.objects.bulk_create([Identifier(subject=who, kind="phone", value=f"+60{each:09d}", **known) for each, who in pairs])
        Interaction.objects.bulk_create(
            Interaction(
                identifier_kind="email",
                identifier_value=_address(each),
                origin="bench",
                received_at=now,
                occurred_at=now,
                item_key=f"bench-{each}",
                item_digest=f"{each:064d}",
                channel="phone",
                summary="Asked about an invoice",
            )
            for each in numbers
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return public_ids


def _address(number: int) -> str:
    return f"person.{number}@mail{number % 5_000}.example.com"


def _ledger(path: Path, number: int, found: list[str]) -> int:
    """Write a ledger of strangers, with those that will be found spread over it."""
    from privacycenter.kernel import clock
    from privacycenter.kernel.hashing import hasher
    from requests_app.erasure.ledger import GENESIS, IDENTIFIER_CONTEXT, SUBJECT_CONTEXT, seal

    subject, identifier = hasher(SUBJECT_CONTEXT), hasher(IDENTIFIER_CONTEXT)
    now = clock.now()
    body: dict[str, Any] = {"at": now.isoformat(), "event": "begun", "gone_by": (now + timedelta(days=90)).isoformat()}
    body["sources"] = [[key, "delete", None] for key in SOURCES]
    every, tail = number // len(found), GENESIS
    with path.open("wb") as stream:
        for sequence in range(1, number + 1):
            known = sequence % every == 0 and sequence // every <= len(found)
            who = found[sequence // every - 1] if known else f"stranger {sequence}"
            body |= {
                "erasure": f"PR-{sequence:08d}:{sequence}",
                "reference": f"PR-{sequence:08d}",
                "subjects": [str(subject(who)[0])],
                "identifiers": [
                    ["email", str(identifier(f"email:stranger.{sequence}@example.com")[0])],
                    ["phone", str(identifier(f"phone:+44{sequence:09d}")[0])],
                ],
            }
            entry = seal(body, sequence, tail)
            tail = entry.hash
            stream.write(entry.line.encode() + b"\n")
    return path.stat().st_size


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer
