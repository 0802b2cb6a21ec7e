"""Erasures as the ledger sees them."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.subjects.models import Subject
from requests_app.enums import Kind, Status
from requests_app.erasure import ledger
from requests_app.models import LedgerEntry, Request

ACTOR = Actor.system("tests")


def running(subject: Subject, *, treatments: dict[str, str] | None = None) -> Any:
    """The plan of an erasure that is running."""
    now = clock.now()
    request = Request.objects.create(
        kind=Kind.ERASURE,
        status=Status.ERASING,
        channel="account",
        subject=subject,
        received_at=now,
        verified_at=now,
        due_at=now + timedelta(days=30),
    )
    rows = [SimpleNamespace(source_key=key, treatment=value, until=None) for key, value in (treatments or {}).items()]
    return SimpleNamespace(pk=request.pk, request=request, steps=SimpleNamespace(all=lambda: rows))


def note_erasure(plan: Any) -> int:
    """Note that it begins, in the ledger and in the database; answers the number of the entry."""
    return _remembered(ledger.note_erasure(plan=plan))


def note_finished(plan: Any) -> int:
    """Note that it is done, in the ledger and in the database; answers the number of the entry."""
    return _remembered(ledger.note_finished(plan=plan))


def _remembered(note: ledger.Noted) -> int:
    note.wait()
    note.remember(actor=ACTOR)
    return note.sequence


def noted(subject: Subject, **options: Any) -> int:
    """Note that a person is erased, begun and finished, in the ledger; answers the number of the first entry."""
    plan = running(subject, **options)
    number = note_erasure(plan)
    note_finished(plan)
    Request.objects.filter(pk=plan.request.pk).update(status=Status.CLOSED, outcome="fulfilled")
    return number


def go_back(to: int = 0) -> None:
    """Let the database forget all entries behind number `to`, and the requests they belong to, as an older backup would."""
    forgotten = LedgerEntry.objects.filter(sequence__gt=to)
    Request.objects.filter(pk__in=list(forgotten.values_list("request", flat=True))).delete()
    LedgerEntry.objects.filter(sequence__gt=to).delete()
