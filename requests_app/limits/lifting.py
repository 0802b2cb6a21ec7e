"""Announcing the end of a limit: the person is told first, with the day on which it ends (GDPR Art. 18(3)).

What is announced is called off as soon as the request is opened again or decided anew. How it ends: requests_app.limits.ending.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from privacycenter.audit.domain import record
from privacycenter.datamap.models import Purpose
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail.domain import queue_message
from privacycenter.mail.enums import MessageState
from privacycenter.mail.outcomes import Outcome as MailOutcome
from privacycenter.subjects.models import Restriction, Subject
from requests_app.answers.grounds import Ground
from requests_app.domain.moves import on_moved
from requests_app.domain.people import WORK, require_permission
from requests_app.enums import Kind, Outcome
from requests_app.limits.common import SYSTEM, address_of_subject, note
from requests_app.limits.decided import freed_purposes, freed_sources
from requests_app.limits.enums import LiftReason, Limit
from requests_app.limits.errors import AlreadyEnding, NothingToLift
from requests_app.limits.queries import still_objects
from requests_app.models import Lift, Request
from requests_app.transitions import Event

LIFT_ORDERED, LIFT_CALLED_OFF = "lift_ordered", "lift_called_off"
MESSAGE = "requests.limit_ends"


def order_lift(request: Request, *, reason: str, sources: Sequence[str] = (), actor: Actor) -> Lift:
    """End what this request restricted (of it only `sources`), some days after the person was told. By staff, or by the software.

    Where its person was split in two, the restriction stands for both, and each is told. Raises NothingToLift where it restricts
    nothing, AlreadyEnding, NotAllowed.
    """
    rows = Restriction.objects.filter(ref=request.ref, **({"source__in": list(sources)} if sources else {}))
    holders = list(Subject.objects.filter(pk__in=rows.values("subject")).order_by("pk"))
    if not holders:
        raise NothingToLift
    announced = set(Lift.objects.filter(request=request, limit=Limit.RESTRICTION, ended_at=None).values_list("subject_id", flat=True))
    left = [subject for subject in holders if subject.pk not in announced]
    if not left:
        raise AlreadyEnding
    with transaction.atomic():
        lifts = [_order(subject, request, Limit.RESTRICTION, reason, sources=sources, actor=actor) for subject in left]
    return next((lift for lift in lifts if lift.subject_id == request.subject_id), lifts[0])


def order_lift_of_subject(subject: Subject, reason: str, actor: Actor) -> None:
    """End everything that restricts a person, whoever it came from. Raises NothingToLift, AlreadyEnding, NotAllowed."""
    if subject.restricted_at is None and not Restriction.objects.filter(subject=subject).exists():
        raise NothingToLift
    if Lift.objects.filter(subject=subject, request=None, ended_at=None).exists():
        raise AlreadyEnding
    _order(subject, None, Limit.RESTRICTION, reason, actor=actor)


def order_objection_end(request: Request, *, purpose: str, reason: str = LiftReason.COMPELLING, actor: Actor) -> Lift:
    """Let a purpose go on that was objected to, some days after the person was told why. Raises AlreadyEnding, NotAllowed."""
    assert request.subject is not None
    return _order(request.subject, request, Limit.OBJECTION, reason, purpose=purpose, actor=actor)


def _order(
    subject: Subject,
    request: Request | None,
    limit: Limit,
    reason: str,
    *,
    purpose: str = "",
    sources: Sequence[str] = (),
    actor: Actor,
) -> Lift:
    if actor.kind is not ActorKind.SYSTEM:
        require_permission(actor, WORK)
    now = clock.now()
    lift = Lift(
        subject=subject,
        request=request,
        limit=limit,
        purpose=purpose,
        sources=list(sources),
        reason=reason,
        ordered_at=now,
        ordered_by_id=int(actor.ref) if actor.is_staff else None,
        ends_at=now + timedelta(days=settings.RESTRICTION_NOTICE_DAYS),
    )
    try:
        with transaction.atomic():
            lift.message = _tell(lift, actor)
            lift.save(force_insert=True)
            own = request_of(lift)
            ticket = own.ref if own is not None else ""
            record("requests.lift_ordered", actor=actor, subject=str(subject.public_id), ticket=ticket, reason=reason)
            if own is not None:
                note(own, LIFT_ORDERED, actor=actor, reason=reason)
    except IntegrityError as error:
        raise AlreadyEnding from error
    return lift


def request_of(lift: Lift) -> Request | None:
    """The request by which the lift's person knows it. None where staff limited it, or where the request is that of somebody else."""
    request = lift.request
    return request if request is not None and request.subject_id == lift.subject_id else None


