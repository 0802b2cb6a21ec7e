"""Laws with a clock, at the desk: every version to be read, a new one made from the one before."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import model_to_dict
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.domain.regimes import add_version
from requests_app.models import Regime, RegimeRule

_OF_ITS_OWN = ("id", "regime", "version", "made_at", "made_by", "note")


def _before(request: HttpRequest) -> Regime | None:
    """The version that a new one begins with."""
    key = request.GET.get("of", "")
    return Regime.objects.filter(pk=key).first() if key.isdecimal() and len(key) < 10 else None


class RuleInline(admin.StackedInline):  # type: ignore[type-arg]
    """What the version says, right by right."""

    model = RegimeRule
    fields = (
        "kind",
        ("amount", "unit"),
        ("extension", "extension_for"),
        ("acknowledgement", "acknowledgement_unit"),
        "rests_for_identity",
        "rests_for_clarification",
        "refusal_names",
    )

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        before = _before(request)
        return 0 if obj is not None else before.rules.count() if before else 1

    def get_min_num(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int | None:
        return None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and bool(super().has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Regime)
class RegimeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A version is never edited: dates that were given name it."""

    list_display = ("name", "key", "version", "valid_from", "valid_until", "checked_on", "remark")
    list_filter = ("valid_from",)
    search_fields = ("key", "name")
    ordering = ("key", "-version")
    inlines = (RuleInline,)
    fieldsets = (
        (None, {"fields": ("key", "name", "countries", "source", "checked_on", "remark")}),
        (_("In force"), {"fields": ("valid_from", "valid_until", "note")}),
        (_("Refusals"), {"fields": ("remedies", ("appeal", "appeal_unit"))}),
        (_("How days are counted"), {"fields": ("counts_first_day", "rolls_over")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        before, today = _before(request), timezone.localdate(clock.now())
        if before is None:
            return {"checked_on": today, "valid_from": today}
        return {**model_to_dict(before, exclude=_OF_ITS_OWN), "checked_on": today, "valid_from": today}

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        before = _before(request)
        if request.method == "GET" and before is not None and obj.pk is None:
            kwargs["initial"] = [model_to_dict(rule, exclude=_OF_ITS_OWN) for rule in before.rules.all()]
        return kwargs

    def save_model(self, request: HttpRequest, obj: Regime, form: Any, change: bool) -> None:
        add_version(obj, actor=Actor.for_user(request.user))
