"""What this room holds about people: conversations with sales and support, and forms they filled in."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.model_source import IdentifierRows, ModelSource
from privacycenter.kernel.sources import Erased, ErasureRule, Locator, Sensitivity, SourceDescription, SourceField, Treatment, registry
from privacycenter.records.erased import note_erased
from privacycenter.records.items import is_answers
from privacycenter.records.models import FormSubmission, Interaction, PersonRecord
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers


class RecordSource(IdentifierRows, ModelSource):
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

    def _delete(self, queryset: QuerySet[Any]) -> Erased:
        """The keys of the items stay, as hashes, so that the same file does not bring them back."""
        note_erased(queryset.values_list("item_key", flat=True))
        return super()._delete(queryset)


class InteractionSource(RecordSource):
    model = Interaction
    description = SourceDescription(
        key="records.interactions",
        title="Conversations with sales and support",
        category="interactions",
        fields=(
            SourceField("occurred_at", "When"),
            SourceField("channel", "Channel"),
            SourceField("summary", "Summary", correctable=True),
            SourceField("body", "What was said or noted", correctable=True),
            SourceField("identifier", "Your address or number in it", Sensitivity.CONTACT),
            SourceField("origin", "System it comes from"),
        ),
        purposes=("support", "records_and_new_customers"),
        origin="recorded by our staff when you talked with sales or support",
        retention="interactions",
        recipients=("staff_and_contractors", "service_providers"),
        erasure=ErasureRule(Treatment.DELETE),
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
    correctable = {"summary": "summary", "body": "body"}

    def correction(self, field: str, value: Any) -> Any:
        if value is not None and not isinstance(value, str):
            raise ValueError(field)
        return super().correction(field, value)


class FormSubmissionSource(RecordSource):
    model = FormSubmission
    description = SourceDescription(
        key="records.form_submissions",
        title="Forms you filled in",
        category="forms",
        fields=(
            SourceField("submitted_at", "Sent"),
            SourceField("form", "Form"),
            SourceField("answers", "Your answers", correctable=True),
            SourceField("identifier", "Your address or number in it", Sensitivity.CONTACT),
            SourceField("origin", "System it comes from"),
        ),
        purposes=("account_and_service", "news_and_offers", "surveys_and_feedback", "support"),
        origin="given by you in a form",
        retention="form_submissions",
        recipients=("staff_and_contractors", "service_providers"),
        portable=True,
        erasure=ErasureRule(Treatment.DELETE),
    )
    columns = {
        "submitted_at": "submitted_at",
        "form": "form",
        "answers": "answers",
        "identifier": "identifier_value",
        "origin": "origin",
    }
    dated_by = "submitted_at"
    correctable = {"answers": "answers"}

    def correction(self, field: str, value: Any) -> Any:
        """All answers at once, by field name, as the form would send them."""
        value = super().correction(field, value)
        if not is_answers(value):
            raise ValueError(field)
        return value


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
holds_nothing("records.ErasedItem", because="keyed hashes of the keys of items that were erased: nothing leads from them to anybody")
