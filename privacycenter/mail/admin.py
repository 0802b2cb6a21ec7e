from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.mail.kinds import label_of
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.queries import mask_address


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """What was sent and what became of it; never what it said."""

    list_display = ("id", "label", "recipient", "ticket", "state", "last_error", "queued_at", "sent_at")
    list_filter = ("state", "kind")
    search_fields = ("=ticket", "=message_id", "=campaign")
    date_hierarchy = "queued_at"
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        "label",
        "recipient",
        "language",
        "ticket",
        ("topic", "campaign"),
        ("state", "last_error"),
        ("queued_at", "sent_at"),
        "message_id",
    )
    readonly_fields = ("label", "recipient")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("subject", "body", "headers")

    @admin.display(description=_("kind"), ordering="kind")
    def label(self, message: OutboxMessage) -> str:
        return label_of(message.kind)

    @admin.display(description=_("recipient"))
    def recipient(self, message: OutboxMessage) -> str:
        return mask_address(message.to) or "–"
