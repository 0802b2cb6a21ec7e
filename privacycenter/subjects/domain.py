"""Verbs on people and their identifiers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from uuid import UUID
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.subjects import holding, splitting
from privacycenter.subjects.enums import AllowedUse
from privacycenter.subjects.errors import CannotMerge, CannotSplit, IdentifierTaken, PersonErased, StaffOnly, UseMissing
from privacycenter.subjects.models import Identifier, PushDevice, Restriction, Subject
from privacycenter.subjects.queries import is_restricted, public_ids


def create_subject(*, language: str = "", time_zone: str = "", actor: Actor) -> Subject:
    """Add a person. `language` is BCP 47, `time_zone` an IANA name; both may be empty."""
    with transaction.atomic():
        subject = Subject.objects.create(created_at=clock.now(), language=language, time_zone=_known_zone(time_zone))
        record("subjects.created", actor=actor, subject=str(subject.public_id))
    return subject


def add_identifier(subject: Subject, *, kind: str, value: str, source: str, proven: bool = False, actor: Actor) -> Identifier:
    """Attach an identifier to a person; the same one twice is one row, and `proven` proves it.

    An unproven identifier may stand with several people: it finds nobody. Raises InvalidIdentifier, PersonErased, or
    IdentifierTaken when it is to be proven and another person has proven it.
    """
    normal = normalise(kind, value)
    if subject.erased_at is not None:
        raise PersonErased
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
            holding.tell_gained(identifier.subject, identifier.kind, identifier.value)
    except IntegrityError as error:
        identifier.proven_at = None
        raise IdentifierTaken from error


def remove_identifier(identifier: Identifier, *, actor: Actor) -> None:
    """Detach an identifier: from now on it finds nobody. What other rooms keep under a proven one is seen to (subjects.holding)."""
    subject, was_proven = identifier.subject, identifier.proven_at is not None
    with transaction.atomic():
        record("subjects.identifier_removed", actor=actor, subject=str(subject.public_id), kind=identifier.kind)
        identifier.delete()
        if was_proven:
            holding.tell_lost(subject, identifier.kind, identifier.value)


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


def add_push_device(subject: Subject, *, label: str, endpoint: str, actor: Actor) -> PushDevice:
    """Register a device for push messages; the same one again is the same row, switched on. `endpoint` is what its maker reaches it by.

    Whether anything is sent there is for the person's choices to say.
    """
    known = {"subject": subject, "endpoint_digest": hashlib.sha256(endpoint.encode()).hexdigest()}
    with transaction.atomic():
        device, created = PushDevice.objects.get_or_create(
            **known, defaults={"label": label, "endpoint": endpoint, "created_at": clock.now()}
        )
        was_off = device.disabled_at is not None
        if not created:
            device.label, device.endpoint, device.disabled_at = label, endpoint, None
            device.save(update_fields=["label", "endpoint", "disabled_at"])
        if created or was_off:
            record("subjects.push_device_added", actor=actor, subject=str(subject.public_id))
    return device


def switch_off_push_device(device: PushDevice, *, actor: Actor) -> None:
    """Send no more push messages to a device, and forget how it is reached. Done before, it does nothing."""
    with transaction.atomic():
        live = PushDevice.objects.filter(pk=device.pk, disabled_at__isnull=True)
        if live.update(disabled_at=clock.now(), endpoint=""):
            record("subjects.push_device_switched_off", actor=actor, subject=str(device.subject.public_id))


def set_locale(subject: Subject, *, time_zone: str, language: str, actor: Actor) -> None:
    """Set or clear (empty) a person's time zone and language. Raises ValueError for an unknown zone."""
    with transaction.atomic():
        subject.time_zone, subject.language = _known_zone(time_zone), language
        subject.save(update_fields=["time_zone", "language"])
        record("subjects.locale_changed", actor=actor, subject=str(subject.public_id), fields=("time_zone", "language"))


