"""Asking again: consents for a purpose that was rewritten no longer count, because they were given for another text."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from privacycenter.audit.domain import record
from privacycenter.datamap.queries import versions_of
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences import texts
from privacycenter.preferences.domain.ledger import Choice, Presented, new_event
from privacycenter.preferences.enums import POSITIVE, EventKind, Method
from privacycenter.preferences.errors import UnknownPurpose
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of_row
from privacycenter.preferences.queries import scope_of
from privacycenter.subjects.errors import StaffOnly

RECALL = "preferences.recall"
TEXT = texts.register("preferences.recalled", _("We changed what this is for, so your earlier yes no longer counts. You can choose anew."))
_REASON = "purpose_changed"
_BATCH = 500
_ACTOR = Actor.system("preferences")


def outdated_count(purpose: str) -> int:
    """How many consents that stand were given before the present version of a purpose. Raises UnknownPurpose."""
    return _outdated(purpose, _newest_version(purpose)).count()


@transaction.atomic
def ask_again(purpose: str, *, actor: Actor) -> None:
    """Declare invalid, in the background, every consent given before the present version of a purpose. Staff only.

    From then on the gate says no for these people until they choose anew. Raises UnknownPurpose, StaffOnly.
    """
    if not actor.is_staff:
        raise StaffOnly
    version = _newest_version(purpose)
    record("preferences.recalled", actor=actor, purpose=purpose, version=version)
    enqueue(RECALL, key=f"{purpose}:{version}", payload={"purpose": purpose, "version": version})


def recall(claims: Iterable[Claim]) -> None:
    """Handler of the job: batch by batch, so that a run that dies goes on where it was."""
    for claim in claims:
        while _recall_batch(claim):
            pass


@transaction.atomic
def _recall_batch(claim: Claim) -> int:
    claim.hold()
    rows = list(_outdated(claim.payload["purpose"], claim.payload["version"]).order_by("id")[:_BATCH])
    if rows:
        now = clock.now()
        shown = Presented(texts.registered(TEXT, language="en"), Method.SYSTEM)
        choices = [(party_of_row(row), Choice(scope_of(row), EventKind.INVALIDATED, None, _REASON)) for row in rows]
        ConsentEvent.objects.bulk_create([new_event(party, choice, shown, _ACTOR, now) for party, choice in choices])
    return len(rows)


def _outdated(purpose: str, version: int) -> QuerySet[ConsentEvent]:
    """The yes that stands of each record of a purpose, where it is older than this version."""
    since = next((each.at for each in versions_of(purpose) if each.version == version), None)
    if since is None:
        raise UnknownPurpose
    later = ConsentEvent.objects.filter(party_hash=OuterRef("party_hash"), record_id=OuterRef("record_id"), id__gt=OuterRef("id"))
    standing = ConsentEvent.objects.filter(purpose=purpose, kind__in=POSITIVE, at__lt=since).defer("evidence")
    return standing.exclude(Exists(later.exclude(kind=EventKind.REQUESTED)))


def _newest_version(purpose: str) -> int:
    versions = versions_of(purpose)
    if not versions:
        raise UnknownPurpose
    return versions[0].version
