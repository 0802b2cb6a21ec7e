"""Erasing an account. Its row stays, with placeholders: what staff did, and the requests of others they worked on, point to it.

A row that was deleted would take along whom staff had let look at what (D-07), and leave gaps in who decided; an empty one names nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from accounts.enums import DATA_PROTECTION_OFFICER
from accounts.models import User
from privacycenter.kernel import clock

PREFIX = "erased-"
ERASING = "accounts.erasing"  # a name to take turns under: of two officers one must remain

# What every erased account looks like.
BLANK: Mapping[str, Any] = {
    "full_name": "",
    "email": "",
    "phone": "",
    "company": "",
    "country": "",
    "last_login": None,
    "credential_changed_at": None,
    "frozen_at": None,
    "is_active": False,
    "is_staff": False,
    "is_superuser": False,
}
# What differs from one to the next. A random name can't be taken, nor guessed, nor counted.
PLACEHOLDERS: Mapping[str, Callable[[], Any]] = {
    "username": lambda: PREFIX + secrets.token_hex(16),
    "password": lambda: make_password(None),
    "session_epoch": lambda: F("session_epoch") + 1,
    "date_joined": clock.now,
    "closed_at": lambda: Coalesce(F("closed_at"), Value(clock.now())),
}


def still_named(accounts: QuerySet[User]) -> QuerySet[User]:
    """Those of the accounts that were not erased."""
    return accounts.exclude(username__startswith=PREFIX, **BLANK)


def erasure_obstacle(account: int) -> str:
    """The code of what stands against erasing an account, or nothing: somebody must remain who can answer people and give out roles."""
    user = User.objects.filter(pk=account, is_active=True).first()
    if user is None:
        return ""
    others = User.objects.filter(is_active=True).exclude(pk=account)
    for code, held in (
        ("last_data_protection_officer", Q(groups__name=DATA_PROTECTION_OFFICER)),
        ("last_administrator", Q(is_superuser=True)),
    ):
        if User.objects.filter(held, pk=account).exists() and not others.filter(held).exists():
            return code
    return ""


def end_sessions(keys: QuerySet[Any, str]) -> None:
    """Delete sessions with the drafts in them. Whoever held one is signed out with the next page."""
    Session.objects.filter(session_key__in=list(keys)).delete()


def shut(account: int) -> None:
    """Let nobody sign in to an account any more. Its erasure has begun; whether it may begin was asked before."""
    User.objects.filter(pk=account, is_active=True).update(is_active=False, session_epoch=F("session_epoch") + 1)
