"""Verbs on people and their identifiers."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import normalise
from privacycenter.subjects import splitting
from privacycenter.subjects.errors import CannotMerge, CannotSplit, IdentifierTaken, StaffOnly
from privacycenter.subjects.models import Identifier, Subject
from privacycenter.subjects.queries import public_ids


def create_subject(*, language: str = "", time_zone: str = "", actor: Actor) -> Subject:
    """Add a person. `language` is BCP 47, `time_zone` an IANA name; both may be empty."""
    with transaction.atomic():
        subject = Subject.objects.create(created_at=clock.now(), language=language, time_zone=_known_zone(time_zone))
        record("subjects.created", actor=actor, subject=str(subject.public_id))
    return subject


def add_identifier(subject: Subject, *, kind: str, value: str, source: str, proven: bool = False, actor: Actor) -> Identifier:
    """Attach an identifier to a person; the same one twice is one row, and `proven` proves it.

    An unproven identifier may stand with several people: it finds nobody. Raises InvalidIdentifier, or IdentifierTaken
    when it is to be proven and another person has proven it.
    """
    normal = normalise(kind, value)
    with transaction.atomic():
        identifier, created = Identifier.objects.get_or_create(
            subject=subject, kind=kind, value=normal, defaults={"source": source, "created_at": clock.now()}
        )
        if created:
            record("subjects.identifier_added", actor=actor, subject=str(subject.public_id), kind=kind, source=source)
        if proven and identifier.proven_at is None:
            prove_identifier(identifier, actor=actor)
    return identifier


def prove_identifier(identifier: Identifier, *, actor: Actor) -> None:
    """Note that the person has shown control of an identifier. Raises IdentifierTaken; never moves or merges anybody."""
    try:
        with transaction.atomic():
            identifier.proven_at = clock.now()
            identifier.save(update_fields=["proven_at"])
            record("subjects.identifier_proven", actor=actor, subject=str(identifier.subject.public_id), kind=identifier.kind)
    except IntegrityError as error:
        identifier.proven_at = None
        raise IdentifierTaken from error


def remove_identifier(identifier: Identifier, *, actor: Actor) -> None:
    """Detach an identifier: from now on it finds nobody."""
    with transaction.atomic():
        record("subjects.identifier_removed", actor=actor, subject=str(identifier.subject.public_id), kind=identifier.kind)
        identifier.delete()


def subject_for_proven(*, kind: str, value: str, source: str, actor: Actor) -> Subject:
    """The person who has proven this identifier; where there is none, a new person with just this identifier, proven.

    Call only after control of the identifier was shown. People who carry it unproven are left alone.
    """
    normal = normalise(kind, value)
    for _attempt in range(2):
        found = Identifier.objects.proven().select_related("subject").filter(kind=kind, value=normal).first()
        if found:
            return found.subject
        try:
            with transaction.atomic():
                subject = create_subject(actor=actor)
                add_identifier(subject, kind=kind, value=normal, source=source, proven=True, actor=actor)
                return subject
        except IdentifierTaken:
            continue  # somebody proved it between the look and the insert
    raise IdentifierTaken


def set_locale(subject: Subject, *, time_zone: str, language: str, actor: Actor) -> None:
    """Set or clear (empty) a person's time zone and language. Raises ValueError for an unknown zone."""
    with transaction.atomic():
        subject.time_zone, subject.language = _known_zone(time_zone), language
        subject.save(update_fields=["time_zone", "language"])
        record("subjects.locale_changed", actor=actor, subject=str(subject.public_id), fields=("time_zone", "language"))


def show_identifiers(subject: Subject, *, reason: str, actor: Actor) -> list[Identifier]:
    """Every identifier of a person, for staff who gave a reason (a short code). The look is on record before anything is shown."""
    _require_staff(actor)
    with transaction.atomic():
        record("subjects.identifiers_shown", actor=actor, subject=str(subject.public_id), reason=reason)
    return list(subject.identifiers.order_by("kind", "value"))


def note_proof(subject: Subject, *, kind: str, value: str, proof: str, actor: Actor) -> Identifier:
    """Attach an identifier that the person has proven to staff, such as a customer number. `proof` is a short code.

    Raises InvalidIdentifier, IdentifierTaken, StaffOnly.
    """
    _require_staff(actor)
    return add_identifier(subject, kind=kind, value=value, source=f"staff.{proof}", proven=True, actor=actor)


def merge_subjects(keep: Subject, other: Subject, *, reason: str, actor: Actor) -> None:
    """Make two records of one person one: everything that hangs on `other` moves to `keep`, then `other` goes.

    Staff only, with a reason (a short code). Raises CannotMerge when both have something that only one can have, such as
    an account, or when both have the same identifier.
    """
    _require_staff(actor)
    if keep.pk == other.pk:
        raise CannotMerge
    try:
        with transaction.atomic():
            locked = Subject.objects.select_for_update().filter(pk__in=[keep.pk, other.pk]).order_by("pk")
            if len(locked) != 2:
                raise CannotMerge
            known = set(keep.identifiers.values_list("kind", "value"))
            for identifier in other.identifiers.all():
                if (identifier.kind, identifier.value) in known:
                    _merge_duplicate(keep, identifier)
            for relation in Subject._meta.related_objects:
                relation.related_model._base_manager.filter(**{relation.field.name: other}).update(**{relation.field.name: keep})
            keep.former_ids = [*keep.former_ids, *public_ids(other)]
            keep.save(update_fields=["former_ids"])
            record("subjects.merged", actor=actor, subject=str(keep.public_id), reason=reason)
            record("subjects.merged", actor=actor, subject=str(other.public_id), reason=reason)
            other.delete()
    except IntegrityError as error:
        raise CannotMerge from error


def _merge_duplicate(keep: Subject, duplicate: Identifier) -> None:
    """Both carry the identifier (at most one of them proven): the proof survives, the second row goes."""
    proven_at = duplicate.proven_at
    duplicate.delete()
    if proven_at is not None:
        keep.identifiers.filter(kind=duplicate.kind, value=duplicate.value).update(proven_at=proven_at)


def split_subject(subject: Subject, *, identifiers: Iterable[Identifier], reason: str, actor: Actor) -> Subject:
    """Move some identifiers of a person to a new one: two people had become one record. Staff only.

    What other rooms hold for the person is seen to by the handlers that they registered (subjects.splitting); one of them
    may refuse. Raises CannotSplit when none or all would move, or one of them is somebody else's.
    """
    _require_staff(actor)
    chosen = {identifier.pk for identifier in identifiers}
    with transaction.atomic():
        own = set(Identifier.objects.select_for_update().filter(subject=subject).values_list("pk", flat=True))
        if not chosen or not chosen < own:
            raise CannotSplit
        new = create_subject(actor=actor)
        moving = Identifier.objects.filter(pk__in=chosen)
        moved = list(moving.values_list("kind", "value"))
        moving.update(subject=new)
        splitting.tell(subject, new, moved, actor)
        for party in (subject, new):
            record("subjects.split", actor=actor, subject=str(party.public_id), reason=reason, identifiers=len(chosen))
    return new


def _require_staff(actor: Actor) -> None:
    if not actor.is_staff:
        raise StaffOnly


def _known_zone(name: str) -> str:
    if name and name not in available_timezones():
        raise ValueError("unknown time zone")
    return name
