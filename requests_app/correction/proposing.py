"""What is proposed: gathered as drafts by the person, which outlive any session, or added by staff from the person's words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import FieldChange, Source
from privacycenter.kernel.text import storable, storable_in
from privacycenter.subjects.models import Subject
from requests_app.correction.errors import CannotCorrect
from requests_app.correction.reading import SELF_SERVICE, field_of, find_source, locate, read_record, try_out
from requests_app.correction.values import can_be_typed, pack, unpack
from requests_app.domain.people import WORK, require_permission
from requests_app.enums import Channel, CorrectionKind, Decision, Kind, Status
from requests_app.errors import IllegalMove
from requests_app.models import Correction, Request

MOST = 50
DECIDABLE = frozenset({Status.TRIAGE, Status.ATTENTION})


def drafts_of(subject: Subject) -> list[Correction]:
    """What the person has gathered and not sent, oldest first."""
    return list(Correction.objects.filter(subject=subject, request=None))


def propose(subject: Subject, *, source: str, record_key: str, field: str = "") -> Correction:
    """Begin a draft about one field of one of the person's own records; without a field, an addition to the record or the source.

    The same field again answers the draft that stands already. Raises CannotCorrect.
    """
    found = find_source(source)
    standing = _standing(subject, source, record_key, field)
    if standing is not None:
        return standing
    if (source, field) in SELF_SERVICE:
        raise CannotCorrect("read_only")
    correction = _new(found, subject, record_key, field)
    with transaction.atomic():
        # One at a time for each person: two clicks make one draft, and the number is the one that was counted.
        Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)
        standing = _standing(subject, source, record_key, field)
        if standing is not None:
            return standing
        if Correction.objects.filter(subject=subject).count() >= MOST:
            raise CannotCorrect("too_many")
        correction.subject = subject
        correction.save(force_insert=True)
    return correction


def _standing(subject: Subject, source: str, record_key: str, field: str) -> Correction | None:
    return Correction.objects.filter(subject=subject, source_key=source, record=record_key, field=field).first()


def add_for_person(request: Request, *, source: str, record_key: str, field: str = "", actor: Actor) -> Correction:
    """Begin a correction at the desk, from what the person wrote. Raises CannotCorrect, IllegalMove."""
    require_permission(actor, WORK)
    if request.status not in DECIDABLE or request.subject is None:
        raise IllegalMove
    correction = _new(find_source(source), request.subject, record_key, field)
    with transaction.atomic():
        correction.request, correction.added_by_id = lock_request(request.pk), int(actor.ref)
        if correction.request.status not in DECIDABLE:
            raise IllegalMove
        correction.save(force_insert=True)
        note(correction, "requests.correction_added", actor=actor)
    return correction


def fill_in(correction: Correction, *, value: Any, reason: str, actor: Actor) -> None:
    """Say what the value should be, and why. The source is asked whether it would take it. Raises CannotCorrect, IllegalMove.

    A draft is its person's; what was sent is filled in by staff, where they began it.
    """
    owner = _may_fill(correction, actor=actor)
    value = storable_in(value) if isinstance(value, str | dict | list) else value
    if correction.kind == CorrectionKind.CORRECT:
        source = find_source(correction.source_key)
        try_out(source, locate(source, owner), FieldChange(correction.record, correction.field, value))
    with transaction.atomic():
        is_draft = correction.request_id is None
        current = _lock_draft(correction) if is_draft else lock_open(correction)
        _may_fill(current, actor=actor)
        correction.proposed, correction.reason = pack(value), storable(reason).strip() or None
        if is_draft:
            correction.filed_at = clock.now()  # its time to be kept begins anew
        correction.save(update_fields=["proposed", "reason", "filed_at"])


def _may_fill(correction: Correction, *, actor: Actor) -> Subject:
    """Whose data it is about. Raises IllegalMove: a colleague has decided about it, or it was sent in another window meanwhile."""
    owner = correction.subject
    if correction.request is not None:
        require_permission(actor, WORK)
        is_open = correction.request.status in DECIDABLE and correction.decision == Decision.PENDING
        if not is_open or correction.added_by_id is None or correction.applied_at is not None:
            raise IllegalMove
        owner = correction.request.subject
    if owner is None:
        raise IllegalMove
    return owner


def lock_request(pk: int | None) -> Request:
    """The row of a request as it stands, locked until the caller's transaction ends. Raises IllegalMove where there is none."""
    found = Request.objects.select_for_update(of=("self",), no_key=True).select_related("subject").filter(pk=pk or 0).first()
    if found is None:
        raise IllegalMove
    return found


