"""The data map at the desk: purposes, recipients, retention rules and connectors, each changed by its verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from privacycenter.datamap import domain
from privacycenter.datamap.errors import SourceChanged, SourceUnavailable
from privacycenter.datamap.forms import ConnectorForm, PreviewForm, SourceForm
from privacycenter.datamap.models import Connector, ConnectorSource, Purpose, Recipient, RetentionRule
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


@admin.register(Purpose)
class PurposeAdmin(EntryAdmin):
    save_entry = staticmethod(domain.save_purpose)
    list_display = ("key", "title", "legal_basis")
    list_filter = ("legal_basis",)
    fields = ("key", "title", "description", "legal_basis", "balancing_note", "position")


@admin.register(Recipient)
class RecipientAdmin(EntryAdmin):
    save_entry = staticmethod(domain.save_recipient)
    list_display = ("key", "name", "countries")
    fields = ("key", "name", "receives", "why", "safeguards", "countries", "gives_value", "position")


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
        (gettext_lazy("Latest test"), {"fields": ("test_outcome", "tested_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connector]:
        return super().get_queryset(request).defer("url")  # a list needs no secret, and a lost key must not break it

    def get_readonly_fields(self, request: HttpRequest, obj: Connector | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "key") if obj else self.readonly_fields

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<int:connector_id>/test/", self.admin_site.admin_view(self.test_view), name="datamap_connector_test"),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters("address"))  # it holds a password
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Connector, form: Any, change: bool) -> None:
        actor = Actor.for_user(request.user)
        domain.save_connector(obj, url=form.cleaned_data["address"], changed=form.changed_data, actor=actor)

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
        return super().get_queryset(request).select_related("connector").defer("connector__url")

    def get_readonly_fields(self, request: HttpRequest, obj: ConnectorSource | None = None) -> tuple[str, ...]:
        return ("connector", "key") if obj else ()

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<int:source_id>/preview/", self.admin_site.admin_view(self.preview_view), name="datamap_connectorsource_preview"),
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
        context = {
            **self.admin_site.each_context(request),
            "title": _("Try out %(source)s") % {"source": source.source_key},
            "opts": self.opts,
            "source": source,
            "form": form,
            "preview": preview,
        }
        return TemplateResponse(request, "admin/datamap/connectorsource/preview.html", context)


def _found(model_admin: Any, request: HttpRequest, primary_key: int) -> Any:
    """The object, for somebody who may change it; else 404 or 403."""
    found = model_admin.get_queryset(request).filter(pk=primary_key).first()
    if found is None:
        raise Http404
    if not model_admin.has_change_permission(request, found):
        raise PermissionDenied
    return found
