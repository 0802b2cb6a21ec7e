"""The data map at the desk: purposes, recipients, retention rules and connectors, each changed by its verb."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from privacycenter.datamap import consents, domain, erasing
from privacycenter.datamap.differences import lines_of
from privacycenter.datamap.errors import SourceChanged, SourceUnavailable
from privacycenter.datamap.forms import ConnectorForm, HandlingForm, NoticeForm, PreviewForm, PurposeForm, RehearsalForm, SourceForm
from privacycenter.datamap.handling import notes_on, propose_strategies
from privacycenter.datamap.models import (
    CollectionNotice,
    Connector,
    ConnectorSource,
    NoticeVersion,
    Purpose,
    PurposeVersion,
    Recipient,
    RetentionRule,
    Version,
)
from privacycenter.datamap.notices import registered
from privacycenter.datamap.versions import PURPOSE_FIELDS
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError

_TABLES_SHOWN = 40


class EntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """An entry of the data map. Its key is fixed once it exists, and it can't be deleted: bundles that people have name it."""

    save_entry: Callable[..., Any]
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        type(self).save_entry(obj, changed=form.changed_data, actor=Actor.for_user(request.user))


class VersionedAdmin(EntryAdmin):
    """An entry whose versions are kept: "History" shows them with their differences, and whoever saves may say why."""

    versions: type[Version]
    compared: tuple[str, ...]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changed = [name for name in form.changed_data if name != "note"]
        type(self).save_entry(obj, changed=changed, note=form.cleaned_data["note"], actor=Actor.for_user(request.user))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every version, newest first, with what it changed."""
        entry = self.get_queryset(request).filter(pk=object_id).first() if object_id.isdecimal() else None
        if entry is None:
            raise Http404
        if not self.has_view_or_change_permission(request, entry):
            raise PermissionDenied
        versions = list(self.versions._default_manager.filter(key=entry.key).order_by("-version"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Versions of %(entry)s") % {"entry": entry.key},
            "opts": self.opts,
            "object": entry,
            "lines": lines_of(versions, self.compared),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/datamap/versions.html", context)


@admin.register(Purpose)
class PurposeAdmin(VersionedAdmin):
    form = PurposeForm
    save_entry = staticmethod(domain.save_purpose)
    versions, compared = PurposeVersion, PURPOSE_FIELDS
    list_display = ("key", "title", "legal_basis", "is_direct_marketing", "honours_gpc")
    list_filter = ("legal_basis", "is_direct_marketing")
    fields = ("key", "title", "description", "legal_basis", "balancing_note", "is_direct_marketing", "honours_gpc", "position", "note")

    def save_model(self, request: HttpRequest, obj: Purpose, form: Any, change: bool) -> None:
        before = Purpose.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        if before is not None and domain.unbinds_consents(before, obj):
            self.message_user(request, self._about_consents(obj), messages.WARNING)

    def _about_consents(self, purpose: Purpose) -> str:
        """What a change means for consents that were given, with the way to ask again where a room above knows them."""
        words = _("Consents that were given stay bound to the text that was shown then; this change does not widen them.")
        offer = consents.offer_for(purpose)
        if offer is None:
            return words
        return format_html('{} {} <a href="{}">{}</a>', words, offer.words, offer.url, offer.action)


@admin.register(CollectionNotice)
class CollectionNoticeAdmin(VersionedAdmin):
    form = NoticeForm
    save_entry = staticmethod(domain.save_notice)
    versions, compared = NoticeVersion, ("words", "facts")
    list_display = ("key", "form_title", "is_edited", "updated_at")
    list_filter = ("is_edited",)
    fields = ("key", "form_title", "words", "note")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a form declares itself in code

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("key", "form_title")

    @admin.display(description=gettext_lazy("page"))
    def form_title(self, notice: CollectionNotice) -> str:
        form = registered().get(notice.key)
        return str(form.title) if form else "–"


@admin.register(Recipient)
class RecipientAdmin(EntryAdmin):
    save_entry = staticmethod(domain.save_recipient)
    list_display = ("key", "name", "countries", "is_told_by_mail", "is_partner")
    fields = ("key", "name", "receives", "why", "safeguards", "countries", "notice_address", "is_partner", "gives_value", "position")

    @admin.display(description=gettext_lazy("told by mail"), boolean=True)
    def is_told_by_mail(self, recipient: Recipient) -> bool:
        return bool(recipient.notice_address)


@admin.register(RetentionRule)
class RetentionRuleAdmin(EntryAdmin):
    save_entry = staticmethod(domain.save_retention_rule)
    list_display = ("key", "title", "period_days")
    fields = ("key", "title", "period_days", "text", "legal_ground", "position")


class OutsideAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is compared with an outside database (or its name with the name servers) before it is saved.

    Django checks and saves a form in one transaction. On SQLite that is a write lock, and one outside database that hangs would
    keep every writer of this one waiting. Here the look happens first, and the verb has its own transaction.
    """

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer: HttpResponse = self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        return answer


