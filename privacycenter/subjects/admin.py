from __future__ import annotations

from django.contrib import admin

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.subjects.models import Subject


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin):
    """People by their random id only: identifiers open on a ticket, after a reason was given."""

    list_display = ("public_id", "created_at")
    fields = ("public_id", "created_at")
    search_fields = ("=public_id",)
    ordering = ("-id",)
    show_full_result_count = False
