"""Campaigns at the desk: write, look at what will arrive, test, approve, watch. Nobody's address is shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ForeignKey, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.preferences.admin.topics import plain_choice
from privacycenter.preferences.campaigns import verbs
from privacycenter.preferences.campaigns.audience import people_count
from privacycenter.preferences.campaigns.figures import audience_of, figures_of
from privacycenter.preferences.campaigns.preview import preview_of
from privacycenter.preferences.campaigns.words import PLACEHOLDERS, context_of
from privacycenter.preferences.enums import CampaignState, Channel
from privacycenter.preferences.models import Campaign, Topic

SEND = "preferences.send_campaign"
_REFRESH_SECONDS = 5
_DONE = {
    "withdraw": _("It is a draft again."),
    "pause": _("Paused. Nothing leaves until you go on."),
    "resume": _("It goes on where it was."),
    "stop": _("Stopped. What has not left never will."),
}
_VERBS = {"withdraw": verbs.withdraw_approval, "pause": verbs.pause_campaign, "resume": verbs.resume_campaign, "stop": verbs.stop_campaign}


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words of a draft; what can't be sent is said beside its field."""

    class Meta:
        model = Campaign
        fields = ("topic", "subject", "body")
        widgets = {"body": forms.Textarea(attrs={"rows": 18, "cols": 72})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        if "body" in self.fields:
            self.fields["body"].help_text = _(
                "Plain text, paragraphs with a blank line between them, lists with “- ”. These placeholders can be used: %(known)s. "
                "The links to unsubscribe and to choose are added by us."
            ) % {"known": known}

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            self.instance.language = self.instance.language or "en"
            try:
                verbs.check_words(self.instance)
            except ValidationError as error:
                self.add_error(None, error)


class ScheduleForm(forms.Form):
    """When a campaign starts that does not start at once."""

    starts_on = forms.DateField(
        label=_("Start on"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Give the day on which it should start.")},
    )
    starts_time = forms.TimeField(
        label=_("Time"),
        widget=forms.TimeInput(attrs={"type": "time"}),
        error_messages={"required": _("Give the time at which it should start.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_time"].help_text = gettext("In the time zone %(zone)s.") % {"zone": timezone.get_current_timezone_name()}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return data
        moment = datetime.combine(data["starts_on"], data["starts_time"], tzinfo=timezone.get_current_timezone())
        if not clock.now() - timedelta(minutes=1) <= moment <= clock.now() + timedelta(days=90):
            self.add_error("starts_on", gettext("Choose a time within the next 90 days."))
        data["starts_at"] = moment
        return data


class TopicFilter(admin.SimpleListFilter):
    """By topic, under its title."""

    title = _("topic")
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Topic.objects.values_list("key", "title"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> QuerySet[Campaign]:
        return queryset.filter(topic__key=self.value()) if self.value() else queryset


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = CampaignForm
    change_form_template = "admin/preferences/campaign/change_form.html"
    list_display = ("subject", "topic_title", "state", "created", "sending_began", "ended_at", "reference")
    list_display_links = ("subject",)
    list_filter = ("state", TopicFilter)
    search_fields = ("=reference", "subject")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return super().get_queryset(request).select_related("topic")

    @admin.display(description=_("topic"), ordering="topic__title")
    def topic_title(self, campaign: Campaign) -> str:
        return campaign.topic.title

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, campaign: Campaign) -> datetime:
        return campaign.created_at

    @admin.display(description=_("sending began"), ordering="started_at")
    def sending_began(self, campaign: Campaign) -> datetime | None:
        return campaign.started_at

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and obj.state == CampaignState.DRAFT

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "topic":
            offered = [topic.pk for topic in Topic.objects.filter(is_active=True) if Channel.EMAIL in topic.channels]
            kwargs["queryset"] = Topic.objects.filter(pk__in=offered)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return plain_choice(super().formfield_for_dbfield(db_field, request, **kwargs))

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        verbs.save_campaign(obj, changed=form.changed_data, actor=Actor.for_user(request.user))

    def response_add(self, request: HttpRequest, obj: Campaign, post_url_continue: str | None = None) -> HttpResponse:
        return self._after_saving(request, obj)

    def response_change(self, request: HttpRequest, obj: Campaign) -> HttpResponse:
        return self._after_saving(request, obj)

    def _after_saving(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        messages.success(request, gettext("Saved. This is what will arrive."))
        return HttpResponseRedirect(reverse("admin:preferences_campaign_preview", args=[campaign.pk]))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview_view), name="preferences_campaign_preview"),
            path("<int:pk>/test/", view(require_POST(self.test_view)), name="preferences_campaign_test"),
            path("<int:pk>/approve/", view(require_POST(self.approve_view)), name="preferences_campaign_approve"),
            path("<int:pk>/act/<slug:name>/", view(require_POST(self.act_view)), name="preferences_campaign_act"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": gettext("Campaigns")})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A draft is changed; anything later is watched."""
        campaign = self.get_object(request, object_id)
        if campaign is not None and campaign.state != CampaignState.DRAFT:
            if request.method == "POST":
                raise PermissionDenied
            return self._watched(request, campaign)
        return super().change_view(request, object_id, form_url, extra_context)

    def _watched(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        if not self.has_view_permission(request, campaign):
            raise PermissionDenied
        is_running = campaign.state == CampaignState.SENDING
        context = {
            **self._context(request, campaign),
            "figures": figures_of(campaign),
            "people": people_count() if is_running or campaign.state == CampaignState.PAUSED else campaign.asked_count,
            "moves": verbs.moves_from(campaign.state) if request.user.has_perm(SEND) else [],
            "is_running": is_running,
        }
        response = TemplateResponse(request, "admin/preferences/campaign/watch.html", context)
        if is_running:
            response["Refresh"] = str(_REFRESH_SECONDS)
        return response

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What will arrive, with its headers; and what can be done with it."""
        campaign = self._found(request, pk)
        return self._previewed(request, campaign, ScheduleForm())

    def _previewed(self, request: HttpRequest, campaign: Campaign, form: ScheduleForm) -> HttpResponse:
        is_draft, may_send = campaign.state == CampaignState.DRAFT, request.user.has_perm(SEND)
        context = {
            **self._context(request, campaign),
            "preview": preview_of(campaign, actor=Actor.for_user(request.user)),
            "is_draft": is_draft,
            "may_change": self.has_change_permission(request, campaign),
            "may_send": may_send,
            "audience": audience_of(campaign) if is_draft and may_send else None,
            "form": form,
        }
        return TemplateResponse(request, "admin/preferences/campaign/preview.html", context)

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mail the draft to whoever asks."""
        campaign = self._found(request, pk)
        if not self.has_change_permission(request, campaign):
            raise PermissionDenied
        if self._tried(request, lambda actor: verbs.send_test(campaign, to=getattr(request.user, "email", ""), actor=actor)):
            messages.success(request, gettext("A test is on its way to you."))
        return HttpResponseRedirect(reverse("admin:preferences_campaign_preview", args=[pk]))

    def approve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let it go: at once where that was said, else at its time."""
        campaign = self._found(request, pk)
        self._require_sender(request)
        starts_at, done = None, gettext("It is being sent.")
        if request.POST.get("when") != "now":
            form = ScheduleForm(request.POST)
            if not form.is_valid():
                return self._previewed(request, campaign, form)
            starts_at, done = form.cleaned_data["starts_at"], gettext("Scheduled.")
        if not self._tried(request, lambda actor: verbs.approve_campaign(campaign, starts_at=starts_at, actor=actor)):
            return HttpResponseRedirect(reverse("admin:preferences_campaign_preview", args=[pk]))
        messages.success(request, done)
        return HttpResponseRedirect(reverse("admin:preferences_campaign_change", args=[pk]))

    def act_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Withdraw, pause, resume, stop."""
        campaign = self._found(request, pk)
        self._require_sender(request)
        if name not in _VERBS:
            raise Http404
        if self._tried(request, lambda actor: _VERBS[name](campaign, actor=actor)):
            messages.success(request, str(_DONE[name]))
        return HttpResponseRedirect(reverse("admin:preferences_campaign_change", args=[pk]))

    def _tried(self, request: HttpRequest, verb: Any) -> bool:
        try:
            verb(Actor.for_user(request.user))
        except PrivacyCenterError as error:
            messages.error(request, str(error))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            return True
        return False

    def _found(self, request: HttpRequest, pk: int) -> Campaign:
        campaign = self.get_queryset(request).filter(pk=pk).first()
        if campaign is None:
            raise Http404
        if not self.has_view_permission(request, campaign):
            raise PermissionDenied
        return campaign

    def _require_sender(self, request: HttpRequest) -> None:
        if not request.user.has_perm(SEND):
            raise PermissionDenied

    def _context(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": context_of(campaign)["subject"],
            "opts": self.opts,
            "campaign": campaign,
        }
