"""What staff do with the plan of an erasure, and when it begins."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue, retry_job
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Treatment
from privacycenter.kernel.text import storable
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, lock_request, move
from requests_app.domain.people import WORK, require_permission
from requests_app.enums import ErasureStepStatus, KeepGround, Status
from requests_app.errors import ErasureBegun, IllegalMove, NeedsSecondPerson, PlanChanged, PlanObstructed, ReasonMissing, WrongDate
from requests_app.models import ErasurePlan, ErasureStep, Request
from requests_app.transitions import Event, Guard, Role


def order_plan(request: Request) -> None:
    """Ring for the worker that plans an erasure. In the caller's transaction."""
    enqueue("requests.plan_erasure", key=str(request.pk), payload={"request": request.pk})


def order_erasing(plan: ErasurePlan) -> None:
    """Ring for the worker that erases, from wherever the plan stands. In the caller's transaction."""
    enqueue("requests.erase", key=str(plan.pk), payload={"plan": plan.pk})


def keep_source(plan: ErasurePlan, *, source: str, ground: str, reason: str = "", until: date | None = None, actor: Actor) -> None:
    """Keep what a source holds, on a ground of GDPR Art. 17(3) with a reason that the person reads and an end; or, without a ground,
    no longer. The plan gets another digest, and who proposed it has to do so again.

    Raises NotAllowed, IllegalMove where the plan is not before staff, ReasonMissing, WrongDate.
    """
    require_permission(actor, WORK)
    words = storable(reason).strip()[:300]
    if ground and (ground not in KeepGround.values or not words):
        raise ReasonMissing
    if ground and (until is None or until <= timezone.localdate(clock.now())):
        raise WrongDate
    with transaction.atomic():
        plan = _locked(plan)
        step = ErasureStep.objects.filter(plan=plan, source_key=source).first()
        if step is None or plan.request.status != Status.APPROVAL or not _is_decided_by_staff(step):
            raise IllegalMove
        if ground:
            step.treatment, step.reason, step.until, step.ground = Treatment.RETAIN, words, until, ground
            step.save(update_fields=["treatment", "reason", "until", "ground"])
            plan.digest = _digest(plan)
            plan.proposed_at, plan.proposed_by = None, None
            plan.save(update_fields=["digest", "proposed_at", "proposed_by"])
        else:
            ErasureStep.objects.filter(pk=step.pk).update(ground="")
            plan_again(plan.request, actor=actor)
        verb = "requests.erasure_source_kept" if ground else "requests.erasure_source_not_kept"
        record(verb, actor=actor, subject=_subject(plan.request), ticket=plan.request.ref, source=source)


def propose_plan(plan: ErasurePlan, *, digest: str, actor: Actor) -> None:
    """Say that a plan is right; somebody else approves it. Raises NotAllowed, IllegalMove, PlanChanged, PlanObstructed."""
    require_permission(actor, WORK)
    with transaction.atomic():
        plan = _to_approve(plan, digest)
        plan.proposed_at, plan.proposed_by_id = clock.now(), int(actor.ref)
        plan.save(update_fields=["proposed_at", "proposed_by"])
        record("requests.erasure_proposed", actor=actor, subject=_subject(plan.request), ticket=plan.request.ref)


def approve_plan(plan: ErasurePlan, *, digest: str, actor: Actor) -> None:
    """Approve exactly the plan that was shown (its digest); from now on the person can stop it for some days.

    With ERASURE_FOUR_EYES by somebody else than who proposed it. Raises NotAllowed, IllegalMove, PlanChanged, PlanObstructed,
    NeedsSecondPerson.
    """
    require_permission(actor, WORK)
    with transaction.atomic():
        plan = _to_approve(plan, digest)
        if settings.ERASURE_FOUR_EYES and (plan.proposed_by_id is None or plan.proposed_by_id == int(actor.ref)):
            raise NeedsSecondPerson
        now = clock.now()
        until = now + timedelta(days=settings.ERASURE_COOLING_DAYS)
        plan.approved_at, plan.approved_by_id, plan.cooling_until = now, int(actor.ref), until
        plan.save(update_fields=["approved_at", "approved_by", "cooling_until"])
        request = plan.request
        move(
            request, Change(Event.APPROVE, Guard.PLAN_APPROVED), role=Role.STAFF, actor=actor, decided_at=now, decided_by_id=int(actor.ref)
        )
        tell_person(request, "requests.erasure_approved", actor=actor, until=until)


