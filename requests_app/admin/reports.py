"""Reports of children's accounts at the desk: those that found nobody wait here for a person to look."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.domain.people import LOOK
from requests_app.limits.children import DECIDE, close_report, show_report, tie_report
from requests_app.limits.forms import TieForm
from requests_app.models import ChildReport


@admin.register(ChildReport)
class ChildReportAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "state", "request", "closed_at")
    list_filter = ("state",)
    list_select_related = ("request",)
    ordering = ("-id",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("account", "words", "contact")

    def get_urls(self) -> list[URLPattern]:
        views = (("show", self.show), ("tie", self.tie), ("close", self.close))
        own = [path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"requests_app_childreport_{name}") for name, view in views]
        return [*own, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, self._report(object_id))

    @method_decorator(require_POST)
    def show(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was typed, once; the look is on record."""
        report = self._allowed(request, pk, LOOK)
        show_report(report, actor=Actor.for_user(request.user))
        return self._page(request, report, shown=True)

    @method_decorator([require_POST, sensitive_post_parameters("account")])
    def tie(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Staff found the account that is meant."""
        report, form = self._allowed(request, pk, LOOK), TieForm(request.POST)
        if form.is_valid():
            try:
                opened = tie_report(report, account=form.cleaned_data["account"], actor=Actor.for_user(request.user))
            except PrivacyCenterError:
                form.add_error("account", _("Nobody has this user name or address, or the report is not open any more."))
            else:
                messages.success(request, _("The account is restricted, and request %(ref)s is open.") % {"ref": opened.ref})
                return redirect("admin:requests_app_request_change", opened.pk)
        return self._page(request, report, form=form)

    @method_decorator(require_POST)
    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Nobody is meant whom we know."""
        report = self._allowed(request, pk, DECIDE)
        try:
            close_report(report, actor=Actor.for_user(request.user))
        except PrivacyCenterError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Closed. What was typed is deleted."))
        return redirect("admin:requests_app_childreport_change", pk)

    def _report(self, pk: Any) -> ChildReport:
        found = ChildReport.objects.select_related("request__subject").filter(pk=pk).first() if str(pk).isdecimal() else None
        if found is None:
            raise Http404
        return found

    def _allowed(self, request: HttpRequest, pk: int, permission: str) -> ChildReport:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return self._report(pk)

    def _page(self, request: HttpRequest, report: ChildReport, *, shown: bool = False, form: TieForm | None = None) -> HttpResponse:
        is_waiting = report.state == "unknown"
        context = {
            **self.admin_site.each_context(request),
            "title": _("Report %(number)d") % {"number": report.pk},
            "opts": self.opts,
            "report": report,
            "shown": shown,
            "may_look": request.user.has_perm(LOOK) and report.state != "closed",
            "may_close": is_waiting and request.user.has_perm(DECIDE),
            "form": (form or TieForm()) if is_waiting and request.user.has_perm(LOOK) else None,
        }
        return TemplateResponse(request, "admin/requests_app/childreport/report.html", context, status=422 if form is not None else 200)
