"""Lists of addresses at the desk: upload, wait, fetch. A colleague sees their own lists only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.preferences.campaigns.figures import OTHER, REASONS
from privacycenter.preferences.enums import Channel, ListState, ListTask
from privacycenter.preferences.models import AddressList, Topic
from privacycenter.preferences.scrub.lists import KEEP, MAX_BYTES, is_over, open_result, upload_list
from privacycenter.preferences.scrub.work import INVALID, PROBLEMS, REFUSED, REMARKS, SURPLUS

_REFRESH_SECONDS = 3
_BY_ADDRESS = (Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.POST)


class UploadForm(forms.ModelForm):  # type: ignore[type-arg]
    """A list and what is asked about it."""

    file = forms.FileField(
        label=_("List"), help_text=_("A CSV file whose first line names the columns; up to 1 GB. It is deleted after a day.")
    )

    class Meta:
        model = AddressList
        fields = ("task", "topic", "channel", "column", "campaign")
        labels = {"task": _("What to do"), "channel": _("Way to reach people"), "campaign": _("Name of the mailing")}
        help_texts = {
            "column": _("Only where it is not called e-mail, address or phone."),
            "campaign": _("For links: it stands in our records beside each link, so that you can tell mailings apart."),
        }
        widgets = {"task": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topic: Any = self.fields["topic"]
        topic.queryset = Topic.objects.filter(is_active=True)
        topic.label_from_instance = lambda each: each.title
        task: Any = self.fields["task"]
        task.choices = ListTask.choices
        task.initial = ListTask.SCRUB
        channel: Any = self.fields["channel"]
        channel.choices = [(each.value, each.label) for each in _BY_ADDRESS]

    def clean_file(self) -> Any:
        uploaded = self.cleaned_data["file"]
        if uploaded.size > MAX_BYTES:
            raise ValidationError(gettext("The list is larger than 1 GB. Cut it into parts."))
        return uploaded

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        topic, channel = data.get("topic"), data.get("channel")
        if topic is not None and channel and channel not in topic.channels:
            self.add_error("channel", gettext("This topic is not offered this way."))
        if data.get("task") == ListTask.LINKS and channel and channel != Channel.EMAIL:
            self.add_error("channel", gettext("Links are made for e-mail."))
        return data


@admin.register(AddressList)
class AddressListAdmin(ReadOnlyAdmin):
    """Read-only but for the upload, which is a page of its own."""

    change_list_template = "admin/preferences/addresslist/change_list.html"
    list_display = ("reference", "task", "topic", "channel", "state", "rows", "allowed", "uploaded_at")
    list_filter = ("state", "task")
    ordering = ("-id",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AddressList]:
        found = super().get_queryset(request).select_related("topic").defer("key")
        return found if request.user.is_superuser else found.filter(uploaded_by=Actor.for_user(request.user).ref)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("upload/", view(self.upload_view), name="preferences_addresslist_upload"),
            path("<int:pk>/fetch/", view(require_POST(self.fetch_view)), name="preferences_addresslist_fetch"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_upload = request.user.has_perm("preferences.add_addresslist")
        return super().changelist_view(request, {**(extra_context or {}), "may_upload": may_upload})

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Take a list in; the work on it is done in the background."""
        if not request.user.has_perm("preferences.add_addresslist"):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            made = upload_list(form.save(commit=False), chunks=form.cleaned_data["file"].chunks(), actor=Actor.for_user(request.user))
            return HttpResponseRedirect(reverse("admin:preferences_addresslist_change", args=[made.pk]))
        context = {**self.admin_site.each_context(request), "title": gettext("Check a list of addresses"), "opts": self.opts, "form": form}
        return TemplateResponse(request, "admin/preferences/addresslist/upload.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How far it is, then what came of it."""
        address_list = self._found(request, object_id)
        is_running = address_list.state in {ListState.WAITING, ListState.RUNNING}
        words = {**REASONS, INVALID: REMARKS[INVALID], REFUSED: REMARKS[REFUSED], SURPLUS: REMARKS[SURPLUS]}
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("List %(reference)s") % {"reference": address_list.reference},
            "opts": self.opts,
            "list": address_list,
            "is_running": is_running,
            "is_ready": address_list.state == ListState.DONE and not is_over(address_list),
            "percent": 100 * address_list.bytes_done // max(address_list.size, 1),
            "problem": PROBLEMS.get(address_list.problem, PROBLEMS["error"]) if address_list.state == ListState.FAILED else "",
            "refused": [(words.get(rule, OTHER), count) for rule, count in sorted(address_list.counts.items(), key=lambda item: -item[1])],
            "remarks": [(line, REMARKS.get(code, code)) for line, code in address_list.remarks],
            "further": max(address_list.remarks_total - len(address_list.remarks), 0),
            "deleted_at": address_list.uploaded_at + KEEP,
        }
        response = TemplateResponse(request, "admin/preferences/addresslist/list.html", context)
        if is_running:
            response["Refresh"] = str(_REFRESH_SECONDS)
        return response

    def fetch_view(self, request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
        """The answer as a download, in a stream."""
        address_list = self._found(request, pk)
        try:
            stream = open_result(AddressList.objects.get(pk=address_list.pk), actor=Actor.for_user(request.user))
        except PrivacyCenterError:
            messages.error(request, gettext("There is nothing to fetch (any more)."))
            return HttpResponseRedirect(reverse("admin:preferences_addresslist_change", args=[pk]))
        response = StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="checked-{address_list.reference}.csv"'
        response["Cache-Control"] = "no-store"
        return response

    def _found(self, request: HttpRequest, pk: Any) -> AddressList:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_queryset(request).filter(pk=pk).first() if str(pk).isdigit() else None
        if found is None:
            raise Http404
        return found