def plan_again(request: Request, *, role: Role = Role.STAFF, actor: Actor) -> None:
    """Ask every source anew: a source was repaired, or what is kept was changed. An approval counts no longer."""
    with transaction.atomic():
        _refuse_begun(request)
        move(request, Change(Event.PLAN_AGAIN), role=role, actor=actor)
        _revive(request, "requests.plan_erasure", str(request.pk), actor)
        order_plan(request)


def retry_erasing(request: Request, *, actor: Actor) -> None:
    """Go on with an erasure of which a part failed; what is erased already stays so. Raises IllegalMove where none has begun."""
    with transaction.atomic():
        plan = ErasurePlan.objects.filter(request=request, superseded_at=None, begun_at__isnull=False).first()
        if plan is None:
            raise IllegalMove
        move(request, Change(Event.RETRY, Guard.PLAN_APPROVED), role=Role.STAFF, actor=actor)
        failed = ErasureStep.objects.filter(plan=plan, status=ErasureStepStatus.FAILED)
        failed.update(status=ErasureStepStatus.PENDING, error_code="", remainder=0)
        _revive(request, "requests.erase", str(plan.pk), actor)
        order_erasing(plan)


def forget_plans(request: Request) -> None:
    """Forget how its sources find the person, and where the confirmation would have gone: it ends without that.

    Raises ErasureBegun where something is erased already: the ledger says so, and what is half done must be finished.
    """
    _refuse_begun(request)
    ErasureStep.objects.filter(plan__request=request).update(locator=None)
    ErasurePlan.objects.filter(request=request).update(contact=None)


def _refuse_begun(request: Request) -> None:
    if ErasurePlan.objects.filter(request=request, superseded_at=None, begun_at__isnull=False, finished_at=None).exists():
        raise ErasureBegun


def _revive(request: Request, kind: str, key: str, actor: Actor) -> None:
    """A job in quarantine is open: enqueueing the same work again would do nothing."""
    for job in Job.objects.filter(kind=kind, key=key, state=JobState.QUARANTINED):
        retry_job(job, actor=actor)


def _locked(plan: ErasurePlan) -> ErasurePlan:
    """The plan as it stands, for this transaction alone. Raises PlanChanged for one that was replaced."""
    lock_request(plan.request)
    found = ErasurePlan.objects.select_for_update().filter(pk=plan.pk, superseded_at=None).first()
    if found is None:
        raise PlanChanged
    found.request = plan.request
    return found


def _to_approve(plan: ErasurePlan, digest: str) -> ErasurePlan:
    found = _locked(plan)
    if found.request.status != Status.APPROVAL:
        raise IllegalMove
    if found.obstacle:
        raise PlanObstructed
    if digest != found.digest:
        raise PlanChanged
    return found


def _is_decided_by_staff(step: ErasureStep) -> bool:
    """Whether staff may say what happens: what a rule or a hold keeps, they don't undo here."""
    return step.treatment != Treatment.RETAIN or bool(step.ground)


def _digest(plan: ErasurePlan) -> str:
    from requests_app.erasure.planning import digest_of  # app ready: planning moves requests through this room

    return digest_of(plan.request, plan.steps.all(), identifiers=plan.identifiers)


def _subject(request: Request) -> str:
    return str(request.subject.public_id) if request.subject else ""
