"""Reads of the trail."""

from __future__ import annotations

from django.db.models import QuerySet

from privacycenter.audit import events
from privacycenter.audit.domain import SUBJECT_CONTEXT
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel.hashing import candidates


def entries_about(*public_ids: str) -> QuerySet[AuditEntry]:
    """Entries about one person, newest first, whichever key their reference was hashed with.

    A person who was merged has several public ids (subjects.queries.public_ids).
    """
    hashes = [candidate.digest for public_id in public_ids for candidate in candidates(public_id, context=SUBJECT_CONTEXT)]
    return AuditEntry.objects.filter(subject_hash__in=hashes).order_by("-id")


def looks_at(*public_ids: str) -> QuerySet[AuditEntry]:
    """Entries that say that somebody saw this person's data, newest first."""
    verbs = [kind.key for kind in events.all_kinds().values() if kind.is_look]
    return entries_about(*public_ids).filter(verb__in=verbs)


def entries_of(ticket: str) -> QuerySet[AuditEntry]:
    """The trail of one request, oldest first."""
    return AuditEntry.objects.filter(ticket=ticket).order_by("id")
