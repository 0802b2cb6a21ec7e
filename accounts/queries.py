"""Reads of the accounts room."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet

from accounts.models import SecurityAnswer, SecurityEvent, User
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.subjects.models import Identifier, Subject


def account_for_subject(subject: Subject) -> User | None:
    """The account of a person, closed ones included; None for a person without one."""
    return User.objects.filter(subject=subject).first()


def has_account(email: str) -> bool:
    """Whether an account that can be used has confirmed this address."""
    return account_with_address(email) is not None


def account_with_address(email: str) -> User | None:
    """The account that has confirmed this address and is not closed, or None (also for a malformed address).

    An account is found by the address as it was typed into it and by its normal form: they differ for international domains.
    """
    try:
        wanted = {email.strip().lower(), normalise(IdentifierKind.EMAIL, email)}
    except InvalidIdentifier:
        return None
    found = EmailAddress.objects.select_related("user").filter(email__in=wanted, verified=True, user__is_active=True).first()
    return found.user if found else None


def any_account_for_subject(subject: Subject) -> User | None:
    """The newest account of a person whatever its state: closed, frozen, inactive. For locks that closing must not lift."""
    return User.objects.filter(subject=subject).order_by("-pk").first()


def any_account_with_address(email: str) -> User | None:
    """The newest account whose person has proven this address, whatever its state; None also for a malformed address."""
    try:
        normal = normalise(IdentifierKind.EMAIL, email)
    except InvalidIdentifier:
        return None
    confirmed = Q(emailaddress__email__in={email.strip().lower(), normal}, emailaddress__verified=True)
    proven = Q(
        subject__identifiers__kind=IdentifierKind.EMAIL,
        subject__identifiers__value=normal,
        subject__identifiers__proven_at__isnull=False,
    )
    return User.objects.filter(confirmed | proven).order_by("-pk").first()


def primary_address(user: User) -> str:
    """The confirmed main address, where warnings go; of a closed account the oldest proven one. Empty when there is none."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk").values_list("email", flat=True).first()
    if confirmed or user.closed_at is None:
        return confirmed or ""
    proven = Identifier.objects.proven().filter(subject=user.subject_id, kind=IdentifierKind.EMAIL)
    return proven.order_by("pk").values_list("value", flat=True).first() or ""


def security_history(user: User) -> QuerySet[SecurityEvent]:
    """What happened around the account's security, newest first."""
    return SecurityEvent.objects.filter(user=user).order_by("-pk")


def set_questions(user: User) -> list[SecurityAnswer]:
    """Which questions are set and since when. Never the answers."""
    return list(SecurityAnswer.objects.filter(user=user).defer("answer_hash").order_by("pk"))
