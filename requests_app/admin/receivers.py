"""Receivers of copies at the desk: what people named, checked once by staff; an approval can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.admin.pages import require
from requests_app.models import Receiver
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.errors import ReceiverDecided
from requests_app.transfer.forms import AddReceiverForm, ApproveForm, RefuseForm
from requests_app.transfer.receivers import DECIDE, add_receiver, approve_receiver, turn_down_receiver, withdraw_approval

VIEW = "requests_app.view_receiver"


@admin.register(Receiver)
class ReceiverAdmin(ReadOnlyAdmin):
    """The list, those to be checked first; a page for each with what can be decided."""

    list_display = ("name", "host", "state", "waiting", "proposed_at", "decided_at")
    list_filter = ("state",)
    search_fields = ("name", "url")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receiver]:
        rows: QuerySet[Receiver] = super().get_queryset(request).defer("reason")
        is_new = Count("pk", filter=Q(state=ReceiverState.PROPOSED))
        waits = Count("transfers", filter=Q(transfers__state=TransferState.NAMED))
        return rows.annotate(is_new=is_new, waits=waits).order_by("-is_new", "name", "pk")

    @admin.display(description=_("host"))
    def host(self, receiver: Receiver) -> str:
        return receiver.host

    @admin.display(description=_("people who chose it"))
    def waiting(self, receiver: Any) -> int:
        return int(receiver.waits)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(DECIDE)

    def get_urls(self) -> list[URLPattern]:
        views = (("approve", self.approve), ("turn_down", self.turn_down), ("withdraw", self.withdraw))
        own = [path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"requests_app_receiver_{name}") for name, view in views]
        return [*own, *super().get_urls()]

    @method_decorator(never_cache)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        require(request, DECIDE)
        form = AddReceiverForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                receiver = add_receiver(**form.cleaned_data, actor=Actor.for_user(request.user))
            except PrivacyCenterError as error:
                form.add_error("url", str(error))
            else:
                return redirect("admin:requests_app_receiver_change", receiver.pk)
        context = {**self.admin_site.each_context(request), "title": gettext("Add a receiver"), "opts": self.opts, "form": form}
        return TemplateResponse(request, "admin/requests_app/receiver/add.html", context, status=422 if form.is_bound else 200)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        require(request, VIEW)
        return self._page(request, _find(object_id))

    @method_decorator(require_POST)
    def approve(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everybody may choose it from now on."""
        return self._decide(request, pk, ApproveForm, approve_receiver, gettext("Approved. Those who wait for it are told."))

    @method_decorator(require_POST)
    def turn_down(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Nothing is sent there; those who named it are told why."""
        return self._decide(request, pk, RefuseForm, turn_down_receiver, gettext("Turned down. Those who named it are told."))

    @method_decorator(require_POST)
    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Nothing more is sent there."""
        return self._decide(request, pk, RefuseForm, withdraw_approval, gettext("Withdrawn. Nothing more is sent there."))

    def _decide(self, request: HttpRequest, pk: int, kind: type[forms.Form], verb: Callable[..., None], said: str) -> HttpResponse:
        require(request, DECIDE)
        receiver, form = _find(pk), kind(request.POST)
        if form.is_valid():
            try:
                verb(receiver, **form.cleaned_data, actor=Actor.for_user(request.user))
            except ReceiverDecided as error:
                messages.error(request, str(error))  # and show it as it is now, not with the form of before
                return redirect("admin:requests_app_receiver_change", pk)
            except PrivacyCenterError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, said)
                return redirect("admin:requests_app_receiver_change", pk)
        return self._page(request, _find(pk), form)

    def _page(self, request: HttpRequest, receiver: Receiver, form: forms.Form | None = None) -> HttpResponse:
        is_approved, may_decide = receiver.state == ReceiverState.APPROVED, request.user.has_perm(DECIDE)
        can_refuse = is_approved or receiver.state == ReceiverState.PROPOSED
        approve = form if isinstance(form, ApproveForm) else ApproveForm(initial={"name": receiver.name, "seen": receiver.state})
        refuse = form if isinstance(form, RefuseForm) else RefuseForm()
        context = {
            **self.admin_site.each_context(request),
            "title": receiver.name,
            "opts": self.opts,
            "receiver": receiver,
            "counts": _counts(receiver),
            "is_approved": is_approved,
            "approve_form": approve if may_decide and not is_approved else None,
            "refuse_form": refuse if may_decide and can_refuse else None,
        }
        return TemplateResponse(request, "admin/requests_app/receiver/receiver.html", context, status=422 if form is not None else 200)


def _find(pk: int | str) -> Receiver:
    found = Receiver.objects.filter(pk=pk).first() if str(pk).isdecimal() else None
    if found is None:
        raise Http404
    return found


def _counts(receiver: Receiver) -> dict[str, int]:
    of = {name: Count("pk", filter=Q(state=state)) for name, state in (("chosen", "named"), ("sending", "sending"), ("done", "done"))}
    return receiver.transfers.aggregate(**of)