def _tell(lift: Lift, actor: Actor) -> int | None:
    """Queue the mail that says when it ends; None where the person has no address. Their page says it in any case."""
    request = request_of(lift)
    address = (request.contact if request is not None else "") or address_of_subject(lift.subject)
    if not address:
        return None
    purpose = Purpose.objects.filter(key=lift.purpose).first() if lift.purpose else None
    path = reverse("requests:detail", args=[request.ref]) if request is not None else reverse("portal:dashboard")
    context = {
        "reference": request.ref if request is not None else "",
        "purpose": purpose.title if purpose is not None else "",
        "was_weighed": lift.reason == LiftReason.COMPELLING,
        "ends_on": timezone.localdate(lift.ends_at),
        "page_url": settings.SITE_URL + path,
    }
    language = (request.language if request is not None else lift.subject.language) or settings.LANGUAGE_CODE
    ticket = request.ref if request is not None else ""
    key = str(lift.subject.public_id)
    return queue_message(MESSAGE, to=address, context=context, language=language, subject_key=key, ticket=ticket, actor=actor).pk


def note_told(outcomes: Sequence[MailOutcome]) -> None:
    """The mail left: the person is told. Where it could not, their page must do, and the days begin anew."""
    found = {outcome.message: outcome.state for outcome in outcomes if outcome.kind == MESSAGE}
    if not found:
        return
    for lift in Lift.objects.filter(message__in=found, ended_at=None):
        if found[lift.message or 0] == MessageState.SENT:
            lift.told_at = clock.now()
        else:
            lift.message, lift.ends_at = None, clock.now() + timedelta(days=settings.RESTRICTION_NOTICE_DAYS)
        lift.save(update_fields=["told_at", "message", "ends_at"])


def see_to_split(subject: Subject, new: Subject, moved: list[tuple[str, str]], actor: Actor) -> None:
    """One person became two, and both have the restriction: what was announced to the one is announced to the other as well."""
    for lift in Lift.objects.filter(subject=subject, limit=Limit.RESTRICTION, ended_at=None).select_related("request"):
        _order(new, lift.request, Limit.RESTRICTION, lift.reason, sources=lift.sources, actor=SYSTEM)


# Calling it off --------------------------------------------------------------------------------------------------------


def call_off_lifts(request: Request) -> None:
    """What was announced and has not ended does not end: whoever decides next says anew what does."""
    for lift in Lift.objects.filter(request=request, ended_at=None).select_related("subject", "request"):
        call_off(lift)


def call_off(lift: Lift) -> None:
    """Take one announcement back. Its row goes, so that it counts neither as announced nor as ended."""
    with transaction.atomic():
        if not Lift.objects.filter(pk=lift.pk, ended_at=None).delete()[0]:
            return
        own = request_of(lift)
        ticket = own.ref if own is not None else ""
        record("requests.lift_called_off", actor=SYSTEM, subject=str(lift.subject.public_id), ticket=ticket, reason=lift.reason)
        if own is not None:
            note(own, LIFT_CALLED_OFF, actor=SYSTEM)


def order_what_is_freed(request: Request) -> None:
    """Announce the end of whatever the present decision sets free and nobody has announced or ended since."""
    rows = Restriction.objects.filter(ref=request.ref)
    if freed := freed_sources(request, sorted(set(rows.values_list("source", flat=True)))):
        reason = LiftReason.NO_CHILD if request.kind == Kind.CHILD else LiftReason.NOT_GRANTED
        all_of_it = not rows.exclude(source__in=freed).exists()
        order_lift(request, reason=reason, sources=[] if all_of_it else freed, actor=SYSTEM)
    seen_to = Lift.objects.filter(request=request, limit=Limit.OBJECTION).exclude(ended_at__isnull=False, ordered_at__lt=_decided(request))
    for purpose in set(freed_purposes(request)) - set(seen_to.values_list("purpose", flat=True)):
        if not still_objects(request.subject, purpose):
            continue  # taken back meanwhile: it goes on already
        order_objection_end(request, purpose=purpose, reason=_why_it_goes_on(request), actor=SYSTEM)


def _decided(request: Request) -> datetime:
    return request.decided_at or request.received_at


def _why_it_goes_on(request: Request) -> str:
    is_weighed = request.outcome != Outcome.REFUSED or request.refusal_ground == Ground.COMPELLING
    return LiftReason.COMPELLING if is_weighed else LiftReason.NOT_GRANTED


def follow_moves(request: Request, events: Sequence[str]) -> None:
    """A request that is opened again, decided or taken back has nothing announced any more; one that stays as decided has again."""
    if request.kind not in _LIMITING:
        return
    if not _OVERTAKING.isdisjoint(events):
        call_off_lifts(request)
    if Event.ANSWER in events:
        order_what_is_freed(request)


_LIMITING = frozenset({Kind.RESTRICTION, Kind.OBJECTION, Kind.CHILD})
_OVERTAKING = frozenset({Event.GRANT_REVIEW, Event.REOPEN, Event.TAKE_UP, Event.DECIDE, Event.REFUSE, Event.WITHDRAW})
on_moved(follow_moves)
