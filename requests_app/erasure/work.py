"""Erasing: first the ledger, then every source, then the proof that nothing is left."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.db.models import F, prefetch_related_objects

from privacycenter.audit.domain import recording_together
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.errors import LostLease, Retryable
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.joint_erasure import Part, ask_together, erase_together
from privacycenter.kernel.sources import CannotErase, Erased, Source, Treatment, registry
from privacycenter.subjects.enums import RestrictionReason
from privacycenter.subjects.models import Restriction
from requests_app.behalf.standing import NOTICE, obstacle_of
from requests_app.domain.erasure import order_erasing, order_plan
from requests_app.domain.holds import holds_on
from requests_app.domain.moves import Change, lock_request, move
from requests_app.domain.people import address_of
from requests_app.domain.recipients import Changed, make_notices, tell_recipients
from requests_app.domain.stops import is_stopped, on_lift, stopped_sources
from requests_app.enums import ErasureStepStatus, NoticeEvent, Outcome, Status
from requests_app.erasure.certificates import issue_certificate
from requests_app.erasure.ledger import Noted, note_erasure, note_finished
from requests_app.erasure.planning import PlanFailed, differences, digest_of, kept_by_staff, known_by, steps_for
from requests_app.errors import IllegalMove, LedgerUnfit
from requests_app.models import ErasurePlan, ErasureStep, Request
from requests_app.queries import lock_of, released_bundle
from requests_app.transitions import Event, Guard, Role

log = structlog.get_logger("privacycenter.requests")
ACTOR = Actor.system("requests")
BATCH = 200


# Beginning -------------------------------------------------------------------------------------------------------------------


def begin_erasures(claim: Claim) -> None:
    """Begin what has cooled off, each in its own transaction. What has to wait says for what."""
    due = ErasurePlan.objects.filter(superseded_at=None, begun_at=None, cooling_until__lte=clock.now(), request__status=Status.COOLING)
    for plan in due.select_related("request__subject").order_by("cooling_until")[:BATCH]:
        try:
            begin_erasure(plan)
        except IllegalMove:
            log.info("beginning_lost_race", ref=plan.request.ref)
        claim.heartbeat()


def begin_erasure(plan: ErasurePlan) -> bool:
    """Begin an approved erasure whose days to stop it are over; answers whether it began. Where facts changed, it is planned anew."""
    request = plan.request
    if request.subject is None or plan.cooling_until is None or plan.cooling_until > clock.now():
        return False
    waits_for = _waits_for(request)
    if waits_for != plan.waits_for:
        ErasurePlan.objects.filter(pk=plan.pk).update(waits_for=waits_for)
    if waits_for:
        return False
    try:
        steps, obstacle = steps_for(request.subject, at=plan.created_at, kept=kept_by_staff(plan))
    except PlanFailed:
        ErasurePlan.objects.filter(pk=plan.pk).update(waits_for="source")
        return False
    identifiers = known_by(request.subject)
    if obstacle or digest_of(request, steps, identifiers=identifiers) != plan.digest:
        with transaction.atomic():
            changed = len(differences(plan.steps.all(), steps)) + (identifiers != plan.identifiers)
            move(request, Change(Event.PLAN_AGAIN, details={"changes": changed}), role=Role.SYSTEM, actor=ACTOR)
            order_plan(request)
        return False
    with transaction.atomic():
        lock_request(request)
        _freeze_anew(plan, steps)
        plan.begun_at, plan.contact, plan.waits_for = clock.now(), address_of(request) or None, ""
        plan.save(update_fields=["begun_at", "contact", "waits_for"])
        move(request, Change(Event.BEGIN_ERASING, Guard.COOLED_OFF), role=Role.SYSTEM, actor=ACTOR)
        _note_recipients(plan, steps)
        order_erasing(plan)
    return True


def _note_recipients(plan: ErasurePlan, steps: Sequence[ErasureStep]) -> None:
    """Note who has to know of it while it can still be said whom it is about. They are told when it is done."""
    titles = {source.describe().key: str(source.describe().title) for source in registry.all()}
    erased = [step.source_key for step in steps if step.count and step.treatment != Treatment.RETAIN]
    changes = [Changed(key, titles.get(key, key), occasion=str(plan.pk)) for key in erased]
    make_notices(plan.request, NoticeEvent.ERASED, changes)


def _waits_for(request: Request) -> str:
    """Why an erasure can't begin yet, as a code: nobody must be able to erase with an account that they took over, for one."""
    if lock_of(request) is not None:
        return "lock"
    why = obstacle_of(request)
    if why:
        return NOTICE if why == NOTICE else "proof"
    if is_stopped():
        return "stop"
    if _is_to_be_kept(request):
        return "restriction"
    copy = request.follows
    if copy is not None and (copy.is_open or (copy.status == Status.READY and not _was_fetched(copy))):
        return "copy"
    return ""


