"""Changing what the profile holds."""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.db import transaction

from accounts.client import Client
from accounts.domain.emails import SOURCE
from accounts.domain.events import note_security_event
from accounts.enums import SecurityEventKind
from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.subjects.domain import add_identifier, remove_identifier, set_locale
from privacycenter.subjects.models import Identifier


@dataclass(frozen=True)
class Profile:
    """What a person must give (C-01), and time zone and language, which may be empty (H-03)."""

    full_name: str
    phone: str
    company: str
    country: str
    username: str
    time_zone: str
    language: str


def change_profile(user: User, *, profile: Profile, client: Client, actor: Actor) -> tuple[str, ...]:
    """Store a changed profile; answers the names of what differs. The contact number stays an identifier without proof."""
    before = {item.name: str(getattr(user, item.name, "")) for item in fields(Profile)}
    before |= {"time_zone": user.subject.time_zone, "language": user.subject.language}
    changed = tuple(name for name, value in before.items() if value != getattr(profile, name))
    if not changed:
        return ()
    own = [name for name in changed if name not in {"time_zone", "language"}]
    with transaction.atomic():
        if "phone" in changed:
            replace_phone(user, old=before["phone"], new=profile.phone, actor=actor)
        for name in own:
            setattr(user, name, getattr(profile, name))
        if own:
            user.save(update_fields=own)
        if len(own) < len(changed):
            set_locale(user.subject, time_zone=profile.time_zone, language=profile.language, actor=actor)
        note_security_event(user, kind=SecurityEventKind.PROFILE_CHANGED, client=client)
        record("accounts.profile_changed", actor=actor, subject=str(user.subject.public_id), fields=changed)
    return changed


def replace_phone(user: User, *, old: str, new: str, actor: Actor) -> None:
    """Let the contact number that identifies the person, without proof, be the one of the profile."""
    if old:
        mirrored = Identifier.objects.filter(
            subject=user.subject, kind=IdentifierKind.PHONE, value=normalise(IdentifierKind.PHONE, old), source=SOURCE
        ).first()
        if mirrored is not None:
            remove_identifier(mirrored, actor=actor)
    if new:
        add_identifier(user.subject, kind=IdentifierKind.PHONE, value=new, source=SOURCE, actor=actor)
