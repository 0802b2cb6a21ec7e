"""The queue: what burns on top. It shows references, kinds, states and dates; nothing of the person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, F, OrderBy, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from privacycenter.audit.admin import ReadOnlyAdmin
from requests_app.admin import ticket
from requests_app.admin.filters import BurningFilter, HolderFilter, KindFilter, StateFilter
from requests_app.admin.presentation import KINDS, is_late, state_word
from requests_app.enums import Kind, Status
from requests_app.models import Request
from requests_app.presentation import days_left
from requests_app.queries import queue
from requests_app.references import tidy_reference


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin):
    """Lists requests by what burns. A row opens the ticket (requests_app.admin.ticket)."""

    list_display = ("ref", "due_word", "state_word", "kind_word", "received_at", "assignee_name")
    list_filter = (BurningFilter, StateFilter, HolderFilter, KindFilter)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("=ref",)
    search_help_text = _("A reference, like PR-7K3M-Q9XA.")
    change_list_template = "admin/requests_app/request/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Request]:
        return queue().annotate(burns_at=Case(When(status__in=Status.OPEN, then=F("due_at"))))

    def get_ordering(self, request: HttpRequest) -> list[OrderBy]:  # type: ignore[override]  # expressions are allowed
        return [F("burns_at").asc(nulls_last=True), F("received_at").desc()]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Request], search_term: str) -> tuple[QuerySet[Request], bool]:
        return super().get_search_results(request, queryset, tidy_reference(search_term) or search_term)

    @admin.display(description=_("right"), ordering="kind")
    def kind_word(self, item: Request) -> str:
        return str(KINDS[Kind(item.kind)])

    @admin.display(description=_("state"), ordering="status")
    def state_word(self, item: Request) -> str:
        return state_word(item)

    @admin.display(description=_("due"), ordering="burns_at")
    def due_word(self, item: Request) -> str:
        words = days_left(item)
        return format_html('<strong class="burns">⚠ {}</strong>', words) if is_late(item) else words

    @admin.display(description=_("with"), ordering="assignee__username")
    def assignee_name(self, item: Request) -> str:
        return item.assignee.username if item.assignee else gettext("nobody")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("find/", view(ticket.find), name="requests_app_request_find"),
            path("<int:pk>/look/", view(ticket.look), name="requests_app_request_look"),
            path("<int:pk>/assign/", view(ticket.assign), name="requests_app_request_assign"),
            path("<int:pk>/withhold/", view(ticket.withhold), name="requests_app_request_withhold"),
            path("<int:pk>/preview/", view(ticket.preview), name="requests_app_request_preview"),
            path("<int:pk>/act/<slug:event>/", view(ticket.act), name="requests_app_request_act"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": gettext("Requests")})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return ticket.show(request, object_id)