@admin.register(Connector)
class ConnectorAdmin(OutsideAdmin):
    form = ConnectorForm
    change_form_template = "admin/datamap/connector/change_form.html"
    list_display = ("key", "name", "place", "is_enabled", "test_outcome", "tested_at")
    list_filter = ("is_enabled", "test_outcome")
    show_full_result_count = False
    readonly_fields = ("place", "test_outcome", "tested_at")
    fieldsets = (
        (None, {"fields": ("key", "name", "kind", "is_enabled")}),
        (gettext_lazy("Where it is"), {"fields": ("address", "place", "schema", "time_zone", "statement_timeout_seconds")}),
        (
            gettext_lazy("Changing data"),
            {
                "fields": ("may_write", "write_address"),
                "description": gettext_lazy(
                    "Careful: what is deleted there can't be brought back from here. Set up each source, try an erasure out, and give an "
                    "account that may change only the tables it must."
                ),
            },
        ),
        (gettext_lazy("Latest test"), {"fields": ("test_outcome", "tested_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connector]:
        return super().get_queryset(request).defer("url", "write_url")  # a list needs no secret, and a lost key must not break it

    def get_readonly_fields(self, request: HttpRequest, obj: Connector | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "key") if obj else self.readonly_fields

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<int:connector_id>/test/", self.admin_site.admin_view(self.test_view), name="datamap_connector_test"),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters("address", "write_address"))  # it holds a password
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Connector, form: Any, change: bool) -> None:
        actor = Actor.for_user(request.user)
        addresses = {"url": form.cleaned_data["address"], "write_url": form.cleaned_data["write_address"]}
        domain.save_connector(obj, **addresses, changed=form.changed_data, actor=actor)

    def delete_model(self, request: HttpRequest, obj: Connector) -> None:
        domain.delete_connector(obj, actor=Actor.for_user(request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Connector]) -> None:
        for connector in queryset:
            self.delete_model(request, connector)

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest, connector_id: int) -> HttpResponse:
        """Try the connection and say what happened."""
        connector = _found(self, request, connector_id)
        try:
            test = domain.test_connector(connector, actor=Actor.for_user(request.user))
        except SourceUnavailable as error:
            self.message_user(request, str(error.message), messages.ERROR)
        except PrivacyCenterError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            names = ", ".join(test.tables[:_TABLES_SHOWN]) + (" …" if len(test.tables) > _TABLES_SHOWN else "")
            said = _("The connection works. %(count)s tables can be read: %(names)s") % {"count": len(test.tables), "names": names or "–"}
            self.message_user(request, said, messages.SUCCESS)
            if not test.is_guarded:
                warning = _("This kind of database can't be told to be read-only: use an account that may only read.")
                self.message_user(request, warning, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:datamap_connector_change", args=[connector.pk]))


@admin.register(ConnectorSource)
class ConnectorSourceAdmin(OutsideAdmin):
    form = SourceForm
    change_form_template = "admin/datamap/connectorsource/change_form.html"
    list_display = ("source_key", "title", "category", "table", "identifier_kind", "is_enabled")
    list_filter = ("connector", "category", "is_enabled")
    list_select_related = ("connector",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("connector", "key", "title", "category", "is_enabled")}),
        (
            gettext_lazy("How a person is found"),
            {"fields": ("table", "key_columns", "joins", "person_column", "identifier_kind", "date_column")},
        ),
        (gettext_lazy("What is read"), {"fields": ("columns",)}),
        (gettext_lazy("Why it is held"), {"fields": ("purposes", "recipients", "retention", "origin", "is_portable")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConnectorSource]:
        return super().get_queryset(request).select_related("connector").defer("connector__url", "connector__write_url")

    def get_readonly_fields(self, request: HttpRequest, obj: ConnectorSource | None = None) -> tuple[str, ...]:
        return ("connector", "key") if obj else ()

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<int:source_id>/preview/", self.admin_site.admin_view(self.preview_view), name="datamap_connectorsource_preview"),
            path("<int:source_id>/changes/", self.admin_site.admin_view(self.handling_view), name="datamap_connectorsource_changes"),
            path("<int:source_id>/dry-run/", self.admin_site.admin_view(self.rehearsal_view), name="datamap_connectorsource_dry_run"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: ConnectorSource, form: Any, change: bool) -> None:
        domain.save_source(obj, changed=form.changed_data, actor=Actor.for_user(request.user))

    def delete_model(self, request: HttpRequest, obj: ConnectorSource) -> None:
        domain.delete_source(obj, actor=Actor.for_user(request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ConnectorSource]) -> None:
        for source in queryset:
            self.delete_model(request, source)

    @method_decorator([require_http_methods(["GET", "POST"]), sensitive_post_parameters("identifier")])
    def preview_view(self, request: HttpRequest, source_id: int) -> HttpResponse:
        """Count what the source holds for an identifier, and with a reason show a masked sample."""
        source = _found(self, request, source_id)
        form = PreviewForm(request.POST or None, kind=source.identifier_kind)
        preview = None
        if request.method == "POST" and form.is_valid():
            actor = Actor.for_user(request.user)
            try:
                preview = domain.preview_source(
                    source, value=form.cleaned_data["identifier"], reason=form.cleaned_data["reason"], actor=actor
                )
            except (SourceUnavailable, SourceChanged) as error:
                form.add_error(None, str(error.message))
            except PrivacyCenterError as error:
                form.add_error(None, str(error))
        title = _("Try out %(source)s") % {"source": source.source_key}
        return self._page(request, "preview", source, title=title, form=form, preview=preview)

    @method_decorator(require_http_methods(["GET", "POST"]))
    def handling_view(self, request: HttpRequest, source_id: int) -> HttpResponse:
        """Set up what may be corrected and what an erasure does."""
        source = _found(self, request, source_id)
        form = HandlingForm(request.POST or None, instance=source, initial=_proposal(source))
        if request.method == "POST" and form.is_valid():
            erasing.save_handling(source, changed=form.changed_data, actor=Actor.for_user(request.user))
            self.message_user(request, _("Saved. Try an erasure out before the first real one."))
            for note in notes_on(source):
                self.message_user(request, note, messages.WARNING)
            return HttpResponseRedirect(reverse("admin:datamap_connectorsource_dry_run", args=[source.pk]))
        title = _("Corrections and erasure in %(source)s") % {"source": source.source_key}
        return self._page(request, "changes", source, title=title, form=form)

    @method_decorator([require_http_methods(["GET", "POST"]), sensitive_post_parameters("identifier")])
    def rehearsal_view(self, request: HttpRequest, source_id: int) -> HttpResponse:
        """Erase one person in the outside database, count, and undo it."""
        source = _found(self, request, source_id)
        form = RehearsalForm(request.POST or None, kind=source.identifier_kind)
        rehearsal = None
        if request.method == "POST" and form.is_valid():
            actor, asked = Actor.for_user(request.user), form.cleaned_data
            try:
                rehearsal = erasing.rehearse_erasure(source, value=asked["identifier"], reason=asked["reason"], actor=actor)
            except (SourceUnavailable, SourceChanged) as error:
                form.add_error(None, str(error.message))
            except PrivacyCenterError as error:
                form.add_error(None, str(error))
        title = _("Dry run of an erasure in %(source)s") % {"source": source.source_key}
        return self._page(request, "dry_run", source, title=title, form=form, rehearsal=rehearsal)

    def _page(self, request: HttpRequest, name: str, source: ConnectorSource, **context: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "source": source, **context}
        return TemplateResponse(request, f"admin/datamap/connectorsource/{name}.html", context)


def _proposal(source: ConnectorSource) -> dict[str, Any]:
    """What becomes of the columns, as a draft, where nothing is set up yet and the database can be asked."""
    draft = copy(source)
    with suppress(SourceUnavailable, SourceChanged, PrivacyCenterError):
        propose_strategies(draft)
    return {"strategies": draft.strategies}


def _found(model_admin: Any, request: HttpRequest, primary_key: int) -> Any:
    """The object, for somebody who may change it; else 404 or 403."""
    found = model_admin.get_queryset(request).filter(pk=primary_key).first()
    if found is None:
        raise Http404
    if not model_admin.has_change_permission(request, found):
        raise PermissionDenied
    return found
