"""Who acts on a request, and where the person behind it is reached."""

from __future__ import annotations

from accounts.models import User
from accounts.queries import primary_address
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers
from requests_app.enums import Behalf
from requests_app.errors import NotAllowed, NotProven
from requests_app.models import Request
from requests_app.queries import account_of
from requests_app.transitions import Role

WORK = "requests_app.work_request"
LOOK = "requests_app.see_personal_data"
DECIDE_CHILD = "requests_app.decide_childreport"


def actor_for(subject: Subject) -> Actor:
    """The person themselves, with or without an account. Staff who use their own rights act as persons here."""
    account = account_of(subject)
    return Actor(ActorKind.PERSON, str(account.pk) if account else f"subject:{subject.pk}")


def requester_of(request: Request) -> Subject | None:
    """Who asks: the person themselves, or whoever filed it for them. None for a requester of whom only an address is known."""
    return request.subject if request.behalf == Behalf.SELF else request.filed_by


def is_requester(request: Request, subject: Subject) -> bool:
    """Whether this person is the one who asks, and gets the answer."""
    requester = requester_of(request)
    if requester is not None or request.behalf == Behalf.SELF:
        return requester == subject
    return bool(request.contact) and (IdentifierKind.EMAIL, request.contact) in proven_identifiers(subject)


def actor_of_requester(request: Request) -> Actor:
    """The one who asks, as an actor."""
    requester = requester_of(request)
    if requester is not None:
        return actor_for(requester)
    return Actor(ActorKind.ANONYMOUS) if request.behalf == Behalf.SELF else Actor(ActorKind.PERSON, f"request:{request.pk}")


def address_of(request: Request) -> str:
    """Where mails about a request go: the account's main address, else the address that was proven.

    What is asked for another person goes to the contact that was given with it, never to an address of that person.
    """
    account = account_of(requester_of(request))
    main = primary_address(account) if account is not None else ""
    return main or request.contact or "" if request.behalf == Behalf.SELF else request.contact or main


def require_role(request: Request, role: Role, *, actor: Actor) -> None:
    """Raise NotAllowed unless the actor is what the role says, for this request."""
    if role is Role.SYSTEM:
        allowed = actor.kind is ActorKind.SYSTEM
    elif role is Role.STAFF:
        allowed = may(actor, WORK)
    else:
        allowed = actor.kind is ActorKind.PERSON and _is_party(request, actor)
    if not allowed:
        raise NotAllowed


def _is_party(request: Request, actor: Actor) -> bool:
    """Whether somebody is the person of a request or asks for them. Before the proof it belongs to nobody, and the caller has looked."""
    if request.subject is None or actor == actor_for(request.subject):
        return True
    return request.behalf != Behalf.SELF and actor == actor_of_requester(request)


def require_proven(request: Request) -> None:
    """Raise NotProven while nobody has shown whose request it is: it binds nobody, and there is nothing to do about it yet."""
    if request.verified_at is None:
        raise NotProven


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
