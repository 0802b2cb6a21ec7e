"""Conversations and forms for the demo, brought in the way other systems do it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from privacycenter.kernel.actor import Actor
from privacycenter.records.domain import Outcome, import_items
from privacycenter.records.enums import ItemResult
from privacycenter.records.readers import Found

_CONVERSATIONS = (
    ("email", "Question about an invoice", "Asked why the amount differs from last month. Explained the two extra seats."),
    ("phone", "Could not sign in", "Lost the phone with the second factor. Checked who was calling, sent the reset link."),
    ("chat", "Feature wish: export as CSV", "Would like to export the calendar. Told about the plan for the next quarter."),
    # Somebody else is named, so that there is something to hide in a copy; the number is one of those kept free for films.
    (
        "meeting",
        "Yearly review",
        "Went through the usage of the last year with Tomas Nordlicht (tomas.nordlicht@partner.example, +49 30 23125 417). "
        "Wants a quote for ten more seats.",
    ),
    ("email", "Спасибо за помощь", "Writes that everything works now. שלום! مرحبا! สวัสดี 👋"),
)
_FORMS = (
    ("webinar", {"topic": "Working together across time zones", "seats": 2, "questions": "Will there be a recording?"}),
    ("white-paper", {"title": "Backups that can be restored", "company_size": "11 to 50"}),
    ("newsletter", {"topics": ["products", "events"], "frequency": "monthly"}),
    ("survey", {"satisfaction": 4, "recommend": True, "comment": "Fast answers, thank you."}),
    ("contact", {"subject": "Partner programme", "message": "How can we become a partner?"}),
)
_START = datetime(2024, 3, 4, 8, tzinfo=UTC)


def make_records(identifiers: Iterable[tuple[str, str]], *, per_person: int = 10, seed: int = 1, actor: Actor) -> int:
    """Bring in `per_person` records for each (kind, value); half are conversations, half forms. Returns how many are new.

    The same identifiers and seed give the same records, and running it again adds none.
    """
    refused: list[str] = []

    def note(outcome: Outcome) -> None:
        if outcome.result is ItemResult.REFUSED:
            refused.append(outcome.code)

    counts = import_items(_items(identifiers, per_person, seed), report=note, actor=actor)
    if refused:
        raise ValueError(f"demo records were refused: {', '.join(sorted(set(refused)))}")
    return counts[ItemResult.CREATED]


def _items(identifiers: Iterable[tuple[str, str]], per_person: int, seed: int) -> Iterator[Found]:
    for kind, value in identifiers:
        person = hashlib.sha256(f"{seed}:{kind}:{value}".encode()).hexdigest()[:24]
        chance = random.Random(person)  # noqa: S311 - demo data, the same each time, whoever else is there
        for number in range(per_person):
            moment = _START + timedelta(minutes=chance.randrange(60 * 24 * 700))
            item: dict[str, Any] = {
                "identifier": {"kind": kind, "value": value},
                "occurred_at": moment.isoformat(),
                "idempotency_key": f"demo-{person}-{number}",
            }
            if number % 2:
                form, answers = _FORMS[number // 2 % len(_FORMS)]
                item |= {"category": "form_submissions", "origin": "website", "payload": {"form": form, "answers": answers}}
            else:
                channel, summary, body = _CONVERSATIONS[number // 2 % len(_CONVERSATIONS)]
                payload = {"channel": channel, "summary": summary, "body": body}
                item |= {"category": "interactions", "origin": "help desk", "payload": payload}
            yield Found(number + 1, item)
