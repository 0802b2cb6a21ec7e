"""Passwords, main address, factors, provider links: what changing them sets off, and how the owner stops a thief."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts.client import Client
from accounts.domain.events import note_security_event
from accounts.enums import CredentialKind, SecurityEventKind
from accounts.errors import AdministratorOnly, LinkNotValid, NotFrozen, OwnAccount, StaffOnly
from accounts.mail_kinds import CREDENTIAL_CHANGED, FROZEN, UNFROZEN
from accounts.models import CredentialChange, FederatedRecord, User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.kernel.tokens import digest, new_token
from privacycenter.mail.domain import queue_message
from privacycenter.subjects.domain import add_identifier, remove_identifier
from privacycenter.subjects.errors import IdentifierTaken
from privacycenter.subjects.models import Identifier

FREEZE_LINK_LIFETIME = timedelta(days=14)


def change_password(user: User, *, password: str, tell: str, client: Client, actor: Actor) -> None:
    """Set a new password; all sessions end (the caller keeps the one that changed it) and the owner is told."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        note_credential_change(
            user, kind=CredentialKind.PASSWORD, event=SecurityEventKind.PASSWORD_CHANGED, tell=tell, client=client, actor=actor
        )


def note_credential_change(
    user: User, *, kind: CredentialKind, event: SecurityEventKind, tell: str, client: Client, actor: Actor
) -> CredentialChange:
    """Draw the consequences of a changed credential, in the transaction of the change.

    Raises the session epoch (ends every session), notes the moment (bundles stay locked for a while) and writes to `tell`,
    the address that was good before the change, with a link that freezes the account.
    """
    now = clock.now()
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1, credential_changed_at=now)
        user.refresh_from_db(fields=["session_epoch", "credential_changed_at"])
        change = _warn(user, kind=kind, tell=tell, handed_over=False, actor=actor)
        note_security_event(user, kind=event, client=client)
        record("accounts.credential_changed", actor=actor, subject=str(user.subject.public_id), kind=str(kind))
    return change


def _warn(user: User, *, kind: CredentialKind, tell: str, handed_over: bool, actor: Actor) -> CredentialChange:
    """Note a change with its freeze link, and mail the link to `tell` where there is such an address."""
    now, token = clock.now(), new_token()
    change = CredentialChange.objects.create(
        user=user, kind=kind, token_digest=digest(token), changed_at=now, expires_at=now + FREEZE_LINK_LIFETIME
    )
    if tell:
        queue_message(
            CREDENTIAL_CHANGED,
            to=tell,
            context={
                "name": user.get_short_name(),
                "what": kind.label,
                "handed_over": handed_over,
                "when": date_format(timezone.localtime(now), "l, j F Y, H:i") + f" {timezone.get_current_timezone_name()}",
                "link": settings.SITE_URL + reverse("account_freeze", args=[token]),
            },
            language=user.subject.language,
            subject_key=str(user.subject.public_id),
            actor=actor,
        )
    return change


def freeze_by_link(token: str, *, client: Client, actor: Actor) -> User:
    """Freeze the account that a warning was about. Works once and for two weeks. Raises LinkNotValid."""
    now = clock.now()
    with transaction.atomic():
        usable = CredentialChange.objects.filter(token_digest=digest(token), used_at=None, expires_at__gt=now)
        if usable.update(used_at=now) != 1:
            raise LinkNotValid
        change = CredentialChange.objects.select_related("user__subject").get(token_digest=digest(token))
        _freeze(change.user, because="link", client=client, actor=actor)
    return change.user


def freeze_account(user: User, *, because: str, client: Client, actor: Actor) -> None:
    """End all sessions and refuse log-ins until staff have seen proof. Changes nothing else: a freeze reverts nothing.

    Staff freeze neither themselves nor, unless they are administrators, each other. Raises OwnAccount, AdministratorOnly.
    """
    if actor.is_staff:
        _require_power_over(user, actor=actor)
    _freeze(user, because=because, client=client, actor=actor)


