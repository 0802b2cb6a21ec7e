"""The register of cookies and the banner at the desk. What would be unlawful can't be saved, and nobody is offered a way to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.models import Recipient
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.domain import cookies as domain
from privacycenter.preferences.models import BannerSettings, Service, StorageItem

_SHORT: Mapping[type[models.Field[Any, Any]], Mapping[str, Any]] = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 3})}}


class LinesField(forms.CharField):
    """A list, a line for each entry."""

    widget = forms.Textarea(attrs={"rows": 2})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return (value or "").split()


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A service without JSON: recipients to tick, origins line by line."""

    recipients = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label=_("Who gets data by it"))
    widget_origins = LinesField(
        required=False,
        label=_("Origins it is embedded from"),
        help_text=_("A line for each, like https://video.example. Nothing is loaded from there before somebody asks for it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = Recipient.objects.values_list("key", "name")
        self.fields["recipients"].choices = list(choices)  # type: ignore[attr-defined]


class StorageItemInline(admin.StackedInline):  # type: ignore[type-arg]
    model = StorageItem
    extra = 0
    formfield_overrides = _SHORT
    fields = (("name", "kind"), "purpose", ("lifetime_seconds", "path"), ("has_host_prefix", "is_http_only", "is_first_party"))


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A material change here asks everybody again, and tells them what changed."""

    inlines = (StorageItemInline,)
    form = ServiceForm
    formfield_overrides = {**_SHORT, models.URLField: {"assume_scheme": "https"}}
    list_display = ("key", "title", "category", "purpose", "provider", "is_active")
    list_filter = ("category", "is_active")
    list_select_related = ("purpose",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("key", "title", "description", "provider", "category", "is_active", "position")}),
        (_("Why, and who gets data"), {"fields": ("purpose", "recipients", "necessity_note")}),
        (_("If it is embedded"), {"fields": ("widget_origins", "preview_url", "link")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        domain.save_service(obj, changed=form.changed_data, actor=Actor.for_user(request.user))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        actor = Actor.for_user(request.user)
        for item in formset.save(commit=False):
            domain.save_item(item, actor=actor)
        for item in formset.deleted_objects:
            domain.delete_item(item, actor=actor)

    def delete_model(self, request: HttpRequest, obj: Service) -> None:
        domain.delete_service(obj, actor=Actor.for_user(request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        for service in queryset:
            self.delete_model(request, service)


@admin.register(BannerSettings)
class BannerSettingsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row, made with the installation: it can be changed, not added or removed."""

    list_display = ("title", "accept_label", "reject_label", "acceptance_days", "refusal_days")
    fieldsets = (
        (None, {"fields": ("title", "text", "reject_label", "accept_label", "choose_label")}),
        (_("How long a choice counts"), {"fields": ("acceptance_days", "refusal_days")}),
        (
            _("Held to what the law allows"),
            {
                "description": _("These can't be saved otherwise: the database refuses it."),
                "fields": ("reject_style", "accept_style", "has_reject", "is_preticked", "is_wall"),
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BannerSettings | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: BannerSettings, form: Any, change: bool) -> None:
        domain.save_banner(obj, changed=form.changed_data, actor=Actor.for_user(request.user))
