"""The desk's start page: what staff come for stands first."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from requests_app.queries import overdue_count

ORDER = ("requests_app", "subjects", "accounts", "preferences", "datamap", "records", "mail", "jobs", "audit")


class DeskSite(AdminSite):
    site_title = site_header = f"{settings.OPERATOR_NAME} privacy desk"
    index_title = _("Privacy desk")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The rooms in the order in which staff need them; those of others by name after them."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: ORDER.index(app["app_label"]) if app["app_label"] in ORDER else len(ORDER))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {"overdue": overdue_count(), **(extra_context or {})})
