"""Whose session it is, and which one outlives a change of credentials."""

from __future__ import annotations

from typing import cast

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from accounts.models import User


def account_of(request: HttpRequest) -> User:
    """The signed-in account; for views that nobody reaches without one."""
    return cast("User", request.user)


def keep_session(request: HttpRequest, user: User) -> None:
    """After the session epoch rose: let the session that made the change live on, under a new key."""
    if not request.user.is_authenticated or request.user.pk != user.pk:
        return
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)