def _require_power_over(user: User, *, actor: Actor) -> None:
    """Whoever gives an account back says who gets in: over staff, that would be a way to their rights."""
    if str(user.pk) == actor.ref:
        raise OwnAccount
    target = User.objects.filter(pk=user.pk).values("is_staff", "is_superuser").get()
    is_administrator = User.objects.filter(pk=actor.ref, is_superuser=True, is_active=True).exists()
    if (target["is_staff"] or target["is_superuser"]) and not is_administrator:
        raise AdministratorOnly


def _freeze(user: User, *, because: str, client: Client, actor: Actor) -> None:
    with transaction.atomic():
        frozen = User.objects.filter(pk=user.pk, frozen_at=None).update(frozen_at=clock.now(), session_epoch=F("session_epoch") + 1)
        user.refresh_from_db(fields=["frozen_at", "session_epoch"])
        if not frozen:
            return
        note_security_event(user, kind=SecurityEventKind.FROZEN, client=client)
        record("accounts.frozen", actor=actor, subject=str(user.subject.public_id), because=because)
        for address in EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True):
            queue_message(
                FROZEN,
                to=address,
                context={"name": user.get_short_name(), "contact": settings.OPERATOR_CONTACT},
                language=user.subject.language,
                subject_key=str(user.subject.public_id),
                actor=actor,
            )


def unfreeze_account(user: User, *, proven_address: str, reason: str, client: Client, actor: Actor) -> None:
    """Give a frozen account back to the person who has proven to own it. Staff only; `reason` is a short code.

    Whoever changed the credentials may still know them, so all of them go: `proven_address` becomes the only address,
    the password fits no more, factors, provider links and security questions are removed. The person sets a new password
    through a reset link, which goes to that address only. Every address the account had is told, with a link that freezes
    it again. Raises StaffOnly, OwnAccount, AdministratorOnly, NotFrozen, IdentifierTaken.
    """
    if not actor.is_staff:
        raise StaffOnly
    _require_power_over(user, actor=actor)
    now = clock.now()
    with transaction.atomic():
        if User.objects.filter(pk=user.pk).exclude(frozen_at=None).update(frozen_at=None) != 1:
            raise NotFrozen
        address = proven_address.lower()
        before = _proven_addresses(user) - {address}
        for identifier in Identifier.objects.filter(subject=user.subject, kind=IdentifierKind.EMAIL):
            remove_identifier(identifier, actor=actor)
        EmailAddress.objects.filter(user=user).delete()
        if user.closed_at is None:
            _set_only_address(user, address)
        add_identifier(user.subject, kind=IdentifierKind.EMAIL, value=address, source="accounts.staff_proof", proven=True, actor=actor)
        Authenticator.objects.filter(user=user).delete()
        SocialAccount.objects.filter(user=user).delete()
        FederatedRecord.objects.filter(user=user, unlinked_at=None).update(unlinked_at=now)
        user.security_answers.all().delete()
        user.set_unusable_password()
        user.email = address if user.closed_at is None else ""
        user.frozen_at, user.credential_changed_at = None, now
        user.session_epoch = User.objects.values_list("session_epoch", flat=True).get(pk=user.pk) + 1
        user.save(update_fields=["password", "email", "credential_changed_at", "session_epoch"])
        note_security_event(user, kind=SecurityEventKind.UNFROZEN, client=client)
        for old in sorted(before):
            _warn(user, kind=CredentialKind.EMAIL, tell=old, handed_over=True, actor=actor)
        record("accounts.unfrozen", actor=actor, subject=str(user.subject.public_id), reason=reason)
        queue_message(
            UNFROZEN,
            to=address,
            context={"name": user.get_short_name(), "link": settings.SITE_URL + reverse("account_reset_password")},
            language=user.subject.language,
            subject_key=str(user.subject.public_id),
            actor=actor,
        )


def _proven_addresses(user: User) -> set[str]:
    """Addresses the account has confirmed, or had when it was closed."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    proven = Identifier.objects.proven().filter(subject=user.subject, kind=IdentifierKind.EMAIL).values_list("value", flat=True)
    return {*confirmed, *proven}


def _set_only_address(user: User, address: str) -> None:
    try:
        with transaction.atomic():
            EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)
    except IntegrityError:
        raise IdentifierTaken from None
