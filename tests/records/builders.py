"""Items of an import as tests need them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

from privacycenter.kernel.actor import Actor
from privacycenter.records.domain import Outcome, import_items
from privacycenter.records.readers import read_items

SYSTEM = Actor.system("test")


def interaction(**changes: Any) -> dict[str, Any]:
    """A conversation of Ada's."""
    return {
        "identifier": {"kind": "email", "value": "ada@example.com"},
        "category": "interactions",
        "origin": "helpdesk",
        "occurred_at": "2026-03-01T12:00:00+01:00",
        "payload": {"channel": "phone", "summary": "Asked about an invoice", "body": "All is well."},
        **changes,
    }


def submission(**changes: Any) -> dict[str, Any]:
    """A form of Ada's."""
    return {
        "identifier": {"kind": "email", "value": "Ada@Example.com"},
        "category": "form_submissions",
        "origin": "website",
        "occurred_at": "2026-03-02T08:30:00Z",
        "payload": {"form": "webinar", "answers": {"company": "Analytical Engines", "seats": 2}},
        **changes,
    }


def ndjson(items: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def bring_in(content: bytes, *, form: str = "ndjson", dry_run: bool = False) -> list[Outcome]:
    """Import `content` and return what became of each item."""
    outcomes: list[Outcome] = []
    import_items(read_items(io.BytesIO(content), form=form), dry_run=dry_run, report=outcomes.append, actor=SYSTEM)
    return outcomes


def results(outcomes: Iterable[Outcome]) -> list[tuple[int, str]]:
    """(line, code of the refusal or result) of each item."""
    return [(outcome.line, outcome.code or outcome.result.value) for outcome in outcomes]
