"""Records of what a log-in provider told us, and the tie to its issuer (C-10)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from accounts.client import Client
from accounts.domain.credentials import note_credential_change
from accounts.enums import CredentialKind, SecurityEventKind
from accounts.models import FederatedRecord, User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor


@dataclass(frozen=True)
class Received:
    """What a provider vouched for: who issued it, the subject there, and the facts about the person."""

    provider: str
    issuer: str
    uid: str
    facts: dict[str, str] = field(default_factory=dict)


def keep_received(user: User, *, received: Received, taken_over: Sequence[str], actor: Actor) -> FederatedRecord:
    """Keep what was received as a record with its source; `taken_over` names what the person chose for the profile."""
    with transaction.atomic():
        kept = FederatedRecord.objects.create(
            user=user,
            provider=received.provider,
            issuer=received.issuer,
            uid=received.uid,
            received=json.dumps(received.facts, ensure_ascii=False, sort_keys=True),
            taken_over=sorted(taken_over),
            received_at=clock.now(),
        )
        record("accounts.provider_linked", actor=actor, subject=str(user.subject.public_id), provider=received.provider)
    return kept


def link_provider(user: User, *, received: Received, tell: str, client: Client, actor: Actor) -> None:
    """Note that an existing account was linked with a provider: a record, and the consequences of a new way in."""
    with transaction.atomic():
        keep_received(user, received=received, taken_over=(), actor=actor)
        note_credential_change(
            user, kind=CredentialKind.PROVIDER, event=SecurityEventKind.PROVIDER_LINKED, tell=tell, client=client, actor=actor
        )


def note_unlinked(user: User, *, provider: str, uid: str, tell: str, client: Client, actor: Actor) -> None:
    """Note that a link was removed. The record of what was received stays, with its end."""
    with transaction.atomic():
        FederatedRecord.objects.filter(user=user, provider=provider, uid=uid, unlinked_at=None).update(unlinked_at=clock.now())
        record("accounts.provider_unlinked", actor=actor, subject=str(user.subject.public_id), provider=provider)
        note_credential_change(
            user, kind=CredentialKind.PROVIDER, event=SecurityEventKind.PROVIDER_UNLINKED, tell=tell, client=client, actor=actor
        )


def issuer_of(*, provider: str, uid: str) -> str | None:
    """The issuer that a link is tied to, or None where there is no link."""
    return FederatedRecord.objects.filter(provider=provider, uid=uid, unlinked_at=None).values_list("issuer", flat=True).first()
