"""Listening to allauth. Each receiver calls one verb; nothing of ours sends signals."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed, email_changed, email_confirmed, email_removed
from allauth.socialaccount.signals import social_account_added, social_account_removed
from allauth.usersessions.models import UserSession
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import stepup
from accounts.client import Client
from accounts.domain import (
    confirm_address,
    link_provider,
    note_credential_change,
    note_security_event,
    note_unlinked,
    remove_address,
)
from accounts.enums import CredentialKind, SecurityEventKind
from accounts.models import User
from accounts.queries import primary_address
from accounts.sessions import keep_session
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import mask_card_numbers
from privacycenter.kernel.text import storable


@receiver(authentication_step_completed)
def on_authentication_step(sender: Any, request: HttpRequest, user: User, method: str, **extra: Any) -> None:
    if extra.get("reauthenticated"):
        stepup.note_reauthentication(request, user, method)
        note_security_event(user, kind=SecurityEventKind.CONFIRMED_AGAIN, client=Client.of(request))


@receiver(pre_save, sender=UserSession)
def on_session_noted(sender: Any, instance: UserSession, **extra: Any) -> None:
    # what a browser calls itself is text from outside: whoever sends a card number in it must not have it stored
    longest = UserSession._meta.get_field("user_agent").max_length
    instance.user_agent = mask_card_numbers(storable(instance.user_agent))[:longest]


@receiver(email_confirmed)
def on_email_confirmed(sender: Any, request: HttpRequest, email_address: EmailAddress, **extra: Any) -> None:
    user, client = email_address.user, Client.of(request)
    actor, epoch = Actor.for_user(user), user.session_epoch
    confirm_address(user, address=email_address.email, client=client, actor=actor)
    main = EmailAddress.objects.filter(user=user, verified=True).exclude(pk=email_address.pk).order_by("-primary").first()
    if main is not None:
        # a further address can receive reset links: it is a credential, and the owner is told at the one they had
        note_credential_change(
            user, kind=CredentialKind.EMAIL, event=SecurityEventKind.EMAIL_ADDED, tell=main.email, client=client, actor=actor
        )
    if user.session_epoch != epoch:
        keep_session(request, user)


@receiver(email_changed)
def on_email_changed(
    sender: Any, request: HttpRequest, user: User, from_email_address: EmailAddress | None, to_email_address: EmailAddress, **extra: Any
) -> None:
    note_credential_change(
        user,
        kind=CredentialKind.EMAIL,
        event=SecurityEventKind.EMAIL_CHANGED,
        tell=from_email_address.email if from_email_address else "",
        client=Client.of(request),
        actor=Actor.for_user(user),
    )
    keep_session(request, user)


@receiver(email_removed)
def on_email_removed(sender: Any, request: HttpRequest, user: User, email_address: EmailAddress, **extra: Any) -> None:
    remove_address(user, address=email_address.email, client=Client.of(request), actor=Actor.for_user(user))
    keep_session(request, user)


@receiver(social_account_added)
def on_provider_linked(sender: Any, request: HttpRequest, sociallogin: Any, **extra: Any) -> None:
    user = sociallogin.user
    link_provider(
        user,
        received=request.provider_answer.received,  # type: ignore[attr-defined]
        tell=primary_address(user),
        client=Client.of(request),
        actor=Actor.for_user(user),
    )
    keep_session(request, user)


@receiver(social_account_removed)
def on_provider_unlinked(sender: Any, request: HttpRequest, socialaccount: Any, **extra: Any) -> None:
    user = socialaccount.user
    note_unlinked(
        user,
        provider=socialaccount.provider,
        uid=socialaccount.uid,
        tell=primary_address(user),
        client=Client.of(request),
        actor=Actor.for_user(user),
    )
    keep_session(request, user)
