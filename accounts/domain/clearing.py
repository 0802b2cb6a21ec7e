"""Removing one-time things whose time is over."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.models import CredentialChange, EmailCode, QuestionTries, ResetLink, ResetOrder
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor

# Long enough for every limit that counts rows, short enough that nothing piles up.
KEEP = timedelta(days=2)


def clear_lapsed(*, actor: Actor) -> dict[str, int]:
    """Remove codes, links, counts and sessions that can't matter any more; answers how many of each model."""
    now = clock.now()
    lapsed = {
        "codes": EmailCode.objects.filter(created_at__lt=now - KEEP),
        "reset_links": ResetLink.objects.filter(created_at__lt=now - KEEP),
        "reset_orders": ResetOrder.objects.filter(created_at__lt=now - KEEP),
        "question_tries": QuestionTries.objects.filter(day__lt=(now - KEEP).date()),
        "credential_changes": CredentialChange.objects.filter(expires_at__lt=now),
        "sessions": Session.objects.filter(expire_date__lt=now),
    }
    with transaction.atomic():
        counts = {name: rows.delete()[0] for name, rows in lapsed.items()}
        alive = Session.objects.values("session_key")
        counts["session_notes"] = UserSession.objects.exclude(session_key__in=alive).delete()[0]
    return counts
