"""What every page of the desk about requests begins with."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse

from requests_app.models import Request

VIEW = "requests_app.view_request"


def require(http: HttpRequest, permission: str) -> None:
    """Raise PermissionDenied unless the visitor has it."""
    if not http.user.has_perm(permission):
        raise PermissionDenied


def find_ticket(pk: int | str) -> Request:
    """The request with its person and its holder. Raises Http404."""
    try:
        return get_object_or_404(Request.objects.select_related("subject", "assignee"), pk=pk)
    except ValueError as error:
        raise Http404 from error


def page(http: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page of the desk from a template of requests."""
    shared = {**admin.site.each_context(http), "opts": Request._meta, "app_label": "requests_app"}
    return TemplateResponse(http, f"admin/requests_app/request/{template}", {**shared, **context}, status=status)


def back(pk: int) -> HttpResponse:
    """To the ticket again."""
    return redirect("admin:requests_app_request_change", pk)
