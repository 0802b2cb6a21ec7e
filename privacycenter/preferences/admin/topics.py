"""Topics and their figures at the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from privacycenter.datamap.models import Purpose
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.campaigns.figures import COUNT, chart_of, figures_of_topics
from privacycenter.preferences.domain.topics import delete_topic, is_in_use, save_topic
from privacycenter.preferences.enums import Channel
from privacycenter.preferences.models import Topic


class TopicForm(forms.ModelForm):  # type: ignore[type-arg]
    """A topic; what can't be saved is said beside its field."""

    channels = forms.MultipleChoiceField(
        label=_("Ways to reach people"),
        choices=Channel.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one way to reach people.")},
    )

    class Meta:
        model = Topic
        fields = ("key", "title", "description", "purpose", "channels", "is_active", "position")
        widgets = {"description": forms.Textarea(attrs={"rows": 3, "cols": 60})}
        help_texts = {
            "key": _("Stands in links and in what people chose; it can't be changed later."),
            "title": _("What people see. It may be renamed at any time."),
            "is_active": _("Switched off, nobody is written to about it and nobody can subscribe; what people chose is kept."),
        }

    def clean_purpose(self) -> Purpose:
        purpose: Purpose = self.cleaned_data["purpose"]
        if self.instance.pk and self.instance.purpose_id != purpose.key and is_in_use(self.instance):
            raise ValidationError(gettext("People have chosen for this purpose already. Make another topic."))
        return purpose


def plain_choice(field: Any) -> Any:
    """A choice among rows by their titles, without the pencils and eyes that lead to where those are kept."""
    if isinstance(field, forms.ModelChoiceField):
        choice: Any = field
        choice.label_from_instance = lambda row: row.title
        for name in ("can_add_related", "can_change_related", "can_view_related", "can_delete_related"):
            setattr(field.widget, name, False)
    return field


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = TopicForm
    change_list_template = "admin/preferences/topic/change_list.html"
    fields = ("key", "title", "description", "purpose", "channels", "is_active", "position")
    list_display = ("title", "key", "purpose", "channel_words", "is_active", "position")
    list_filter = ("is_active",)
    ordering = ("position", "key")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return super().get_queryset(request).select_related("purpose")

    @admin.display(description=_("ways to reach people"))
    def channel_words(self, topic: Topic) -> str:
        return ", ".join(str(Channel(channel).label) for channel in topic.channels if channel in Channel.values)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "purpose":
            kwargs["queryset"] = Purpose.objects.filter(is_direct_marketing=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return plain_choice(super().formfield_for_dbfield(db_field, request, **kwargs))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not is_in_use(obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # one at a time, and only what nobody chose

    def save_model(self, request: HttpRequest, obj: Topic, form: Any, change: bool) -> None:
        save_topic(obj, changed=form.changed_data, actor=Actor.for_user(request.user))

    def delete_model(self, request: HttpRequest, obj: Topic) -> None:
        delete_topic(obj, actor=Actor.for_user(request.user))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("figures/", view(self.figures_view), name="preferences_topic_figures"),
            path("figures/count/", view(require_POST(self.count_view)), name="preferences_topic_count"),
            *super().get_urls(),
        ]

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Figures of every topic: how many want it, over a year. Nobody is named."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        topics = [(figures, chart_of(figures.history)) for figures in figures_of_topics()]
        context = {**self.admin_site.each_context(request), "title": gettext("Figures"), "opts": self.opts, "topics": topics}
        return TemplateResponse(request, "admin/preferences/topic/figures.html", context)

    def count_view(self, request: HttpRequest) -> HttpResponse:
        """Count now what is counted every night anyway."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        enqueue(COUNT, key="preferences.count_subscribers")
        messages.success(request, gettext("We are counting. Look again in a minute."))
        return HttpResponseRedirect(reverse("admin:preferences_topic_figures"))
