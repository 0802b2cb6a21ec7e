"""What authorities wrote about a person's requests, as a source of personal data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.labels import label_in
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import ErasureRule, Locator, Record, Sensitivity, SourceDescription, SourceField, Treatment, registry
from privacycenter.subjects.models import Subject
from requests_app.domain.retention import also_forget
from requests_app.enums import FeedbackOutcome
from requests_app.models import AuthorityFeedback, ProposedRefusal


class FeedbackSource(ModelSource):
    """Letters of authorities about somebody's requests and complaints, as our staff noted them."""

    description = SourceDescription(
        key="requests.authority_feedback",
        title="What authorities wrote about your requests",
        category="requests",
        fields=(
            SourceField("request", "Request"),
            SourceField("authority", "Authority"),
            SourceField("reference", "Their reference"),
            SourceField("received_on", "Received"),
            SourceField("answer_due_on", "Answer due"),
            SourceField("summary", "What they say"),
            SourceField("outcome", "Outcome"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="received from an authority and noted by our staff",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(
            Treatment.RETAIN,
            "It belongs to your requests, which stay as proof of what we answered, and goes with them.",
            keep_days=1461,
            order=840,
        ),
    )
    treatments = frozenset({Treatment.RETAIN})
    columns = {
        "request": "request__ref",
        "authority": "authority__name",
        "reference": "reference",
        "received_on": "received_on",
        "answer_due_on": "answer_due_on",
        "summary": "summary",
        "outcome": "outcome",
    }
    dated_by = "recorded_at"

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [AuthorityFeedback.objects.filter(request__subject_id=locator["subject"])]

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"outcome": label_in(FeedbackOutcome, values["outcome"])})


def _forget(requests: Sequence[int]) -> None:
    """That an authority wrote, when, and what came of it stays; what it said goes."""
    AuthorityFeedback.objects.filter(request__in=requests).update(reference=None, summary="")
    ProposedRefusal.objects.filter(request__in=requests).delete()


registry.register(FeedbackSource())
also_forget(_forget)

classify(
    "requests_app.ProposedRefusal",
    because="work on an answer, until a second person agrees; then it stands in the letter and is gone here",
    fields={"request": None, "ground": Sensitivity.ORDINARY, "reasoning": Sensitivity.ORDINARY, "proposed_by": None, "proposed_at": None},
)
classify(
    "requests_app.AuthorityFeedback",
    source="requests.authority_feedback",
    fields={
        "request": Sensitivity.ORDINARY,
        "authority": Sensitivity.ORDINARY,
        "reference": Sensitivity.ORDINARY,
        "received_on": Sensitivity.ORDINARY,
        "answer_due_on": Sensitivity.ORDINARY,
        "summary": Sensitivity.ORDINARY,
        "outcome": Sensitivity.ORDINARY,
        "recorded_by": None,
        "recorded_at": None,
    },
)
holds_nothing("requests_app.Question", because="when a question was asked and answered; the words stand in the history of the request")
holds_nothing("requests_app.Authority", because="public authorities and how to complain there")
