"""Closing an account: nobody can log in any more. What is held is handled by an erasure request, not here.

Locks outlive it: a frozen account stays frozen, and what was changed lately stays locked, also for the account that its
owner opens later with the same address.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import F

from accounts.client import Client
from accounts.domain.events import note_security_event
from accounts.enums import SecurityEventKind
from accounts.errors import AlreadyClosed
from accounts.mail_kinds import CLOSED
from accounts.models import FederatedRecord, User
from accounts.queries import primary_address
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.domain import queue_message


def close_account(user: User, *, client: Client, actor: Actor) -> None:
    """Deactivate the account, end its sessions and confirm it by mail. Raises AlreadyClosed.

    Addresses and provider links are released, so that the person may register with them again. Proven addresses stay
    identifiers of the person: what is held is still theirs to ask for.
    """
    with transaction.atomic():
        closed = User.objects.filter(pk=user.pk, closed_at=None).update(
            is_active=False, closed_at=clock.now(), session_epoch=F("session_epoch") + 1
        )
        if not closed:
            raise AlreadyClosed
        address = primary_address(user)
        EmailAddress.objects.filter(user=user).delete()
        SocialAccount.objects.filter(user=user).delete()
        FederatedRecord.objects.filter(user=user, unlinked_at=None).update(unlinked_at=clock.now())
        User.objects.filter(pk=user.pk).update(email="")
        user.refresh_from_db(fields=["is_active", "closed_at", "session_epoch", "email"])
        note_security_event(user, kind=SecurityEventKind.CLOSED, client=client)
        record("accounts.closed", actor=actor, subject=str(user.subject.public_id))
        if address:
            queue_message(
                CLOSED,
                to=address,
                context={"name": user.get_short_name()},
                language=user.subject.language,
                subject_key=str(user.subject.public_id),
                actor=actor,
            )
