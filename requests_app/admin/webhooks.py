"""Webhooks at the desk: which systems are told of the requests they filed. A secret is shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.preferences.models import ApiClient
from requests_app.admin.pages import require
from requests_app.domain.webhooks import CHANGE, add_endpoint, switch_endpoint
from requests_app.models import WebhookEndpoint


class EndpointForm(forms.Form):
    """Whom to tell, and where."""

    client = forms.ModelChoiceField(label=_("API client"), queryset=ApiClient.objects.none())
    url = forms.URLField(
        label=_("Address"), max_length=300, help_text=_("https, and a host that OUTBOUND_ALLOW names."), assume_scheme="https"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = ApiClient.objects.order_by("name")  # type: ignore[attr-defined]


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list with how much waits to be told; adding shows the secret; switching is a verb."""

    list_display = ("url", "client_name", "is_active", "waiting", "created_at")
    change_list_template = "admin/requests_app/webhookendpoint/change_list.html"
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        waits = Count("deliveries", filter=Q(deliveries__delivered_at=None, is_active=True))
        rows: QuerySet[WebhookEndpoint] = super().get_queryset(request)
        return rows.annotate(waits=waits).order_by("-created_at")

    @admin.display(description=_("API client"))
    def client_name(self, endpoint: WebhookEndpoint) -> str:
        return self._names().get(endpoint.client_id, endpoint.client_id)

    @admin.display(description=_("waiting"))
    def waiting(self, endpoint: Any) -> int:
        return int(endpoint.waits)

    def _names(self) -> dict[str, str]:
        if not hasattr(self, "_known"):
            self._known: dict[str, str] = {}
        return self._known

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("preferences.view_apiclient")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CHANGE)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/switch/", view(self.switch), name="requests_app_webhookendpoint_switch"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self._known = dict(ApiClient.objects.values_list("pk", "name"))
        rows = list(self.get_queryset(request)) if request.user.has_perm(CHANGE) else []
        return super().changelist_view(request, {**(extra_context or {}), "endpoints": rows})

    @method_decorator(never_cache)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        require(request, CHANGE)
        form, secret = EndpointForm(request.POST or None), ""
        if request.method == "POST" and form.is_valid():
            try:
                _endpoint, secret = add_endpoint(
                    client_id=form.cleaned_data["client"].pk, url=form.cleaned_data["url"], actor=Actor.for_user(request.user)
                )
            except PrivacyCenterError as error:
                form.add_error("url", str(error))
        context = {**admin.site.each_context(request), "title": gettext("Add a webhook"), "form": form, "secret": secret}
        status = 422 if request.method == "POST" and not secret else 200
        return TemplateResponse(request, "admin/requests_app/webhookendpoint/add.html", {**context, "opts": self.opts}, status=status)

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        return _switch(request, pk)


@require_POST
def _switch(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, CHANGE)
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    switch_endpoint(endpoint, is_active=not endpoint.is_active, actor=Actor.for_user(request.user))
    messages.success(request, gettext("Switched."))
    return redirect("admin:requests_app_webhookendpoint_changelist")
