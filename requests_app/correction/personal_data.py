"""What rectification holds about people: the corrections they asked for, and the notes that stand beside their data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext

from privacycenter.kernel.classification import classify
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
from requests_app.correction.values import unpack
from requests_app.domain.retention import also_forget
from requests_app.enums import CorrectionKind, Decision, NoteKind, Status
from requests_app.models import Annotation, Correction, RecipientNotice
from requests_app.row_reading import Row, key_of, read_rows


class _SealedRows(ModelSource):
    """Rows with encrypted columns: one that can't be decrypted costs itself, not the others."""

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def export(self, locator: Locator) -> Iterator[Item]:
        for queryset in self.querysets(locator):
            rows = queryset.order_by("pk").values_list("pk", *self.columns.values())
            page = read_rows(rows, at_most=PAGE)
            while page:
                yield from (self._item(row) for row in page)
                page = read_rows(rows.filter(pk__gt=key_of(page[-1])), at_most=PAGE) if len(page) == PAGE else []

    def _item(self, row: Row) -> Item:
        if isinstance(row, int):
            return Problem(str(row), gettext("This record could not be decrypted."))
        return self.record(row[0], dict(zip(self.columns, row[1:], strict=True)))


class CorrectionSource(_SealedRows):
    """What somebody said is wrong, sent or not yet sent, with what was decided about it."""

    description = SourceDescription(
        key="requests.corrections",
        title="Corrections you asked for",
        category="requests",
        fields=(
            SourceField("request", "Request"),
            SourceField("what", "What you asked for"),
            SourceField("source", "Where it is held"),
            SourceField("record", "Record"),
            SourceField("field", "Field"),
            SourceField("held", "What we held"),
            SourceField("proposed", "What you said it should be"),
            SourceField("reason", "Why"),
            SourceField("filed_at", "Filed"),
            SourceField("decision", "Decision"),
            SourceField("decision_reason", "Reason of the decision"),
            SourceField("decided_at", "Decided"),
            SourceField("applied_at", "Changed"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="given by you when you asked for a correction, and noted while it was decided",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(
            Treatment.ANONYMISE,
            "That you asked for a correction, and what we decided, stays with your request. The values and your words are removed.",
            order=840,
        ),
    )
    columns = {
        "request": "request__ref",
        "what": "kind",
        "source": "title",
        "record": "record",
        "field": "label",
        "held": "held",
        "proposed": "proposed",
        "reason": "reason",
        "filed_at": "filed_at",
        "decision": "decision",
        "decision_reason": "decision_reason",
        "decided_at": "decided_at",
        "applied_at": "applied_at",
    }
    dated_by = "filed_at"
    treatments = frozenset({Treatment.ANONYMISE, Treatment.RETAIN})
    # Empty rather than null: that a refusal had its reason stays true.
    anonymous = {"record": "", "held": "", "proposed": "", "reason": "", "found": "", "decision_reason": ""}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        sent = Correction.objects.filter(request__subject_id=locator["subject"])
        return [Correction.objects.filter(subject_id=locator["subject"], request=None), sent]

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        shown = {name: unpack(values[name]) if values[name] else None for name in ("held", "proposed")}
        words = {"what": label_in(CorrectionKind, values["what"]), "decision": label_in(Decision, values["decision"])}
        return Record(str(primary_key), values | shown | words)

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        """With what recipients were to find them by; what those of the erasure itself need is told when it is done."""
        if treatment is Treatment.ANONYMISE:
            earlier = RecipientNotice.objects.filter(request__subject_id=locator["subject"]).exclude(request__status=Status.ERASING)
            earlier.update(details=None, token="", marks=[])
        return super().erase(locator, treatment)

    def _anonymise(self, queryset: QuerySet[Any]) -> Erased:
        """Drafts were never sent: they go."""
        removed, _each = Correction.objects.filter(pk__in=queryset.filter(request=None).values("pk")).delete()
        keys = list(queryset.exclude(request=None).values_list("pk", flat=True))
        changed = Correction.objects.filter(pk__in=keys).exclude(**self.anonymous).update(**self.anonymous)
        return Erased(removed=removed, anonymised=changed)


class AnnotationSource(_SealedRows):
    """Notes and additions of the person. Each names the record it belongs to, so that it travels with the data (GDPR Art. 16)."""

    description = SourceDescription(
        key="requests.annotations",
        title="Your notes on your data",
        category="requests",
        fields=(
            SourceField("source", "Stands beside"),
            SourceField("source_key", "Key of the source"),
            SourceField("record", "Record"),
            SourceField("field", "Field"),
            SourceField("kind", "What it is"),
            SourceField("text", "Your words"),
            SourceField("at", "Written"),
            SourceField("request", "Request"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="given by you when you asked for a correction",
        retention="account_life",
        recipients=("staff_and_contractors",),
        portable=True,
        erasure=ErasureRule(Treatment.DELETE),
    )
    model = Annotation
    found_by = {"subject_id": "subject"}
    columns = {
        "source": "title",
        "source_key": "source_key",
        "record": "record",
        "field": "label",
        "kind": "kind",
        "text": "text",
        "at": "at",
        "request": "request__ref",
    }
    dated_by = "at"

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"kind": label_in(NoteKind, values["kind"])})


def forget(requests: Sequence[int]) -> None:
    """What leads to people goes; what was asked for and decided stays as a fact. Notes stay with the data, and forget the request."""
    Correction.objects.filter(request__in=requests).update(**CorrectionSource.anonymous)
    RecipientNotice.objects.filter(request__in=requests).update(answer=None, reason="", details=None, token="", marks=[])
    Annotation.objects.filter(request__in=requests).update(request=None, correction=None)


also_forget(forget)
registry.register(CorrectionSource())
registry.register(AnnotationSource())

classify(
    "requests_app.Correction",
    source="requests.corrections",
    fields={
        "subject": Sensitivity.ORDINARY,
        "request": None,
        "kind": Sensitivity.ORDINARY,
        "source_key": Sensitivity.ORDINARY,
        "title": Sensitivity.ORDINARY,
        "record": Sensitivity.ORDINARY,
        "field": Sensitivity.ORDINARY,
        "label": Sensitivity.ORDINARY,
        "held": Sensitivity.ORDINARY,
        "proposed": Sensitivity.ORDINARY,
        "reason": Sensitivity.ORDINARY,
        "found": Sensitivity.ORDINARY,
        "filed_at": Sensitivity.ORDINARY,
        "added_by": None,
        "decision": Sensitivity.ORDINARY,
        "decision_reason": Sensitivity.ORDINARY,
        "decided_at": Sensitivity.ORDINARY,
        "decided_by": None,
        "begun_at": None,
        "applied_at": Sensitivity.ORDINARY,
        "error_code": None,
    },
)
classify(
    "requests_app.Annotation",
    source="requests.annotations",
    fields={
        "subject": Sensitivity.ORDINARY,
        "request": Sensitivity.ORDINARY,
        "correction": None,
        "kind": Sensitivity.ORDINARY,
        "source_key": Sensitivity.ORDINARY,
        "title": Sensitivity.ORDINARY,
        "record": Sensitivity.ORDINARY,
        "field": Sensitivity.ORDINARY,
        "label": Sensitivity.ORDINARY,
        "text": Sensitivity.ORDINARY,
        "at": Sensitivity.ORDINARY,
    },
)
classify(
    "requests_app.RecipientNotice",
    because="who was told that fields were changed, by their labels, with what finds them there for 30 days; the person's page shows it",
    fields={
        "request": None,
        "recipient_key": None,
        "recipient_name": None,
        "event": None,
        "changed": None,
        "round": None,
        "marks": Sensitivity.ORDINARY,
        "made_at": None,
        "details": Sensitivity.ORDINARY,
        "token": None,
        "open_until": None,
        "opened_at": None,
        "reminded_at": None,
        "state": None,
        "how": None,
        "told_at": None,
        "told_by": None,
        "answered_at": None,
        "answer": Sensitivity.ORDINARY,
        "reason": Sensitivity.ORDINARY,
    },
)