def _is_to_be_kept(request: Request) -> bool:
    """Whether the person has asked since then that their data be kept, for a claim or as evidence (GDPR Art. 18(1)(b) and (c))."""
    reasons = [RestrictionReason.UNLAWFUL, RestrictionReason.CLAIM]
    return Restriction.objects.filter(subject=request.subject, reason__in=reasons, since__gte=request.received_at).exists()


def _was_fetched(copy: Request) -> bool:
    bundle = released_bundle(copy)
    return bundle is None or bundle.fetched_at is not None


def _freeze_anew(plan: ErasurePlan, steps: Sequence[ErasureStep]) -> None:
    """What finds the person may have grown since the plan was made, without any other fact being another."""
    found = {step.source_key: step for step in steps}
    rows = list(plan.steps.all())
    for row in rows:
        row.locator, row.count = found[row.source_key].locator, found[row.source_key].count
    ErasureStep.objects.bulk_update(rows, ["locator", "count"])


# Erasing ---------------------------------------------------------------------------------------------------------------------


class _LedgerFailed(Retryable):
    """Nothing may be erased, and a later run may do better."""

    def __init__(self) -> None:
        super().__init__("ledger_unfit")


@dataclass
class _Work:
    claim: Claim
    plan: ErasurePlan
    steps: list[ErasureStep]
    sources: dict[str, Source]
    noted: Noted = field(init=False)
    _parts: dict[int, Part] = field(default_factory=dict)

    @property
    def is_resumed(self) -> bool:
        """Whether a run before this one may have died anywhere."""
        return self.claim.fence > 1

    def note(self) -> None:
        """Note the beginning in the ledger, where it is not noted yet. Raises _LedgerFailed."""
        try:
            self.noted = note_erasure(plan=self.plan, again=self.is_resumed)
        except LedgerUnfit as error:
            raise _LedgerFailed from error

    def wait(self) -> None:
        """Until what the ledger says of the beginning is safe. Raises _LedgerFailed."""
        try:
            self.noted.wait()
        except LedgerUnfit as error:
            raise _LedgerFailed from error

    def part(self, step: ErasureStep) -> Part:
        """A step as its source takes it. Raises CannotErase where there is no such source any more."""
        part = self._parts.get(step.pk)
        if part is None or part.treatment != step.treatment:
            source = self.sources.get(step.source_key)
            if source is None:
                raise CannotErase("unknown_source")
            part = self._parts[step.pk] = Part(source, json.loads(step.locator or "{}"), Treatment(step.treatment))
        return part

    def waiting(self, *, in_database: bool) -> list[ErasureStep]:
        return [step for step in self.steps if step.status == ErasureStepStatus.PENDING and step.is_in_database == in_database]


def erase(claim: Claim) -> None:
    """Do what can be done now for one plan. Killed at any statement it goes on where it was: what was committed is done."""
    plans = ErasurePlan.objects.select_related("request__subject").filter(pk=claim.payload["plan"], superseded_at=None)
    plan = next(iter(plans), None)
    if plan is None or plan.begun_at is None or plan.request.status != Status.ERASING:
        return
    prefetch_related_objects([plan], "steps")
    steps = list(plan.steps.all())
    stops = stopped_sources()
    if any(is_stopped(step.source_key, among=stops) for step in steps if step.status == ErasureStepStatus.PENDING):
        return  # whoever lifts the stop orders the work again
    work = _Work(claim, plan, steps, {source.describe().key: source for source in registry.all()})
    _keep_what_is_held(work)
    work.note()
    if elsewhere := work.waiting(in_database=False):
        _remember(work)
        for step in elsewhere:
            _erase_elsewhere(work, step)
    if not _erase_here(work):
        _remember(work)
        for step in work.waiting(in_database=True):
            _erase_alone(work, step)
    if any(step.status == ErasureStepStatus.FAILED for step in work.steps) or not _is_verified(work):
        _fail(work)
        return
    _finish(work)


