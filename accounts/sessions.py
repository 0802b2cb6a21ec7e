"""Whose session it is, and which one outlives a change of credentials."""

from __future__ import annotations

from typing import cast

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from accounts.models import User

_WAITING_KEY = "account_login_epoch"


def account_of(request: HttpRequest) -> User:
    """The signed-in account; for views that nobody reaches without one."""
    return cast("User", request.user)


def note_waiting(request: HttpRequest, user: User) -> None:
    """A log-in begins: remember in which state the account was when its first proof was given."""
    request.session[_WAITING_KEY] = [user.pk, user.session_epoch]


def take_waiting(request: HttpRequest, user: User) -> int | None:
    """The session epoch at which the log-in of this account began; None when none began in this session."""
    account, epoch = request.session.pop(_WAITING_KEY, (None, None))
    return epoch if account == user.pk else None


def keep_session(request: HttpRequest, user: User) -> None:
    """After the session epoch rose: let the session that made the change live on, under a new key.

    A log-in that confirmed an address on its way goes on as well, unless something else was changed while it waited.
    """
    if request.session.get(_WAITING_KEY) == [user.pk, user.session_epoch - 1]:
        note_waiting(request, user)
    if not request.user.is_authenticated or request.user.pk != user.pk:
        return
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)
