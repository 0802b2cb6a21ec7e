"""Choices of people at the desk: the ledger and the list as rows without a name, and one person's choices after a reason was given."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.datamap.models import Purpose, Recipient
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.preferences import domain, texts
from privacycenter.preferences.domain.desk import ShownChoices, show_choices
from privacycenter.preferences.enums import Channel, Method, PartyKind
from privacycenter.preferences.forms.desk import EVERYTHING, LiftForm, OnBehalfForm, SuppressForm, WhoseForm, Wish
from privacycenter.preferences.models import ConsentEvent, Suppression, Topic
from privacycenter.preferences.queries import active_suppressions
from privacycenter.preferences.scopes import GPC, PARTNERS, Scope
from privacycenter.subjects.errors import UseMissing

WORK = "preferences.add_consentevent"
TEXT = texts.register("preferences.on_behalf", gettext_lazy("What the person told our staff by phone, in writing or in person."))


class ChannelFilter(admin.SimpleListFilter):
    """By way to reach people; an empty one, which means every way, has no words in Django's own filter."""

    title = gettext_lazy("way to reach people")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("any", gettext_lazy("Every way")), *Channel.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(channel="" if self.value() == "any" else self.value()) if self.value() else queryset


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "purpose", "topic", "channel", "service", "recipient", "method", "actor_kind")
    list_filter = ("kind", "method", ChannelFilter)
    date_hierarchy = "at"
    ordering = ("-id",)
    fields = (*list_display, "text", "control", "page", "valid_until", "reason", "event_id", "receipt_sha256")
    show_full_result_count = False
    change_list_template = "admin/preferences/consentevent/change_list.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("evidence")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.person)
        return [path("person/", view, name="preferences_person"), *super().get_urls()]

    @method_decorator(sensitive_post_parameters("value", "evidence"))
    def person(self, request: HttpRequest) -> HttpResponse:
        """One person's choices: shown once after a reason; what staff enter for them is written and the page is empty again."""
        if not request.user.has_perm(WORK):
            raise PermissionDenied
        if request.method != "POST":
            known = {"kind": PartyKind.SUBJECT.value, "value": request.GET.get("person", "")}
            return self._page(request, WhoseForm(initial=known if known["value"] else None))
        whose = WhoseForm(request.POST)
        if not whose.is_valid():
            return self._page(request, whose)
        wanted = request.POST.get("act", "")
        data = {name: request.POST if name == wanted else None for name in ("on_behalf", "suppress", "lift")}
        forms: dict[str, Form] = {
            "on_behalf": OnBehalfForm(data["on_behalf"], prefix="on_behalf"),
            "suppress": SuppressForm(data["suppress"], prefix="suppress"),
            "lift": LiftForm(data["lift"], prefix="lift", suppressions=active_suppressions(whose.party)),
        }
        act = forms.get(wanted)
        if act is not None and act.is_valid():
            try:
                words = self._act(act, whose, Actor.for_user(request.user))
            except PrivacyCenterError as error:
                act.add_error(None, str(error))
            else:
                self.message_user(request, words, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:preferences_person"))
        try:
            given = whose.cleaned_data
            shown = show_choices(whose.party, reason=given["look_reason"], use=given["use"], actor=Actor.for_user(request.user))
        except UseMissing as error:
            whose.add_error("use", str(error))
            return self._page(request, whose)
        return self._page(request, whose, shown, forms)

    def _act(self, form: Form, whose: WhoseForm, actor: Actor) -> str:
        """Do what staff filled in, by the verb for it; answers the words that tell."""
        given, party = form.cleaned_data, whose.party
        if isinstance(form, SuppressForm):
            topic = given["topic"].key if given["topic"] else ""
            domain.suppress(party, channel=given["channel"], topic=topic, reason=given["reason"], evidence=given["evidence"], actor=actor)
            return _("From now on nothing but essential messages goes there.")
        if isinstance(form, LiftForm):
            channel, topic = form.channel_and_topic
            domain.lift(party, channel=channel, topic=topic, reason=given["ground"], evidence=given["evidence"], actor=actor)
            return _("The entry is lifted. It stays as evidence.")
        assert isinstance(form, OnBehalfForm)
        how: dict[str, Any] = {"presented": _presented(), "evidence": given["evidence"], "actor": actor}
        if given["about"] == EVERYTHING:
            domain.stop_all_marketing(party, **how)
            return _("All marketing is switched off for this person.")
        if given["wish"] == Wish.INVALID:
            count = domain.invalidate(party, [form.scope], reason=given["ground"], **how)
            return _("The consent is declared invalid.") if count else _("No consent stands for this; nothing was changed.")
        on, off = ([form.scope], []) if given["wish"] == Wish.ON else ([], [form.scope])
        events = domain.choose(party, on=on, off=off, reason=given["ground"], **how)
        return _("The choice is noted, with your reason.") if events else _("This stood already; nothing was changed.")

    def _page(
        self, request: HttpRequest, whose: WhoseForm, shown: ShownChoices | None = None, forms: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Choices of a person"),
            "opts": self.opts,
            "whose": whose,
            "shown": shown,
            "rows": _rows(shown) if shown else [],
            # carried from form to form: nothing about the person stands in an address
            "carried": {name: whose.cleaned_data[name] for name in ("kind", "value", "look_reason", "use")} if shown else {},
            "forms": forms or {},
        }
        return TemplateResponse(request, "admin/preferences/consentevent/person.html", context)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "party_kind", "channel", "topic", "reason", "repeated_at", "lifted_at")
    list_filter = ("reason", ChannelFilter, "party_kind", ("lifted_at", admin.EmptyFieldListFilter))
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = (*list_display, "actor_kind", "lifted_by_kind", "lift_reason")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("evidence", "lift_evidence")


def _presented() -> domain.Presented:
    return domain.Presented(texts.registered(TEXT), Method.STAFF, page="/admin/")


def _rows(shown: ShownChoices) -> list[dict[str, Any]]:
    """What stands, in words: scope, state, since when, by which way."""
    purposes = dict(Purpose.objects.values_list("key", "title")) | {
        GPC: _("Global Privacy Control"),
        PARTNERS: _("Recipients that a person may decline"),
    }
    topics = dict(Topic.objects.values_list("key", "title"))
    recipients = dict(Recipient.objects.values_list("key", "name"))

    def about(scope: Scope) -> str:
        named = [
            purposes.get(scope.purpose, scope.purpose),
            topics.get(scope.topic, scope.topic),
            str(Channel(scope.channel).label) if scope.channel else "",
            scope.service,
            recipients.get(scope.recipient, scope.recipient),
        ]
        return ", ".join(str(part) for part in named if part)

    return [{"about": about(scope), "event": event} for scope, event in sorted(shown.states.items())]
