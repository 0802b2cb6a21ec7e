"""Who had a part in a decision, and who had none and so may look at it again."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from privacycenter.kernel.actor import ActorKind
from requests_app.domain.people import WORK
from requests_app.models import Correction, ErasurePlan, Redaction, Request, TimelineEvent
from requests_app.transitions import Event

PROPOSED = "refusal_proposed"
DROPPED = "refusal_dropped"
# What staff do that makes an answer what it is.
_DECIDING = frozenset(
    {
        Event.REFUSE,
        Event.DECIDE,
        Event.RELEASE,
        Event.COMPLETE_DESPITE_FAILURE,
        Event.COLLECT_AGAIN,
        Event.ORDER_CORRECTION,
        Event.APPROVE,
        Event.ANSWER,
    }
)


def deciders_of(request: Request) -> frozenset[int]:
    """Keys of the staff who had a part in the decision that stands: who proposed it, agreed, hid what is hidden in it, signed
    or sent it out.

    What was done before a review lifted an earlier decision is no part of this one.
    """
    found: set[int | None] = {request.decided_by_id} if request.decided_by_id else set()
    events = TimelineEvent.objects.filter(request=request, actor_kind=ActorKind.STAFF).order_by("pk")
    found |= _from_history(events.values_list("event", "actor_ref"))
    plan = ErasurePlan.objects.filter(request=request, superseded_at=None).first()
    if plan is not None:
        found |= {plan.proposed_by_id, plan.approved_by_id}
    found |= set(Redaction.objects.filter(request=request, ended_at=None).values_list("decided_by_id", flat=True))
    found |= set(Correction.objects.filter(request=request).values_list("decided_by_id", flat=True))
    return frozenset(key for key in found if key is not None)


def has_uninvolved_staff(request: Request) -> bool:
    """Whether anybody who may work on requests had no part in the decision that stands."""
    return User.objects.with_perm(WORK).filter(is_active=True, is_staff=True).exclude(pk__in=deciders_of(request)).exists()


def _from_history(events: Iterable[tuple[str, str]]) -> set[int | None]:
    decided: set[int | None] = set()
    proposed: set[int | None] = set()
    for event, ref in events:
        if event == Event.GRANT_REVIEW:
            decided, proposed = set(), set()
        elif event == PROPOSED:
            proposed.add(int(ref))
        elif event == DROPPED:
            proposed = set()
        elif event in _DECIDING:
            decided.add(int(ref))
    return decided | proposed
