"""The job that ends limits: what was announced, once its day has come and the decision still says so (GDPR Art. 18(3))."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef

from privacycenter.jobs.claims import Claim
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences import texts
from privacycenter.preferences.domain import Presented, lift_objection
from privacycenter.preferences.enums import Method
from privacycenter.preferences.parties import party_of
from privacycenter.subjects.domain import lift_restriction, mark_child
from privacycenter.subjects.models import Restriction
from requests_app.enums import Kind, Outcome, Status
from requests_app.limits.common import SYSTEM, note
from requests_app.limits.decided import freed_purposes, freed_sources
from requests_app.limits.enums import Balance, LiftReason, Limit
from requests_app.limits.lifting import call_off, order_lift, order_what_is_freed, request_of
from requests_app.limits.words import LIFTED, NOT_UPHELD
from requests_app.models import Lift, Request

log = structlog.get_logger("privacycenter.requests")
LIMIT_ENDED = "limit_ended"
# Ends that follow from the decision about the request. For the others staff gave a reason of its own.
_DECIDED = frozenset({LiftReason.COMPELLING, LiftReason.NOT_GRANTED, LiftReason.NO_CHILD})
Row = TypeVar("Row", Lift, Request)


def end_limits(claims: Sequence[Claim]) -> None:
    """Handler of the job: order the end of what was refused, end what was withdrawn, and end each limit whose day has come.

    Each in its own transaction: what can't be ended is logged and tried again the next time, and keeps nobody else waiting.
    """
    for claim in claims:
        _each(_came_to_nothing(), _see_to_ended_request, claim)
        due = Lift.objects.filter(ended_at=None, ends_at__lte=clock.now())
        _each(due.exclude(message__isnull=False, told_at=None).select_related("subject", "request"), end_limit, claim)


def _each(rows: Iterable[Row], do: Callable[[Row], None], claim: Claim) -> None:
    for row in rows:
        claim.heartbeat()
        try:
            do(row)
        except Exception as error:  # whatever one row is broken by, the others are for other people
            log.error("limit_not_ended", row=str(row), error=type(error).__name__)


def end_limit(lift: Lift) -> None:
    """End one limit, once. What another request restricted as well stays restricted, and so does what was decided otherwise since."""
    with transaction.atomic():
        if lift.request_id is not None:
            lift.request = Request.objects.select_related("subject").select_for_update(of=("self",)).get(pk=lift.request_id)
        if not _still_ends(lift):
            call_off(lift)
            return
        if not Lift.objects.filter(pk=lift.pk, ended_at=None).update(ended_at=clock.now()):
            return
        if lift.limit == Limit.OBJECTION:
            _lift_objection(lift)
        else:
            _lift_restriction(lift)
        own = request_of(lift)
        if own is not None:
            note(own, LIMIT_ENDED, actor=SYSTEM)


def _still_ends(lift: Lift) -> bool:
    """Whether what was decided last still says that this ends."""
    request = lift.request
    if request is None or lift.reason not in _DECIDED:
        return True
    if lift.limit == Limit.OBJECTION:
        return lift.purpose in freed_purposes(request) and not _stands_by_another(lift, request)
    held = Restriction.objects.filter(subject=lift.subject, ref=request.ref).values_list("source", flat=True)
    ending = [source for source in held if not lift.sources or source in lift.sources]
    return set(ending) <= set(freed_sources(request, ending))


def _stands_by_another(lift: Lift, request: Request) -> bool:
    """Whether another objection of the person keeps the purpose stopped: one being assessed, or upheld; where this one was outweighed,
    only what was upheld after that.
    """
    others = Request.objects.filter(kind=Kind.OBJECTION, subject=lift.subject).exclude(pk=request.pk)
    if any(lift.purpose in other.choices.get("purposes", []) for other in others.open()):
        return True
    answered = others.filter(status=Status.CLOSED, outcome__in=Outcome.ANSWERS)
    if lift.reason == LiftReason.COMPELLING:
        answered = answered.filter(decided_at__gt=lift.ordered_at)
    return any(other.choices.get("balances", {}).get(lift.purpose) == Balance.UPHELD for other in answered)


def _lift_restriction(lift: Lift) -> None:
    if lift.request is None:
        _lift_everything(lift)
    else:
        lift_restriction(lift.subject, reason=lift.reason, ref=lift.request.ref, sources=lift.sources or None, actor=SYSTEM)
    if lift.reason == LiftReason.NO_CHILD:
        mark_child(lift.subject, is_child=False, reason=lift.reason, actor=SYSTEM)


def _lift_everything(lift: Lift) -> None:
    """Everything that stood when it was ordered, but what a request restricted or granted after that."""
    rows = Restriction.objects.filter(subject=lift.subject)
    granted = Request.objects.filter(kind=Kind.RESTRICTION, outcome__in=Outcome.ANSWERS, decided_at__gt=lift.ordered_at)
    ending = rows.filter(since__lte=lift.ordered_at).exclude(ref__in=granted.filter(subject=lift.subject).values("ref"))
    for ref in sorted(set(ending.values_list("ref", flat=True))):
        lift_restriction(lift.subject, reason=lift.reason, ref=ref, actor=SYSTEM)
    if not rows.exists():  # restricted as a whole before reasons were kept
        lift_restriction(lift.subject, reason=lift.reason, actor=SYSTEM)


def _lift_objection(lift: Lift) -> None:
    """In the ledger it stands as what staff decided, with the request as its evidence."""
    actor = Actor(ActorKind.STAFF, str(lift.ordered_by_id)) if lift.ordered_by_id else SYSTEM
    words = LIFTED if lift.reason == LiftReason.COMPELLING else NOT_UPHELD
    presented = Presented(texts.registered(words), Method.STAFF, str(lift.reason), "/admin/")
    evidence = lift.request.ref if lift.request is not None else ""
    lift_objection(party_of(lift.subject), lift.purpose, presented=presented, actor=actor, reason=lift.reason, evidence=evidence)


# What came to nothing --------------------------------------------------------------------------------------------------


def _came_to_nothing() -> list[Request]:
    """Requests that were refused or taken back while something is limited for them of which nobody announced the end."""
    announced = Lift.objects.filter(subject=OuterRef("subject"), request__ref=OuterRef("ref"), ended_at=None)
    refs = Restriction.objects.exclude(ref="").filter(~Exists(announced)).values("ref")
    restricting = Request.objects.filter(status=Status.CLOSED, outcome__in=[Outcome.REFUSED, Outcome.WITHDRAWN], ref__in=refs)
    seen_to = Lift.objects.filter(request=OuterRef("pk"), ordered_at__gte=OuterRef("decided_at"))
    objecting = Request.objects.filter(~Exists(seen_to), kind=Kind.OBJECTION, status=Status.CLOSED, outcome=Outcome.REFUSED)
    return [*restricting.select_related("subject"), *objecting.exclude(subject=None).select_related("subject")]


def _see_to_ended_request(request: Request) -> None:
    """What was limited at once for a request that came to nothing does not stay; where its person took it back, it ends at once."""
    with transaction.atomic():
        if request.outcome == Outcome.REFUSED:
            order_what_is_freed(request)
            return
        if request.subject is not None:
            lift_restriction(request.subject, reason=LiftReason.ASKED, ref=request.ref, actor=SYSTEM)
        if Restriction.objects.filter(ref=request.ref).exists():  # of somebody who was split from them, and did not ask
            order_lift(request, reason=LiftReason.NOT_GRANTED, actor=SYSTEM)
