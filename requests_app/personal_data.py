"""What this room holds about people: their requests with history. Codes, keys and work in progress are listed with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Choices, QuerySet
from django.utils.translation import gettext

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.attachments import attach, stays
from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.labels import label_in
from privacycenter.kernel.model_source import PAGE, ModelSource
from privacycenter.kernel.sources import (
    Erased,
    ErasureRule,
    Item,
    Locator,
    Problem,
    Record,
    Sensitivity,
    SourceDescription,
    SourceField,
    Treatment,
    registry,
)
from privacycenter.subjects.models import Subject
from requests_app import personal_data_desk  # noqa: F401 - registers its part
from requests_app.answers import sources  # noqa: F401 - registers its own
from requests_app.answers.grounds import Ground
from requests_app.behalf import personal_data as _of_representations  # noqa: F401 - registers itself
from requests_app.correction import personal_data as _of_corrections  # noqa: F401 - registers itself
from requests_app.domain.release import shred_bundle
from requests_app.enums import Behalf, Channel, Kind, Outcome, Status
from requests_app.limits import personal_data  # noqa: F401 - says the same of its own models
from requests_app.models import Bundle, IdentityProof, Request, TimelineEvent
from requests_app.presentation import HAPPENED
from requests_app.row_reading import Row, key_of, read_rows
from requests_app.transfer import personal_data as _of_transfers  # noqa: F401 - registers itself


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
            SourceField("on_behalf", "For whom"),
            SourceField("words", "What you wrote"),
            SourceField("country", "Country you stated"),
            SourceField("refusal_ground", "Ground of a refusal"),
            SourceField("letter", "Letter with the decision"),
            SourceField("received_at", "Received"),
            SourceField("confirmed_at", "Confirmed"),
            SourceField("acknowledged_at", "Acknowledged"),
            SourceField("due_at", "Due"),
            SourceField("extended_at", "Extended"),
            SourceField("extension_reason", "Why it was extended"),
            SourceField("answered_at", "Answered"),
            SourceField("closed_at", "Closed"),
            SourceField("withheld", "Withheld sources, with reasons"),
            SourceField("history", "History"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="given by you when you used one of your rights, and noted while it was answered",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(
            Treatment.RETAIN,
            "Your requests and what we answered stay as proof that we did what you asked for, for three years after the year in which "
            "they were closed. Copies of your data that were made for you are destroyed.",
            keep_days=1461,
            order=850,
        ),
    )
    columns = {
        "reference": "ref",
        "kind": "kind",
        "state": "status",
        "outcome": "outcome",
        "channel": "channel",
        "contact": "contact",
        "on_behalf": "behalf",
        "words": "words",
        "country": "country",
        "refusal_ground": "refusal_ground",
        "letter": "letter",
        "received_at": "received_at",
        "confirmed_at": "verified_at",
        "acknowledged_at": "acknowledged_at",
        "due_at": "due_at",
        "extended_at": "extended_at",
        "extension_reason": "extension_reason",
        "answered_at": "answered_at",
        "closed_at": "closed_at",
        "withheld": "withheld",
    }
    dated_by = "received_at"
    treatments = frozenset({Treatment.RETAIN})

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [Request.objects.verified().filter(subject_id=locator["subject"])]

    def _retain(self, queryset: QuerySet[Any]) -> Erased:
        """Copies of what is erased go; the erasure itself keeps what it works with. Later the identifiers in requests go as well (K-01)."""
        for bundle in Bundle.objects.filter(request__in=queryset.exclude(kind=Kind.ERASURE), shredded_at=None).select_related("request"):
            shred_bundle(bundle, actor=Actor.system("requests"))
        IdentityProof.objects.filter(request__in=queryset).delete()
        return super()._retain(queryset)

    def export(self, locator: Locator) -> Iterator[Item]:
        """Each page of requests with its history in one more query. What can't be decrypted costs its own row, not the others."""
        for queryset in self.querysets(locator):
            rows = queryset.order_by("pk").values_list("pk", *self.columns.values())
            page = read_rows(rows, at_most=PAGE)
            while page:
                yield from self._with_history(page)
                page = read_rows(rows.filter(pk__gt=key_of(page[-1])), at_most=PAGE) if len(page) == PAGE else []

    def _with_history(self, page: Sequence[Row]) -> Iterator[Item]:
        events = TimelineEvent.objects.filter(request_id__in=[key_of(row) for row in page], is_internal=False).order_by("request_id", "id")
        found = read_rows(events.values_list("pk", "request_id", "at", "event", "note"))
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


_CHOICES: dict[str, type[Choices]] = {
    "kind": Kind,
    "state": Status,
    "outcome": Outcome,
    "channel": Channel,
    "on_behalf": Behalf,
    "refusal_ground": Ground,
}

registry.register(RequestSource())

attach("requests_app.SavedView.user", source="accounts.profile")
stays("requests_app.Look.user", because="who looked, and why, is owed to the person looked at (D-07); the account names nobody")

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
        "behalf": Sensitivity.ORDINARY,
        "filed_by": Sensitivity.ORDINARY,
        "entered_by": None,
        "filed_by_client": None,
        "words": Sensitivity.ORDINARY,
        "choices": Sensitivity.ORDINARY,
        "follows": None,
        "country": Sensitivity.ORDINARY,
        "is_priority": None,
        "refusal_ground": Sensitivity.ORDINARY,
        "letter": Sensitivity.ORDINARY,
        "decided_at": Sensitivity.ORDINARY,
        "decided_by": None,
        "forgotten_at": None,
        "received_at": Sensitivity.ORDINARY,
        "verified_at": Sensitivity.ORDINARY,
        "acknowledge_by": None,
        "acknowledged_at": Sensitivity.ORDINARY,
        "extended_at": Sensitivity.ORDINARY,
        "extension_reason": Sensitivity.ORDINARY,
        "paused_at": Sensitivity.ORDINARY,
        "paused_days": None,
        "reminded_days": None,
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
        "hides": None,
        "outdated_at": None,
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
        "allowed_use": Sensitivity.ORDINARY,
        "note": Sensitivity.ORDINARY,
        "opened_at": Sensitivity.ORDINARY,
        "expires_at": None,
    },
)
holds_nothing("requests_app.Volume", because="object names and sizes of sealed files, and numbers of records in them")
holds_nothing("requests_app.RateWindow", because="counters under keyed hashes, for one hour")
holds_nothing("requests_app.Regime", because="laws with a clock, and which member of staff wrote a version")
holds_nothing("requests_app.RegimeRule", because="how long a law gives")
