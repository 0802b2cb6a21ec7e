"""From nobody to an account, and back when it is never confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.client import Client
from accounts.domain.codes import LIFETIME
from accounts.domain.emails import SOURCE
from accounts.domain.events import note_security_event
from accounts.enums import SecurityEventKind
from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.domain import add_identifier, create_subject

KEEP_UNCONFIRMED = timedelta(days=7)


def register_account(
    user: User,
    *,
    username: str,
    email: str,
    password: str | None,
    full_name: str,
    phone: str,
    company: str,
    country: str,
    language: str,
    way: str,
    client: Client,
    actor: Actor,
) -> User:
    """Save a new account with its person. `way` is "form" or the id of a log-in provider; without `password` none fits.

    The contact number and the address become identifiers that are not proven yet. Whoever calls has asked for the age.
    """
    with transaction.atomic():
        user.subject = create_subject(language=language, actor=actor)
        user.username, user.email = username.lower(), email.lower()
        user.full_name, user.phone, user.company, user.country = full_name, phone, company, country
        user.date_joined = clock.now()
        if password is None:
            user.set_unusable_password()
        else:
            user.set_password(password)
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
        add_identifier(user.subject, kind=IdentifierKind.EMAIL, value=user.email, source=SOURCE, actor=actor)
        add_identifier(user.subject, kind=IdentifierKind.PHONE, value=str(phone), source=SOURCE, actor=actor)
        record("accounts.registered", actor=actor, subject=str(user.subject.public_id), way=way)
        note_security_event(user, kind=SecurityEventKind.REGISTERED, client=client)
    return user


def discard_registration(address: str, *, actor: Actor) -> None:
    """Remove a registration with this address that was never confirmed and whose code has lapsed.

    Otherwise anybody could block an address by registering with it. Does nothing when there is none.
    """
    before = clock.now() - LIFETIME
    for user in _unconfirmed(before).filter(emailaddress__email=address.lower()):
        _discard(user, actor=actor)


def discard_unconfirmed(*, limit: int, actor: Actor) -> int:
    """Remove registrations that were never confirmed within a week; answers how many."""
    users = list(_unconfirmed(clock.now() - KEEP_UNCONFIRMED)[:limit])
    for user in users:
        _discard(user, actor=actor)
    return len(users)


def _unconfirmed(before: datetime):  # type: ignore[no-untyped-def]
    confirmed = EmailAddress.objects.filter(verified=True).values("user_id")
    return (
        User.objects.filter(date_joined__lt=before, last_login=None, is_staff=False, emailaddress__isnull=False)
        .exclude(pk__in=confirmed)
        .select_related("subject")
        .distinct()
    )


def _discard(user: User, *, actor: Actor) -> None:
    with transaction.atomic():
        # again under the lock: a code may just have been typed
        locked = User.objects.select_for_update().filter(pk=user.pk, last_login=None).first()
        if locked is None or EmailAddress.objects.filter(user=locked, verified=True).exists():
            return
        record("accounts.registration_discarded", actor=actor, subject=str(user.subject.public_id))
        locked.delete()
        user.subject.delete()