def lock_open(correction: Correction) -> Correction:
    """A correction that was sent, as it stands, with its request locked first. Raises IllegalMove where it is not to be decided now."""
    request = lock_request(correction.request_id)
    current = Correction.objects.select_for_update(of=("self",), no_key=True).filter(pk=correction.pk, request=request).first()
    if current is None or request.kind != Kind.RECTIFICATION or request.status not in DECIDABLE or current.applied_at is not None:
        raise IllegalMove
    current.request = request
    return current


def _lock_draft(correction: Correction) -> Correction:
    """A draft as it stands. Raises IllegalMove for one that was sent, or removed, in another window meanwhile."""
    current = Correction.objects.select_for_update(of=("self",), no_key=True).filter(pk=correction.pk, request=None).first()
    if current is None:
        raise IllegalMove
    return current


def expire_drafts(*, limit: int) -> int:
    """Remove drafts that nobody touched for `CORRECTION_DRAFT_DAYS`; answers how many. Oldest first."""
    before = clock.now() - timedelta(days=settings.CORRECTION_DRAFT_DAYS)
    old = Correction.objects.filter(request=None, filed_at__lt=before).order_by("filed_at").values_list("pk", flat=True)[:limit]
    # Asked for once more: one that was sent or touched in between stays.
    removed, _each = Correction.objects.filter(pk__in=list(old), request=None, filed_at__lt=before).delete()
    return removed


def kept_until(draft: Correction) -> datetime:
    """When a draft that nobody touches any more is removed."""
    return draft.filed_at + timedelta(days=settings.CORRECTION_DRAFT_DAYS)


def send_drafts(request: Request) -> None:
    """Give a request what its person has gathered and filled in; in the transaction that files it."""
    if request.channel != Channel.ACCOUNT or request.filed_by_id is not None:
        return
    drafts = Correction.objects.filter(subject=request.subject, request=None, proposed__isnull=False)
    drafts.update(request=request, subject=None, filed_at=clock.now())


def note(correction: Correction, verb: str, *, actor: Actor, **parameters: Any) -> None:
    """Write to the audit trail what was done about one correction: which field, no values."""
    request = correction.request
    subject = str(request.subject.public_id) if request and request.subject else ""
    field = f"{correction.source_key}.{correction.field}" if correction.field else correction.source_key
    record(verb, actor=actor, subject=subject, ticket=request.ref if request else "", field=field, **parameters)


def held_value(correction: Correction) -> Any:
    """The value at filing."""
    return unpack(correction.held) if correction.held else None


def proposed_value(correction: Correction) -> Any:
    """The value that is asked for."""
    return unpack(correction.proposed) if correction.proposed else None


def _new(source: Source, subject: Subject, record_key: str, field: str) -> Correction:
    description = source.describe()
    correction = Correction(
        kind=CorrectionKind.CORRECT if field else CorrectionKind.SUPPLEMENT,
        source_key=description.key,
        title=str(description.title)[:200],
        record=record_key,
        field=field,
        filed_at=clock.now(),
    )
    values = read_record(source, subject, record_key).values if record_key else None
    if not field:
        shown = {item.name: str(item.label) for item in description.fields if not item.withheld}
        correction.held = pack({label: values[name] for name, label in shown.items() if name in values}) if values is not None else None
        return correction
    described = field_of(source, field)
    if not described.correctable:
        raise CannotCorrect("read_only")
    if values is None or field not in values:
        raise CannotCorrect("unknown_field")
    if not can_be_typed(values[field]):
        raise CannotCorrect("read_only")
    correction.label, correction.held = str(described.label)[:200], pack(values[field])
    return correction
