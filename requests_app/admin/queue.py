"""The queue: what burns on top. It shows references, kinds, states and dates; nothing of the person."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db.models import F, OrderBy, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from privacycenter.audit.admin import ReadOnlyAdmin
from requests_app.admin import (  # noqa: F401 - each mounts its addresses
    answers,
    behalf,
    board,
    bulk,
    deadlines,
    entering,
    export,
    messages,
    stops,
    ticket,
    views,
    webhooks,
)
from requests_app.admin.filters import BurningFilter, HolderFilter, KindFilter, StateFilter
from requests_app.admin.presentation import KINDS, is_late, state_word
from requests_app.admin.routes import mounted
from requests_app.domain.people import WORK
from requests_app.enums import Kind
from requests_app.figures import queue_counts
from requests_app.models import Request
from requests_app.models.request import BURNS_AT
from requests_app.presentation import days_left
from requests_app.queries import queue
from requests_app.references import tidy_reference

MOST = 10_000  # what is counted; beyond it the list says "more than"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts so far and no further: counting a million rows takes longer than showing fifty."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Request]", self.object_list)
        return min(rows.order_by()[: MOST + 1].count(), MOST)


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin):
    """Lists requests by what burns. A row opens the ticket (requests_app.admin.ticket)."""

    list_display = ("ref", "due_word", "state_word", "kind_word", "received_at", "assignee_name")
    list_filter = (BurningFilter, StateFilter, HolderFilter, KindFilter)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("=ref",)
    actions = bulk.ACTIONS
    search_help_text = _("A reference, like PR-7K3M-Q9XA.")
    change_list_template = "admin/requests_app/request/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Request]:
        return queue().annotate(burns_at=BURNS_AT)

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Who sees the actions that change several requests at once."""
        return request.user.has_perm(WORK)

    def get_ordering(self, request: HttpRequest) -> list[OrderBy]:  # type: ignore[override]  # expressions are allowed
        return [F("burns_at").asc(nulls_last=True), F("received_at").desc()]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Request], search_term: str) -> tuple[QuerySet[Request], bool]:
        # exactly, so that the index answers: Django's "=" folds the case of a million rows
        return (queryset.filter(ref=tidy_reference(search_term) or search_term), False) if search_term else (queryset, False)

    @admin.display(description=_("right"), ordering="kind")
    def kind_word(self, item: Request) -> str:
        return str(KINDS[Kind(item.kind)])

    @admin.display(description=_("state"), ordering="status")
    def state_word(self, item: Request) -> str:
        return state_word(item)

    @admin.display(description=_("due"), ordering="burns_at")
    def due_word(self, item: Request) -> str:
        words = days_left(item)
        shown = format_html('<strong class="burns">⚠ {}</strong>', words) if is_late(item) else words
        return format_html("<strong>{}</strong> · {}", gettext("Urgent"), shown) if item.is_priority and item.is_open else shown

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
            *mounted(view),
            *super().get_urls(),
        ]

    def response_action(  # type: ignore[override]  # the stubs know an argument that this Django has not
        self, request: HttpRequest, queryset: QuerySet[Request]
    ) -> HttpResponse | None:
        """Takes out what no list has offered before Django compares it with a column of numbers, and fails."""
        given = request.POST.copy()
        given.setlist(ACTION_CHECKBOX_NAME, [str(key) for key in bulk.keys_of(request)])
        request.POST = given  # type: ignore[assignment]  # a copy is a QueryDict as well
        return super().response_action(request, queryset)

    def get_paginator(self, request: HttpRequest, queryset: QuerySet[Request], per_page: int, *args: Any, **kwargs: Any) -> Any:
        return CappedPaginator(queryset, per_page, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        more = {"title": gettext("Requests"), "counts": queue_counts(), **views.context(request)}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return ticket.show(request, object_id)