def _keep_what_is_held(work: _Work) -> None:
    """A hold that was placed since the erasure began binds what is not erased yet."""
    waiting = [step for step in work.steps if step.status == ErasureStepStatus.PENDING and step.treatment != Treatment.RETAIN]
    held = holds_on(work.plan.request.subject, [step.source_key for step in waiting])
    for step in waiting:
        if hold := held.get(step.source_key):
            step.treatment, step.reason, step.until = Treatment.RETAIN, hold.ground, hold.until
            step.save(update_fields=["treatment", "reason", "until"])


def _remember(work: _Work) -> None:
    """Let the database know what the ledger says, before something is done that no rollback undoes."""
    work.wait()
    with transaction.atomic():
        work.noted.remember(actor=ACTOR)


def _erase_here(work: _Work) -> bool:
    """Every source of this database in one transaction with one checkpoint. False where one of them failed: then nothing was done."""
    waiting = work.waiting(in_database=True)
    if not waiting:
        return True
    try:
        with transaction.atomic():
            work.claim.hold()
            work.noted.remember(actor=ACTOR)
            parts = [work.part(step) for step in waiting]
            for step, erased in zip(waiting, erase_together(parts, ready=work.wait), strict=True):
                _note(step, erased)
            _save_done(waiting)
    except (LostLease, _LedgerFailed):
        raise
    except Exception as error:
        log.warning("erasing_together_failed", ref=work.plan.request.ref, error=type(error).__name__)
        for step in waiting:
            step.status, step.removed, step.anonymised, step.retained = ErasureStepStatus.PENDING, 0, 0, 0
        work.note()  # what the database knew of it was undone as well
        return False
    return True


def _save_done(steps: Sequence[ErasureStep]) -> None:
    """One statement for each result: most sources hold nothing or as much as others, and `bulk_update` takes longer than erasing."""
    alike: dict[Erased, list[int]] = {}
    for step in steps:
        alike.setdefault(Erased(step.removed, step.anonymised, step.retained), []).append(step.pk)
    for result, keys in alike.items():
        rows = ErasureStep.objects.filter(pk__in=keys)
        rows.update(**result._asdict(), status=ErasureStepStatus.DONE, error_code="", attempts=F("attempts") + 1)


def _erase_alone(work: _Work, step: ErasureStep) -> None:
    """One source of this database by itself, after they failed together: the others are not held up by the one that fails."""
    try:
        with transaction.atomic():
            work.claim.hold()
            _note(step, _run(work, step))
            step.save(update_fields=["status", "removed", "anonymised", "retained", "attempts"])
    except LostLease:
        raise
    except Exception as error:
        _note_failure(work, step, error)


def _erase_elsewhere(work: _Work, step: ErasureStep) -> None:
    """A source outside: it commits by itself, and asked again it finds nothing left to do."""
    work.claim.heartbeat(0)
    try:
        erased = _run(work, step)
    except LostLease:
        raise
    except Exception as error:
        _note_failure(work, step, error)
        return
    with transaction.atomic():
        work.claim.hold()
        # What a run before this one had done and could not note is not counted twice: this one found the rest.
        _note(step, erased)
        step.save(update_fields=["status", "removed", "anonymised", "retained", "attempts"])


def _run(work: _Work, step: ErasureStep) -> Erased:
    part = work.part(step)
    return part.source.erase(part.locator, part.treatment)


def _note(step: ErasureStep, erased: Erased) -> None:
    step.status, step.attempts = ErasureStepStatus.DONE, step.attempts + 1
    step.removed, step.anonymised, step.retained = erased.removed, erased.anonymised, erased.retained


def _note_failure(work: _Work, step: ErasureStep, error: Exception) -> None:
    code = str(getattr(error, "code", "") or type(error).__name__)[:64]
    log.warning("erasing_failed", source=step.source_key, code=code)
    is_final = isinstance(error, CannotErase) or work.claim.is_last_attempt
    status = ErasureStepStatus.FAILED if is_final else ErasureStepStatus.PENDING
    ErasureStep.objects.filter(pk=step.pk).update(status=status, error_code=code, attempts=F("attempts") + 1)
    if not is_final:
        raise Retryable("source_failed") from error
    step.status, step.error_code = status, code


