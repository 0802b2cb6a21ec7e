"""E-mail addresses of an account, mirrored to the identifiers of the person: proven only when confirmed by code."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts.client import Client
from accounts.domain.credentials import note_credential_change
from accounts.domain.events import note_security_event
from accounts.enums import CredentialKind, SecurityEventKind
from accounts.models import EmailCode, QuestionTries, ResetLink, SecurityAnswer, User
from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.subjects.domain import add_identifier, remove_identifier, take_over_limits
from privacycenter.subjects.errors import IdentifierTaken
from privacycenter.subjects.models import Identifier, Subject
from privacycenter.subjects.queries import public_ids, subject_with

SOURCE = "accounts.registration"
# Bound to one account and of no use for another.
_OPENED_IT = (Authenticator, EmailAddress, EmailCode, QuestionTries, ResetLink, SecurityAnswer, SocialAccount, UserSession)


def confirm_address(user: User, *, address: str, client: Client, actor: Actor) -> bool:
    """Note that an address of the account was confirmed by code; answers whether it now identifies the person.

    Where the address is proven for a person without an account (somebody who once made a request), a new account joins that
    person, so that nobody becomes two people by registering; an account that they had closed goes on in the new one, with
    its locks, and as that is a new way in, what is held stays locked for a while. A later address that is proven for somebody else stays
    unproven here: joining two people who both have a history is a decision of staff.
    """
    with transaction.atomic():
        known = subject_with(IdentifierKind.EMAIL, address)
        earlier = User.objects.filter(subject=known).first() if known is not None else None
        may_join = earlier is None or earlier.closed_at is not None
        if known is not None and known.pk != user.subject_id and _is_fresh(user.subject) and may_join:
            if earlier is not None:
                _succeed(user, earlier)
            _join(user, known, actor=actor)
            if earlier is not None:
                record("accounts.reopened", actor=actor, subject=str(known.public_id))
                note_credential_change(
                    user,
                    kind=CredentialKind.EMAIL,
                    event=SecurityEventKind.EMAIL_ADDED,
                    tell=_another_address(known, address),
                    client=client,
                    actor=actor,
                )
        try:
            with transaction.atomic():
                add_identifier(user.subject, kind=IdentifierKind.EMAIL, value=address, source=SOURCE, proven=True, actor=actor)
            proven = True
        except IdentifierTaken:
            proven = False
        record("accounts.email_confirmed", actor=actor, subject=str(user.subject.public_id))
        note_security_event(user, kind=SecurityEventKind.EMAIL_CONFIRMED, client=client)
    return proven


def remove_address(user: User, *, address: str, client: Client, actor: Actor) -> None:
    """Detach a removed address from the person, so that it finds nobody from now on, and warn that address.

    A confirmed address can open the account through a reset link, so it counts as a credential.
    """
    with transaction.atomic():
        mirrored = Identifier.objects.filter(
            subject=user.subject, kind=IdentifierKind.EMAIL, value=normalise(IdentifierKind.EMAIL, address)
        ).first()
        if mirrored is not None:
            remove_identifier(mirrored, actor=actor)
        record("accounts.email_removed", actor=actor, subject=str(user.subject.public_id))
        note_credential_change(
            user, kind=CredentialKind.EMAIL, event=SecurityEventKind.EMAIL_REMOVED, tell=address, client=client, actor=actor
        )


def _is_fresh(subject: Subject) -> bool:
    return not Identifier.objects.proven().filter(subject=subject).exists()


def _another_address(subject: Subject, address: str) -> str:
    others = Identifier.objects.proven().filter(subject=subject, kind=IdentifierKind.EMAIL)
    normal = normalise(IdentifierKind.EMAIL, address)
    return others.exclude(value=normal).order_by("pk").values_list("value", flat=True).first() or ""


def _succeed(user: User, closed: User) -> None:
    """Let a new account take the place of the closed one: its history and its freeze go on, what opened it goes."""
    User.objects.filter(pk=user.pk).update(frozen_at=closed.frozen_at)
    user.frozen_at = closed.frozen_at
    for relation in User._meta.related_objects:
        if relation.one_to_many and relation.related_model not in _OPENED_IT:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: closed})
            rows.update(**{relation.field.name: user})
    closed.delete()


def _join(user: User, known: Subject, *, actor: Actor) -> None:
    """Hang a new account, about which little is known yet, on the person who has proven its address before.

    What was chosen in the account until now stays theirs: it stands under the id that goes.
    """
    before = user.subject
    known = Subject.objects.select_for_update().get(pk=known.pk)
    known.former_ids = [*known.former_ids, *public_ids(before)]
    take_over_limits(known, before)
    known.save(update_fields=["former_ids", "restricted_at", "is_child"])
    user.subject = known
    user.save(update_fields=["subject"])
    for identifier in Identifier.objects.filter(subject=before):
        add_identifier(known, kind=identifier.kind, value=identifier.value, source=identifier.source, actor=actor)
    before.delete()