def show_identifiers(subject: Subject, *, reason: str, use: str = "", actor: Actor) -> list[Identifier]:
    """Every identifier of a person, for staff who gave a reason (a short code). The look is on record before anything is shown.

    Where the use of the data is restricted, `use` names what the law allows it for. Raises UseMissing, StaffOnly.
    """
    _require_staff(actor)
    with transaction.atomic():
        name_use(subject, use=use, actor=actor)
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

    Staff only, with a reason (a short code). Raises PersonErased, and CannotMerge when both have something that only one can
    have, such as an account, or when both have the same identifier.
    """
    _require_staff(actor)
    if keep.pk == other.pk:
        raise CannotMerge
    if keep.erased_at is not None or other.erased_at is not None:
        raise PersonErased
    try:
        with transaction.atomic():
            locked = Subject.objects.select_for_update().filter(pk__in=[keep.pk, other.pk]).order_by("pk")
            if len(locked) != 2:
                raise CannotMerge
            known = set(keep.identifiers.values_list("kind", "value"))
            for identifier in other.identifiers.all():
                if (identifier.kind, identifier.value) in known:
                    _merge_duplicate(keep, identifier)
            _drop_doubled_devices(keep, other)
            _copy_restrictions(keep, other)
            other.restrictions.all().delete()
            for relation in Subject._meta.related_objects:
                relation.related_model._base_manager.filter(**{relation.field.name: other}).update(**{relation.field.name: keep})
            keep.former_ids = [*keep.former_ids, *public_ids(other)]
            take_over_limits(keep, other)
            keep.save(update_fields=["former_ids", "restricted_at", "is_child"])
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


def _drop_doubled_devices(keep: Subject, other: Subject) -> None:
    """Both have the device: one row stays, switched off where either was."""
    for device in other.push_devices.filter(endpoint_digest__in=keep.push_devices.values("endpoint_digest")):
        if device.disabled_at is not None:
            same = keep.push_devices.filter(endpoint_digest=device.endpoint_digest, disabled_at__isnull=True)
            same.update(disabled_at=device.disabled_at, endpoint="")
        device.delete()


def take_over_limits(to: Subject, other: Subject) -> None:
    """What forbids the use of one's data forbids the other's: the stricter of both. The caller saves."""
    if to.restricted_at is None or (other.restricted_at is not None and other.restricted_at < to.restricted_at):
        to.restricted_at = other.restricted_at
    to.is_child = to.is_child or other.is_child


def _copy_restrictions(to: Subject, other: Subject) -> None:
    """Each reason that stands for one stands for the other as well."""
    copies = [
        Restriction(subject=to, source=row.source, since=row.since, reason=row.reason, ref=row.ref) for row in other.restrictions.all()
    ]
    Restriction.objects.bulk_create(copies, ignore_conflicts=True)


def restrict_subject(subject: Subject, *, reason: str, ref: str = "", actor: Actor) -> None:
    """Stop the use of a person's data (GDPR Art. 18): from now on the gate lets nothing through. `reason` is a code.

    By staff, or by the software for the request `ref`. Restricting twice for the same request keeps the first date; restrictions of
    several requests stand beside each other. Raises StaffOnly.
    """
    _require_staff_or_system(actor)
    with transaction.atomic():
        if _restrict(subject, "", reason, ref):
            record("subjects.restricted", actor=actor, subject=str(subject.public_id), ticket=ref, reason=reason)
            Subject.objects.filter(pk=subject.pk, restricted_at__isnull=True).update(restricted_at=clock.now())
    subject.refresh_from_db(fields=["restricted_at"])


def restrict_sources(subject: Subject, *, sources: Iterable[str], reason: str, ref: str = "", actor: Actor) -> None:
    """Stop the use of what these sources (keys) hold about a person, and of nothing else. Otherwise as restrict_subject."""
    _require_staff_or_system(actor)
    with transaction.atomic():
        for source in dict.fromkeys(sources):
            if _restrict(subject, source, reason, ref):
                record("subjects.source_restricted", actor=actor, subject=str(subject.public_id), ticket=ref, reason=reason, source=source)


def _restrict(subject: Subject, source: str, reason: str, ref: str) -> bool:
    _row, is_new = Restriction.objects.get_or_create(
        subject=subject, source=source, ref=ref, defaults={"since": clock.now(), "reason": reason}
    )
    return is_new


def lift_restriction(subject: Subject, *, reason: str, ref: str | None = None, sources: Iterable[str] | None = None, actor: Actor) -> None:
    """Allow the use of a person's data again: what the request `ref` restricted (of it only `sources`), or without one everything.

    Where another request restricted the same, it stays restricted. The person is told before (GDPR Art. 18(3)): that is the caller's.
    By staff, or by the software. Raises StaffOnly.
    """
    _require_staff_or_system(actor)
    with transaction.atomic():
        standing = Restriction.objects.filter(subject=subject)
        ending = standing if ref is None else standing.filter(ref=ref)
        lifted, _models = (ending if sources is None else ending.filter(source__in=list(sources))).delete()
        left = standing.filter(source="").exists()
        freed = 0 if left else Subject.objects.filter(pk=subject.pk, restricted_at__isnull=False).update(restricted_at=None)
        if lifted or freed:
            record("subjects.restriction_lifted", actor=actor, subject=str(subject.public_id), ticket=ref or "", reason=reason)
    subject.refresh_from_db(fields=["restricted_at"])


def name_use(subject: Subject, *, use: str, ticket: str = "", actor: Actor) -> None:
    """Before restricted data is shown to staff: for what use the law allows it (a code of AllowedUse). The person sees the entry.

    Does nothing where nothing of the person is restricted. Raises UseMissing, StaffOnly.
    """
    _require_staff(actor)
    if not is_restricted(subject):
        return
    if use not in AllowedUse.values:
        raise UseMissing
    record("subjects.restricted_use", actor=actor, subject=str(subject.public_id), ticket=ticket, reason=use)


def mark_child(subject: Subject, *, is_child: bool = True, reason: str, actor: Actor) -> None:
    """Note that a person is a child, or, where that was wrong, that they are none, with a reason (a code).

    Nothing that needs consent, and no marketing, is done with a child's data from then on. By staff, or by the software after a
    report. Raises StaffOnly.
    """
    _require_staff_or_system(actor)
    with transaction.atomic():
        if Subject.objects.filter(pk=subject.pk, is_child=not is_child).update(is_child=is_child):
            record("subjects.child_marked", actor=actor, subject=str(subject.public_id), reason=reason, is_child=is_child)
    subject.refresh_from_db(fields=["is_child"])


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
        # A device is known by its public id; nobody can tell whose restriction or age it was, so both keep it.
        devices = [value for kind, value in moved if kind == IdentifierKind.DEVICE and _is_uuid(value)]
        subject.push_devices.filter(public_id__in=devices).update(subject=new)
        take_over_limits(new, subject)
        new.save(update_fields=["restricted_at", "is_child"])
        _copy_restrictions(new, subject)
        splitting.tell(subject, new, moved, actor)
        for party in (subject, new):
            record("subjects.split", actor=actor, subject=str(party.public_id), reason=reason, identifiers=len(chosen))
    return new


def _require_staff(actor: Actor) -> None:
    if not actor.is_staff:
        raise StaffOnly


def _require_staff_or_system(actor: Actor) -> None:
    if not (actor.is_staff or actor.kind is ActorKind.SYSTEM):
        raise StaffOnly


def _is_uuid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _known_zone(name: str) -> str:
    if name and name not in available_timezones():
        raise ValueError("unknown time zone")
    return name