def _is_verified(work: _Work) -> bool:
    """Ask every source again what it finds. What should be gone and is not makes its step a failed one."""
    is_clean = True
    asked, parts = [], []
    for step in work.steps:
        if step.treatment == Treatment.RETAIN:
            continue
        try:
            parts.append(work.part(step))
        except CannotErase as error:  # its source is gone since a run before this one: nobody can say that nothing is left
            _note_failure(work, step, error)
            is_clean = False
        else:
            asked.append(step)
    for step, left in zip(asked, ask_together(parts, beat=work.claim.heartbeat), strict=True):
        if isinstance(left, Exception):
            _note_failure(work, step, left)
            is_clean = False
        elif left > step.retained:  # a source may keep a part of what it erases, and says so
            found = {"status": ErasureStepStatus.FAILED, "error_code": "something_left", "remainder": left - step.retained}
            ErasureStep.objects.filter(pk=step.pk).update(**found)
            is_clean = False
    return is_clean


def _fail(work: _Work) -> None:
    with transaction.atomic():
        move(work.plan.request, Change(Event.FAIL, Guard.SOMETHING_FAILED), role=Role.SYSTEM, actor=ACTOR)
        work.claim.finish()


def _finish(work: _Work) -> None:
    """The ledger first, as it was at the beginning; then, in one transaction, the end of the request, the certificate and the mail."""
    finished = note_finished(plan=work.plan, again=work.is_resumed, begun=work.noted)
    request, now = work.plan.request, clock.now()
    with transaction.atomic():
        with recording_together():
            work.claim.finish()
            for noted in (work.noted, finished):
                noted.remember(actor=ACTOR)
            _count_what_is_gone(work.steps)
            gone = {step.source_key for step in work.steps if step.removed or step.anonymised}
            tell_recipients(request, only_of=gone, since=work.plan.begun_at)
            outcome = _outcome(work.steps)
            change = Change(Event.FINISH_ERASING, Guard.ERASED_FOR_GOOD, outcome=outcome, details=_counts(work.steps))
            move(request, change, role=Role.SYSTEM, actor=ACTOR, answered_at=now, closed_at=now, contact=None)
            work.plan.finished_at = now
            issue_certificate(work.plan, work.steps, actor=ACTOR)
            ErasureStep.objects.filter(plan=work.plan).update(locator=None)
        for noted in (work.noted, finished):
            noted.wait()


def _count_what_is_gone(steps: Sequence[ErasureStep]) -> None:
    """Let the result say what became of all that was found at the beginning, now that nothing is found any more.

    A source answers less where a run was killed before it could note what it had done, where staff tried again, and where rows went
    along with those of another source.
    """
    for step in steps:
        if step.treatment == Treatment.RETAIN:
            continue
        name = "removed" if step.treatment == Treatment.DELETE else "anonymised"
        missing = step.count - step.removed - step.anonymised - step.retained
        if missing > 0:
            setattr(step, name, getattr(step, name) + missing)
            step.save(update_fields=[name])


def _outcome(steps: Sequence[ErasureStep]) -> Outcome:
    if not any(step.removed or step.anonymised or step.retained or step.count for step in steps):
        return Outcome.NOTHING_HELD
    return Outcome.IN_PART if any(step.retained for step in steps) else Outcome.FULFILLED


def _counts(steps: Sequence[ErasureStep]) -> dict[str, int]:
    return {name: sum(getattr(step, name) for step in steps) for name in ("removed", "anonymised", "retained")}


def give_up_erasing(plan_id: int, *, code: str) -> None:
    """Hand an erasure to staff whose job will not run any more; in the transaction that says so."""
    plan = ErasurePlan.objects.select_related("request__subject").filter(pk=plan_id, superseded_at=None).first()
    if plan is None or plan.request.status != Status.ERASING:
        return
    waiting = ErasureStep.objects.filter(plan=plan, status=ErasureStepStatus.PENDING)
    waiting.update(status=ErasureStepStatus.FAILED, error_code=code[:64])
    move(plan.request, Change(Event.FAIL, Guard.SOMETHING_FAILED), role=Role.SYSTEM, actor=ACTOR)


def give_up_planning(request_id: int, *, code: str) -> None:
    """Hand a request to staff whose plan could not be made."""
    request = Request.objects.select_related("subject").filter(pk=request_id, status=Status.PLANNING).first()
    if request is not None:
        move(request, Change(Event.FAIL, Guard.SOMETHING_FAILED, details={"code": code[:64]}), role=Role.SYSTEM, actor=ACTOR)


def resume_erasures() -> None:
    """Order the work of every erasure that runs: something had stopped it."""
    for plan in ErasurePlan.objects.filter(superseded_at=None, begun_at__isnull=False, finished_at=None, request__status=Status.ERASING):
        order_erasing(plan)


on_lift(resume_erasures)
