"""What staff do with corrections: accept or refuse each, have the accepted ones made, refuse the request where none is."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from privacycenter.jobs.domain import enqueue, retry_job
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.answers.grounds import Ground
from requests_app.behalf.standing import require_standing
from requests_app.correction.errors import CorrectionBegun, NotAllRefused, Undecided
from requests_app.correction.proposing import lock_open, lock_request, note
from requests_app.domain.answers import refuse_request
from requests_app.domain.moves import Change, move
from requests_app.domain.people import WORK, require_permission
from requests_app.domain.words import typed
from requests_app.enums import Decision, Kind
from requests_app.errors import IllegalMove
from requests_app.models import Correction, Request, TimelineEvent
from requests_app.transitions import Event, Guard, Role

WORDS_LENGTH = 2000
JOB = "requests.apply_corrections"


def decide(correction: Correction, *, is_accepted: bool, reason: str = "", actor: Actor) -> None:
    """Accept or refuse one correction, a refusal with its reason. It can be changed until the corrections are made.

    Raises ReasonMissing, TooLong, IllegalMove, NotAllowed.
    """
    require_permission(actor, WORK)
    words = typed(reason, WORDS_LENGTH, is_required=not is_accepted)
    with transaction.atomic():
        current = lock_open(correction)
        if current.proposed is None:
            raise IllegalMove
        decision = Decision.ACCEPTED if is_accepted else Decision.REFUSED
        current.decision, current.decision_reason, current.error_code = decision, words or None, ""
        current.begun_at = None  # staff have looked at what its source holds now
        current.decided_at, current.decided_by_id = clock.now(), int(actor.ref)
        if is_accepted and current.found is not None:
            # What was found instead is what is replaced now: it was shown, and the decision is about it.
            current.held, current.found = current.found, None
        fields = ["decision", "decision_reason", "error_code", "begun_at", "decided_at", "decided_by", "held", "found"]
        current.save(update_fields=fields)
        note(current, "requests.correction_decided", decision=str(decision), actor=actor)


def drop_added(correction: Correction, *, actor: Actor) -> None:
    """Take back a correction that was begun at the desk and not decided yet. Raises IllegalMove."""
    require_permission(actor, WORK)
    with transaction.atomic():
        current = lock_open(correction)
        if current.added_by_id is None or current.decision != Decision.PENDING:
            raise IllegalMove
        note(current, "requests.correction_dropped", actor=actor)
        current.delete()


def order_corrections(request: Request, *, actor: Actor) -> None:
    """Have the accepted corrections made, once each is decided. Raises Undecided, IllegalMove, ProofNoLongerStands."""
    with transaction.atomic():
        _require_decided(_all_of(request))
        require_standing(request)
        columns = {"decided_at": clock.now(), "decided_by_id": int(actor.ref) if actor.is_staff else None}
        move(request, Change(Event.ORDER_CORRECTION, Guard.DECISION_MADE), role=Role.STAFF, actor=actor, **columns)
        order_work(request)


def resume_corrections(request: Request, *, actor: Actor) -> None:
    """Go on after something stood in the way: what was made stays made. Raises Undecided, IllegalMove."""
    with transaction.atomic():
        _require_decided(_all_of(request))
        move(request, Change(Event.RETRY, Guard.SOMETHING_FAILED), role=Role.STAFF, actor=actor)
        Correction.objects.filter(request=request).exclude(error_code="").update(error_code="")
        for job in Job.objects.filter(kind=JOB, key=str(request.pk), state=JobState.QUARANTINED):
            retry_job(job, actor=actor)
        order_work(request)


def refuse_corrections(request: Request, *, actor: Actor) -> None:
    """Refuse the request, as every correction of it was refused; the letter has the reason of each. Raises NotAllRefused."""
    with transaction.atomic():
        corrections = _all_of(request)
        if request.kind != Kind.RECTIFICATION or not corrections or any(each.decision != Decision.REFUSED for each in corrections):
            raise NotAllRefused
        reasons = "\n\n".join(f"{name_of(each)}: {each.decision_reason}" for each in corrections)
        refuse_request(request, ground=Ground.ACCURATE, reasoning=reasons, actor=actor)


def refuse_begun(request: Request) -> None:
    """Raise CorrectionBegun where a source outside holds the new value already, or may hold it, and no answer has said so."""
    if is_begun(request):
        raise CorrectionBegun


def is_begun(request: Request) -> bool:
    """Whether something was changed for this request since it was answered last."""
    begun = Correction.objects.filter(Q(applied_at__isnull=False) | Q(begun_at__isnull=False), request=request)
    answered = TimelineEvent.objects.filter(request=request, event=Event.FINISH_CORRECTING).order_by("-pk").values_list("at", flat=True)[:1]
    return begun.filter(Q(begun_at__gt=answered[0]) | Q(applied_at__gt=answered[0])).exists() if answered else begun.exists()


def order_work(request: Request) -> None:
    """Ring for the corrections of a request."""
    enqueue(JOB, key=str(request.pk), payload={"request": request.pk})


def name_of(correction: Correction) -> str:
    """What a correction is about, without values: the source, and the field where it is about one."""
    return f"{correction.title}, {correction.label}" if correction.label else correction.title


def _all_of(request: Request) -> list[Correction]:
    """The corrections of a request, whose row stays locked until the caller's transaction ends: nobody decides while it moves."""
    lock_request(request.pk)
    return list(Correction.objects.filter(request=request))


def _require_decided(corrections: Sequence[Correction]) -> None:
    decisions = {each.decision for each in corrections}
    if Decision.PENDING in decisions or Decision.ACCEPTED not in decisions:
        raise Undecided
