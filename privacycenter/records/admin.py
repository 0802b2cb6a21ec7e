"""Records as staff see them outside a request: that they are there, from where and when; whose they are stays masked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.datamap.sql.masking import masked
from privacycenter.records.models import FormSubmission, Interaction, PersonRecord


class RecordAdmin(ReadOnlyAdmin):
    """No search and no filter over unindexed columns: there may be millions of rows."""

    show_full_result_count = False
    ordering = ("-id",)
    content: tuple[str, ...] = ()  # columns that lists never fetch

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*self.content)

    @admin.display(description=_("Identifier"))
    def masked_identifier(self, record: PersonRecord) -> str:
        return masked(record.identifier_value)


@admin.register(Interaction)
class InteractionAdmin(RecordAdmin):
    list_display = ("id", "occurred_at", "channel", "identifier_kind", "origin")
    list_filter = ("channel", "identifier_kind")
    fields = ("occurred_at", "channel", "identifier_kind", "masked_identifier", "origin", "received_at", "text_length")
    content = ("summary", "body")

    @admin.display(description=_("Characters of text"))
    def text_length(self, record: Interaction) -> int:
        return len(record.summary) + len(record.body)


@admin.register(FormSubmission)
class FormSubmissionAdmin(RecordAdmin):
    list_display = ("id", "submitted_at", "form", "identifier_kind", "origin")
    list_filter = ("identifier_kind",)
    fields = ("submitted_at", "form", "identifier_kind", "masked_identifier", "origin", "received_at", "answer_count")
    content = ("answers",)

    @admin.display(description=_("Answers"))
    def answer_count(self, record: FormSubmission) -> int:
        return len(record.answers)
