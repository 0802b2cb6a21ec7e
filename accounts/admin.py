"""Accounts in the admin: states and dates, no personal data; allauth's own pages, which show everything, are taken away."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User

# Imported first: only what is registered can be taken away, and our room is discovered before theirs.
for _module in ("account", "socialaccount", "mfa", "usersessions"):
    import_module(f"allauth.{_module}.admin")
for _model in (EmailAddress, EmailConfirmation, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read-only. What people gave is seen in the request desk, with a reason and a trace."""

    list_display = ("account", "person", "is_active", "is_staff", "is_frozen", "date_joined", "credential_changed_at")
    list_filter = ("is_staff", "is_active", ("frozen_at", admin.EmptyFieldListFilter), ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("subject",)
    date_hierarchy = "date_joined"
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        "account",
        "person",
        "is_active",
        "is_staff",
        "is_superuser",
        "groups",
        "date_joined",
        "last_login",
        "credential_changed_at",
        "frozen_at",
        "closed_at",
    )

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
        return tuple(self.fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
