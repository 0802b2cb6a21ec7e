from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacycenter.audit import events
from privacycenter.audit.models import AuditEntry, AuditSeal
from privacycenter.kernel.actor import ActorKind


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows; changes nothing. Who may view is decided by the model's view permission."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EventFilter(admin.SimpleListFilter):
    """By kind of event, from the registry: asking the trail itself would read all of it."""

    title = _("what")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, events.get(key).label) for key in sorted(events.all_kinds())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


class ActorFilter(admin.SimpleListFilter):
    """By kind of actor."""

    title = _("who")
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.value, kind.value.replace("_", " ")) for kind in ActorKind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "verb", "actor_kind", "actor_ref", "ticket")
    list_filter = (EventFilter, ActorFilter)
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
