"""What this room holds about people: their requests with history. Codes, keys and work in progress are listed with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Choices, QuerySet
from django.utils.translation import gettext

from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.labels import label_in
from privacycenter.kernel.model_source import PAGE, ModelSource
from privacycenter.kernel.sources import Item, Locator, Problem, Record, Sensitivity, SourceDescription, SourceField, registry
from privacycenter.subjects.models import Subject
from requests_app.enums import Channel, Kind, Outcome, Status
from requests_app.models import Request, TimelineEvent
from requests_app.presentation import HAPPENED


class RequestSource(ModelSource):
    """The person's own requests, each with what happened to it. Remarks for the desk alone are work on the answer, not part of it."""

    description = SourceDescription(
        key="requests.requests",
        title="Your privacy requests",
        category="requests",
        fields=(
            SourceField("reference", "Reference"),
            SourceField("kind", "Right"),
            SourceField("state", "State"),
            SourceField("outcome", "Outcome"),
            SourceField("channel", "How it came in"),
            SourceField("contact", "Contact address", Sensitivity.CONTACT),
            SourceField("received_at", "Received"),
            SourceField("confirmed_at", "Confirmed"),
            SourceField("acknowledged_at", "Acknowledged"),
            SourceField("due_at", "Due"),
            SourceField("answered_at", "Answered"),
            SourceField("closed_at", "Closed"),
            SourceField("withheld", "Withheld sources, with reasons"),
            SourceField("history", "History"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="given by you when you used one of your rights, and noted while it was answered",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
    )
    columns = {
        "reference": "ref",
        "kind": "kind",
        "state": "status",
        "outcome": "outcome",
        "channel": "channel",
        "contact": "contact",
        "received_at": "received_at",
        "confirmed_at": "verified_at",
        "acknowledged_at": "acknowledged_at",
        "due_at": "due_at",
        "answered_at": "answered_at",
        "closed_at": "closed_at",
        "withheld": "withheld",
    }
    dated_by = "received_at"

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [Request.objects.verified().filter(subject_id=locator["subject"])]

    def export(self, locator: Locator) -> Iterator[Item]:
        """Each page of requests with its history in one more query. What can't be decrypted costs its own row, not the others."""
        for queryset in self.querysets(locator):
            rows = queryset.order_by("pk").values_list("pk", *self.columns.values())
            page = _read(rows, at_most=PAGE)
            while page:
                yield from self._with_history(page)
                page = _read(rows.filter(pk__gt=_key(page[-1])), at_most=PAGE) if len(page) == PAGE else []

    def _with_history(self, page: Sequence[_Row]) -> Iterator[Item]:
        events = TimelineEvent.objects.filter(request_id__in=[_key(row) for row in page], is_internal=False).order_by("request_id", "id")
        found = _read(events.values_list("pk", "request_id", "at", "event", "note"))
        has_gaps = any(isinstance(event, int) for event in found)
        whose = dict(events.values_list("pk", "request_id")) if has_gaps else {}
        history: dict[int, list[dict[str, Any]]] = {}
        for event in found:
            if isinstance(event, tuple):
                _pk, key, at, name, note = event
                happened = {"when": at, "what": str(HAPPENED.get(name, name))}
                history.setdefault(key, []).append(happened | ({"note": note} if note else {}))
            else:
                yield Problem(str(whose[event]), gettext("A part of its history could not be decrypted."))
        for row in page:
            if isinstance(row, tuple):
                values = dict(zip(self.columns, row[1:], strict=True))
                words = {name: label_in(choices, values[name]) for name, choices in _CHOICES.items()}
                yield Record(str(row[0]), values | words | {"history": history.get(row[0], [])})
            else:
                yield Problem(str(row), gettext("The request could not be decrypted."))


_CHOICES: dict[str, type[Choices]] = {"kind": Kind, "state": Status, "outcome": Outcome, "channel": Channel}

_Row = tuple[Any, ...] | int  # what was read, key first; the key alone where it can't be decrypted


def _key(row: _Row) -> int:
    return int(row[0]) if isinstance(row, tuple) else row


def _read(rows: QuerySet[Any, Any], *, at_most: int | None = None) -> list[_Row]:
    """Rows in one query; one by one where that fails because one of them can't be decrypted."""
    try:
        return list(rows[:at_most])
    except DecryptionFailed:
        return [_read_one(rows, key) for key in rows.values_list("pk", flat=True)[:at_most]]


def _read_one(rows: QuerySet[Any, Any], key: int) -> _Row:
    try:
        return tuple(rows.get(pk=key))
    except DecryptionFailed:
        return key


registry.register(RequestSource())

classify(
    "requests_app.Request",
    source="requests.requests",
    fields={
        "ref": Sensitivity.ORDINARY,
        "kind": Sensitivity.ORDINARY,
        "status": Sensitivity.ORDINARY,
        "outcome": Sensitivity.ORDINARY,
        "subject": Sensitivity.ORDINARY,
        "channel": Sensitivity.ORDINARY,
        "contact": Sensitivity.CONTACT,
        "language": Sensitivity.ORDINARY,
        "received_at": Sensitivity.ORDINARY,
        "verified_at": Sensitivity.ORDINARY,
        "acknowledged_at": Sensitivity.ORDINARY,
        "due_at": Sensitivity.ORDINARY,
        "due_explanation": None,
        "answered_at": Sensitivity.ORDINARY,
        "closed_at": Sensitivity.ORDINARY,
        "assignee": None,
        "withheld": Sensitivity.ORDINARY,
    },
)
classify(
    "requests_app.TimelineEvent",
    source="requests.requests",
    fields={
        "request": None,
        "at": Sensitivity.ORDINARY,
        "event": Sensitivity.ORDINARY,
        "status": Sensitivity.ORDINARY,
        "actor_kind": None,
        "actor_ref": None,
        "note": Sensitivity.ORDINARY,
        "details": None,
    },
)
classify(
    "requests_app.IdentityProof",
    because="a code and the address it may have gone to, for one day; a request that was proven holds the address itself",
    fields={
        "public_id": None,
        "purpose": None,
        "request": None,
        "reference": None,
        "address": Sensitivity.CONTACT,
        "code_hash": Sensitivity.SECRET,
        "tries": None,
        "created_at": None,
        "expires_at": None,
        "used_at": None,
    },
)
_COPY = "a copy of what other sources hold, made for the person and shredded with its key"
classify(
    "requests_app.Bundle",
    because=_COPY,
    fields={
        "request": None,
        "prefix": None,
        "key": Sensitivity.SECRET,
        "created_at": None,
        "failure_reason": Sensitivity.ORDINARY,
        "object_name": None,
        "size": None,
        "sealed_size": None,
        "sha256": None,
        "summary": None,
        "error_code": None,
        "assembled_at": None,
        "released_at": None,
        "expires_at": None,
        "reminded_at": None,
        "fetched_at": Sensitivity.ORDINARY,
        "shredded_at": None,
    },
)
classify(
    "requests_app.Step",
    because=_COPY,
    fields={
        "bundle": None,
        "position": None,
        "source_key": None,
        "title": None,
        "locator": Sensitivity.CONTACT,
        "status": None,
        "reason": None,
        "error_code": None,
        "attempts": None,
        "count": None,
        "problem_count": None,
        "output": Sensitivity.ORDINARY,
        "inline": Sensitivity.ORDINARY,
        "finished_at": None,
    },
)
classify(
    "requests_app.DownloadGrant",
    because="a keyed hash of a session, for one day",
    fields={"bundle": None, "session_hash": Sensitivity.ORDINARY, "opened_at": Sensitivity.ORDINARY, "expires_at": None},
)
classify(
    "requests_app.Look",
    because="the audit trail, which the person sees, has the same entry; this row only times the look",
    fields={
        "request": None,
        "user": None,
        "reason": Sensitivity.ORDINARY,
        "note": Sensitivity.ORDINARY,
        "opened_at": Sensitivity.ORDINARY,
        "expires_at": None,
    },
)
holds_nothing("requests_app.Volume", because="object names and sizes of sealed files, and numbers of records in them")
holds_nothing("requests_app.RateWindow", because="counters under keyed hashes, for one hour")
