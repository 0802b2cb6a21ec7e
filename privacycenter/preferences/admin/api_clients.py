"""API clients at the desk. A secret is shown once, on the answer to the click that made it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from allauth.idp.oidc.models import Client, Token
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from privacycenter.kernel.actor import Actor
from privacycenter.preferences.api.scopes import all_scopes
from privacycenter.preferences.domain import api_clients as domain
from privacycenter.preferences.links import absolute
from privacycenter.preferences.models import ApiClient

# allauth's own pages would show and change everything; ours are these. Imported first: only what is registered can be taken away.
import_module("allauth.idp.oidc.admin")
for _model in (Client, Token):
    admin.site.unregister(_model)

CHANGE = "preferences.change_apiclient"


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a client is called and may do."""

    name = forms.CharField(label=_("Name"), max_length=100, strip=True, help_text=_("Which system it is, for example “Shop newsletter”."))
    scopes = forms.MultipleChoiceField(
        label=_("May do"), widget=forms.CheckboxSelectMultiple, error_messages={"required": _("Choose at least one.")}
    )

    class Meta:
        model = ApiClient
        fields = ("name", "scopes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["scopes"]
        field.choices = [(key, f"{label} ({key})") for key, label in sorted(all_scopes().items())]
        if self.instance.pk and self.instance.name:
            self.initial["scopes"] = self.instance.get_scopes()

    def clean_scopes(self) -> str:
        """One to a line, as allauth keeps them."""
        return "\n".join(sorted(self.cleaned_data["scopes"]))


@admin.register(ApiClient)
class ApiClientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = ClientForm
    change_form_template = "admin/preferences/apiclient/change_form.html"
    list_display = ("name", "id", "may", "is_on", "created_at")
    search_fields = ("name", "=id")
    ordering = ("name",)
    show_full_result_count = False
    readonly_fields = ("id", "is_on", "created_at")

    @admin.display(description=_("may do"))
    def may(self, client: ApiClient) -> str:
        return ", ".join(client.get_scopes())

    @admin.display(description=_("switched on"), boolean=True)
    def is_on(self, client: ApiClient) -> bool:
        return client.is_enabled

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "scopes")
        scopes = "scopes" if self.has_change_permission(request, obj) else "may"
        return ("name", scopes, "id", "is_on", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "may")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("secret")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the trail names it; it is switched off instead

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<str:pk>/{name}/", self.admin_site.admin_view(view), name=f"preferences_apiclient_{name}")
            for name, view in (("rotate", self.rotate), ("disable", self.disable), ("enable", self.enable))
        ]
        return [*own, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> HttpResponse:
        # after the first "Save" the secret is shown: another client can't come in between
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiClient, form: Any, change: bool) -> None:
        words, actor = form.cleaned_data, Actor.for_user(request.user)
        scopes = words["scopes"].split("\n")
        if change:
            domain.change_client(obj, name=words["name"], scopes=scopes, actor=actor)
        else:
            made, secret = domain.create_client(name=words["name"], scopes=scopes, actor=actor)
            obj.pk = made.pk
            request._secret_to_show = secret  # type: ignore[attr-defined]  # for response_add, in the same request

    def response_add(self, request: HttpRequest, obj: ApiClient, post_url_continue: str | None = None) -> HttpResponse:
        return self._shown_once(request, ApiClient.objects.get(pk=obj.pk), request._secret_to_show)  # type: ignore[attr-defined]

    @method_decorator(require_POST)
    def rotate(self, request: HttpRequest, pk: str) -> HttpResponse:
        """A new secret; the old one and its tokens end."""
        client = self._changed(request, pk)
        return self._shown_once(request, client, domain.rotate_secret(client, actor=Actor.for_user(request.user)))

    @method_decorator(require_POST)
    def disable(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Off at once."""
        client = self._changed(request, pk)
        domain.disable_client(client, actor=Actor.for_user(request.user))
        return self._done(request, client, _now("The client is switched off. Its tokens have ended."))

    @method_decorator(require_POST)
    def enable(self, request: HttpRequest, pk: str) -> HttpResponse:
        """On again."""
        client = self._changed(request, pk)
        domain.enable_client(client, actor=Actor.for_user(request.user))
        return self._done(request, client, _now("The client is switched on again, with the secret it had."))

    def _changed(self, request: HttpRequest, pk: str) -> ApiClient:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        client: ApiClient | None = ApiClient.objects.filter(pk=pk).first()
        if client is None:
            raise Http404
        return client

    def _done(self, request: HttpRequest, client: ApiClient, words: str) -> HttpResponse:
        self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:preferences_apiclient_change", args=[client.pk]))

    def _shown_once(self, request: HttpRequest, client: ApiClient, secret: str) -> HttpResponse:
        words = all_scopes()
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Secret of %(name)s") % {"name": client.name},
            "opts": self.opts,
            "client": client,
            "secret": secret,
            "scopes": [(words.get(key, key), key) for key in client.get_scopes()],
            "token_url": absolute(reverse("api_token")),
        }
        return TemplateResponse(request, "admin/preferences/apiclient/secret.html", context, headers={"Cache-Control": "no-store"})
