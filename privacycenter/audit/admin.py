from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from privacycenter.audit.models import AuditEntry, AuditSeal


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows; changes nothing. Who may view is decided by the model's view permission."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "verb", "actor_kind", "actor_ref", "ticket")
    list_filter = ("verb", "actor_kind")
    search_fields = ("=ticket", "=actor_ref", "=verb")
    ordering = ("-id",)
    show_full_result_count = False
    readonly_fields = ("at", "verb", "actor_kind", "actor_ref", "ticket", "fields", "parameters")
    fields = readonly_fields


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    list_display = ("id", "sealed_at", "first_id", "last_id", "chain_hash")
    ordering = ("-id",)
    show_full_result_count = False
    fields = ("sealed_at", "first_id", "last_id", "gaps", "late", "previous_hash", "chain_hash")
