"""What this room holds about people: conversations with sales and support, and forms they filled in."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from privacycenter.kernel.classification import classify
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import Locator, Sensitivity, SourceDescription, SourceField, registry
from privacycenter.records.models import FormSubmission, Interaction, PersonRecord
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers


class RecordSource(ModelSource):
    """Rows that carry one of the identifiers a person has proven."""

    model: type[PersonRecord]

    def locate(self, subject: Subject) -> Locator:
        identifiers = [list(pair) for pair in proven_identifiers(subject)]
        return {"identifiers": identifiers} if identifiers else {}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        # One queryset per identifier: a row has exactly one, so they are disjoint, and each is answered from the index.
        return [
            self.model._default_manager.filter(identifier_kind=kind, identifier_value=value)
            for kind, value in locator.get("identifiers", ())
        ]


class InteractionSource(RecordSource):
    model = Interaction
    description = SourceDescription(
        key="records.interactions",
        title="Conversations with sales and support",
        category="interactions",
        fields=(
            SourceField("occurred_at", "When"),
            SourceField("channel", "Channel"),
            SourceField("summary", "Summary"),
            SourceField("body", "What was said or noted"),
            SourceField("identifier", "Your address or number in it", Sensitivity.CONTACT),
            SourceField("origin", "System it comes from"),
        ),
        purposes=("support", "records_and_new_customers"),
        origin="recorded by our staff when you talked with sales or support",
        retention="interactions",
        recipients=("staff_and_contractors", "service_providers"),
    )
    columns = {
        "occurred_at": "occurred_at",
        "channel": "channel",
        "summary": "summary",
        "body": "body",
        "identifier": "identifier_value",
        "origin": "origin",
    }
    dated_by = "occurred_at"


class FormSubmissionSource(RecordSource):
    model = FormSubmission
    description = SourceDescription(
        key="records.form_submissions",
        title="Forms you filled in",
        category="forms",
        fields=(
            SourceField("submitted_at", "Sent"),
            SourceField("form", "Form"),
            SourceField("answers", "Your answers"),
            SourceField("identifier", "Your address or number in it", Sensitivity.CONTACT),
            SourceField("origin", "System it comes from"),
        ),
        purposes=("account_and_service", "news_and_offers", "surveys_and_feedback", "support"),
        origin="given by you in a form",
        retention="form_submissions",
        recipients=("staff_and_contractors", "service_providers"),
        portable=True,
    )
    columns = {
        "submitted_at": "submitted_at",
        "form": "form",
        "answers": "answers",
        "identifier": "identifier_value",
        "origin": "origin",
    }
    dated_by = "submitted_at"


registry.register(InteractionSource())
registry.register(FormSubmissionSource())

_COMMON: dict[str, Sensitivity | None] = {
    "identifier_kind": None,
    "identifier_value": Sensitivity.CONTACT,
    "origin": Sensitivity.ORDINARY,
    "received_at": None,
    "item_key": None,
    "item_digest": None,
}
classify(
    "records.Interaction",
    source="records.interactions",
    fields={
        **_COMMON,
        "channel": Sensitivity.ORDINARY,
        "summary": Sensitivity.ORDINARY,
        "body": Sensitivity.ORDINARY,
        "occurred_at": Sensitivity.ORDINARY,
    },
)
classify(
    "records.FormSubmission",
    source="records.form_submissions",
    fields={
        **_COMMON,
        "form": Sensitivity.ORDINARY,
        "answers": Sensitivity.ORDINARY,
        "submitted_at": Sensitivity.ORDINARY,
    },
)
