"""The directory of authorities and what they wrote, at the desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from privacycenter.audit.admin import ReadOnlyAdmin
from requests_app.models import Authority, AuthorityFeedback


@admin.register(Authority)
class AuthorityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Kept by hand: whoever opened the address and found it right writes today's date."""

    list_display = ("name", "country", "region", "checked_on", "is_listed")
    list_filter = ("is_listed",)
    search_fields = ("name", "country")
    fields = ("key", "country", "region", "name", "web_address", "how_to_file", "checked_on", "position", "is_listed")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "web_address":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # letters name it; it is taken off the list instead


@admin.register(AuthorityFeedback)
class AuthorityFeedbackAdmin(ReadOnlyAdmin):
    """The letters of all authorities, those that want an answer first. What they say stands on the ticket, behind a look."""

    list_display = ("ticket", "authority", "received_on", "answer_due_on", "outcome")
    list_display_links = None
    list_filter = ("outcome",)
    list_select_related = ("request", "authority")
    ordering = ("answer_due_on", "-received_on")

    @admin.display(description=_("ticket"))
    def ticket(self, row: AuthorityFeedback) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:requests_app_request_change", args=[row.request_id]), row.request.ref)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
