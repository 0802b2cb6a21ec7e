"""The erasure ledger as this database knows it, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.kernel import clock
from requests_app.models import LedgerEntry


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "reference", "event", "at", "gone_by", "in_backups")
    list_filter = ("event",)
    search_fields = ("=reference",)
    search_help_text = _("Reference of the request")
    ordering = ("-sequence",)
    show_full_result_count = False
    fields = ("sequence", "reference", "event", "at", "gone_by", "in_backups", "gone_noted_at", "replayed_at", "hash")
    readonly_fields = ("in_backups",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        return super().get_queryset(request).defer("line")

    @admin.display(description=_("backups"))
    def in_backups(self, entry: LedgerEntry) -> str:
        """In words, because a date alone does not say what it means."""
        return str(_("Gone from backups") if entry.gone_by <= clock.now() else _("May still be in backups"))
