"""What this room holds about people: their requests with history. Codes, keys and work in progress are listed with reasons."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.model_source import PAGE, ModelSource
from privacycenter.kernel.sources import Item, Locator, Record, Sensitivity, SourceDescription, SourceField, registry
from privacycenter.subjects.models import Subject
from requests_app.models import Request, TimelineEvent


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
        """Each page of requests with its history in one more query."""
        page: list[Record] = []
        for item in super().export(locator):
            if isinstance(item, Record):
                page.append(item)
            else:
                yield item
            if len(page) == PAGE:
                yield from self._with_history(page)
                page = []
        yield from self._with_history(page)

    @staticmethod
    def _with_history(page: list[Record]) -> Iterator[Record]:
        if not page:
            return
        events = TimelineEvent.objects.filter(request_id__in=[int(record.key) for record in page], is_internal=False)
        rows = events.order_by("request_id", "id").values_list("request_id", "at", "event", "note")
        history = {key: list(group) for key, group in groupby(rows, key=lambda row: row[0])}
        for record in page:
            happened = [{"at": at, "event": event, "note": note} for _pk, at, event, note in history.get(int(record.key), [])]
            yield Record(record.key, {**record.values, "history": happened})


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
holds_nothing("requests_app.Volume", because="object names and sizes of sealed files")
holds_nothing("requests_app.RateWindow", because="counters under keyed hashes, for one hour")
