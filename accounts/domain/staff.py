"""Who is staff, and in which roles."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F

from accounts.errors import LastAdministrator, StaffOnly
from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor


def set_roles(user: User, *, is_staff: bool, roles: Iterable[Group], actor: Actor) -> None:
    """Make an account staff with exactly these roles, or take staff rights away (then every role goes too).

    Only an administrator does this, and nobody to themself, so that a mistake never locks the last one out. Sessions of
    the account end: what it may do is decided anew. Raises StaffOnly, LastAdministrator.
    """
    if not actor.is_staff or not User.objects.filter(pk=actor.ref, is_superuser=True, is_active=True).exists():
        raise StaffOnly
    if str(user.pk) == actor.ref and not is_staff:
        raise LastAdministrator
    chosen = list(roles) if is_staff else []
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_staff=is_staff, session_epoch=F("session_epoch") + 1)
        user.groups.set(chosen)
        user.refresh_from_db(fields=["is_staff", "session_epoch"])
        names = ", ".join(sorted(group.name for group in chosen)) or "none"
        record("accounts.roles_changed", actor=actor, subject=str(user.subject.public_id), staff=is_staff, roles=names)
