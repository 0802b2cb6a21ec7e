"""Who acts on a request, and where the person behind it is reached."""

from __future__ import annotations

from accounts.models import User
from accounts.queries import primary_address
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.subjects.models import Subject
from requests_app.errors import NotAllowed
from requests_app.models import Request
from requests_app.queries import account_of
from requests_app.transitions import Role

WORK = "requests_app.work_request"
LOOK = "requests_app.see_personal_data"


def actor_for(subject: Subject) -> Actor:
    """The person themselves, with or without an account. Staff who use their own rights act as persons here."""
    account = account_of(subject)
    return Actor(ActorKind.PERSON, str(account.pk) if account else f"subject:{subject.pk}")


def address_of(request: Request) -> str:
    """Where mails about a request go: the account's main address, else the address that was proven."""
    account = account_of(request.subject)
    return (primary_address(account) if account is not None else "") or request.contact or ""


def require_role(request: Request, role: Role, *, actor: Actor) -> None:
    """Raise NotAllowed unless the actor is what the role says, for this request."""
    if role is Role.SYSTEM:
        allowed = actor.kind is ActorKind.SYSTEM
    elif role is Role.STAFF:
        allowed = may(actor, WORK)
    else:
        allowed = actor.kind is ActorKind.PERSON and (request.subject is None or actor == actor_for(request.subject))
    if not allowed:
        raise NotAllowed


def may(actor: Actor, permission: str) -> bool:
    """Whether a member of staff has this permission; asked of the database each time, so that a lost role counts at once."""
    if not actor.is_staff:
        return False
    user = User.objects.filter(pk=actor.ref, is_active=True).first()
    return user is not None and user.has_perm(permission)


def require_permission(actor: Actor, permission: str) -> None:
    """Raise NotAllowed unless the actor is staff with this permission."""
    if not may(actor, permission):
        raise NotAllowed
