"""Accounts in the admin: states and dates, no personal data; allauth's own pages, which show everything, are taken away."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.client import Client
from accounts.domain import freeze_account, set_roles, unfreeze_account
from accounts.forms.desk import FreezeForm, RolesForm, UnfreezeForm
from accounts.models import User
from accounts.sessions import keep_session
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError

# Imported first: only what is registered can be taken away, and our room is discovered before theirs.
for _module in ("account", "socialaccount", "mfa", "usersessions"):
    import_module(f"allauth.{_module}.admin")
for _model in (EmailAddress, EmailConfirmation, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


# Roles are made by code after every migration (requests_app.roles); here they can be read.
admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """What a role may do. Changed in code, so that every installation means the same by a role."""

    fields = ("name", "may")
    readonly_fields = fields

    @admin.display(description=_("may"))
    def may(self, group: Group) -> str:
        names = group.permissions.select_related("content_type").order_by("content_type__app_label", "codename")
        return ", ".join(permission.name for permission in names)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """States and roles. What people gave is seen in the request desk, with a reason and a trace."""

    form = RolesForm
    change_form_template = "admin/accounts/user/change_form.html"
    list_display = ("account", "person", "is_active", "is_staff", "is_frozen", "date_joined", "credential_changed_at")
    list_filter = ("is_staff", "is_active", ("frozen_at", admin.EmptyFieldListFilter), ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("subject",)
    date_hierarchy = "date_joined"
    ordering = ("-pk",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("account", "person", "is_active", "date_joined", "last_login")}),
        (_("At the desk"), {"fields": ("is_staff", "groups", "is_superuser")}),
        (_("Safety"), {"fields": ("credential_changed_at", "frozen_at", "closed_at")}),
    )
    _ROLE_FIELDS = frozenset({"is_staff", "groups"})

    @admin.display(description=_("account"), ordering="pk")
    def account(self, user: User) -> str:
        return f"#{user.pk} {user.username[:1]}•••"

    @admin.display(description=_("person"))
    def person(self, user: User) -> str:
        return f"{str(user.subject.public_id)[:8]}…"

    @admin.display(description=_("frozen"), boolean=True)
    def is_frozen(self, user: User) -> bool:
        return user.is_frozen

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = [str(name) for _title, options in self.fieldsets for name in options["fields"]]
        return tuple(name for name in shown if name not in self._ROLE_FIELDS or not self.has_change_permission(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        set_roles(obj, is_staff=form.cleaned_data["is_staff"], roles=form.cleaned_data["groups"], actor=Actor.for_user(request.user))
        keep_session(request, obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The verb has written the roles already."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        may_freeze = request.user.has_perm("accounts.freeze_user")
        try:
            response: HttpResponse = super().changeform_view(
                request, object_id, form_url, {**(extra_context or {}), "may_freeze": may_freeze}
            )
        except PrivacyCenterError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.path)
        return response

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<int:pk>/freeze/", self.admin_site.admin_view(self.freeze), name="accounts_user_freeze"),
            path("<int:pk>/unfreeze/", self.admin_site.admin_view(self.unfreeze), name="accounts_user_unfreeze"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "POST"]))
    def freeze(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End all sessions of an account and refuse log-ins until its owner has proven who they are."""

        def act(user: User, data: dict[str, Any], client: Client, actor: Actor) -> None:
            freeze_account(user, because=data["reason"], client=client, actor=actor)

        return self._decide(request, pk, form_class=FreezeForm, title=_now("Freeze account"), act=act, done=_now("The account is frozen."))

    @method_decorator([require_http_methods(["GET", "POST"]), sensitive_post_parameters("address")])
    def unfreeze(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give a frozen account back to the person who has proven to own it."""

        def act(user: User, data: dict[str, Any], client: Client, actor: Actor) -> None:
            unfreeze_account(user, proven_address=data["address"], reason=data["reason"], client=client, actor=actor)

        done = _now("The account is open again. The person has been told how to set a new password.")
        return self._decide(request, pk, form_class=UnfreezeForm, title=_now("Give account back"), act=act, done=done)

    def _decide(
        self,
        request: HttpRequest,
        pk: int,
        *,
        form_class: type[forms.Form],
        title: str,
        act: Callable[[User, dict[str, Any], Client, Actor], None],
        done: str,
    ) -> HttpResponse:
        if not request.user.has_perm("accounts.freeze_user"):
            raise PermissionDenied
        user = User.objects.select_related("subject").filter(pk=pk).first()
        if user is None:
            raise Http404
        form = form_class(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                act(user, form.cleaned_data, Client.of(request), Actor.for_user(request.user))
            except PrivacyCenterError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, done, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[pk]))
        context = {**self.admin_site.each_context(request), "title": title, "form": form, "account": user, "opts": self.opts}
        return TemplateResponse(request, "admin/accounts/user/decide.html", context)
