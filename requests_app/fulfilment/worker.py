"""Carries a bundle on from wherever it stands, until somebody else has to move: another job, or staff.

The job may be rung any number of times and die at any moment: what was committed is found again, what was not is done
again, and the end of the job commits together with what it did (the fence of the claim decides which of two workers).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import IntegrityError, transaction

from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import NewJob, enqueue_many
from privacycenter.jobs.errors import LostLease, Retryable
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.storage import storage
from requests_app.bundle.assemble import AssembledBundle
from requests_app.domain.bundles import new_object_name, order_work
from requests_app.domain.moves import Change, move
from requests_app.domain.release import clear_work, may_release_itself, order_removal, release_bundle
from requests_app.domain.stops import is_stopped, on_lift, stopped_sources
from requests_app.enums import Status, StepStatus, VolumeStatus
from requests_app.errors import LostRace
from requests_app.fulfilment.assembly import assemble_bundle
from requests_app.fulfilment.collect import Result, note_failure, note_retry, note_success, output_of, run_step, write_finished
from requests_app.fulfilment.plan import plan_steps
from requests_app.fulfilment.volumes import plan_volumes
from requests_app.models import Bundle, Request, Step
from requests_app.transitions import Event, Guard, Role

ACTOR = Actor.system("requests")
IN_DATABASE_AT_ONCE = 50
SAVE_AFTER_SECONDS = 2.0  # a worker that dies loses at most this much, and a person sees progress
FIRST_RETRY_SECONDS = 10


@dataclass
class _Work:
    """One pass over one bundle."""

    claim: Claim
    bundle: Bundle
    steps: list[Step]
    is_planned: bool  # whether the steps stand in the database
    unsaved: list[Result] = field(default_factory=list)
    failed: list[Result] = field(default_factory=list)
    has_failures: bool = False
    saved_at: float = field(default_factory=time.monotonic)

    @property
    def request(self) -> Request:
        return self.bundle.request


def fulfil(claim: Claim) -> None:
    """Do what can be done now for one bundle."""
    bundle = _load(claim.payload["bundle"])
    if bundle is None or bundle.request.subject is None:
        return
    try:
        steps = list(bundle.steps.all())
        work = _Work(claim, bundle, steps or plan_steps(bundle, bundle.request.subject), is_planned=bool(steps))
        if work.request.status == Status.COLLECTING:
            _collect(work)
        if work.request.status == Status.ASSEMBLING:
            _assemble(work)
    except LostRace:
        return  # withdrawn, or started over: whoever moved the request has seen to the rest
    except IntegrityError as error:
        raise Retryable("planned_twice", after_seconds=0) from error


def _load(bundle_id: int) -> Bundle | None:
    """The bundle, where it is still to be worked on."""
    found = Bundle.objects.select_related("request__subject__account").filter(pk=bundle_id)
    return found.filter(shredded_at=None, released_at=None, request__status__in=Status.IN_WORK).first()


# Collecting ------------------------------------------------------------------------------------------------------------


def _collect(work: _Work) -> None:
    open_steps = [step for step in work.steps if step.status not in StepStatus.FINAL]
    stops = stopped_sources() if open_steps else frozenset()
    # What is stopped stays as it is, and so does the request; whoever lifts the stop orders the work again.
    waiting = [step for step in open_steps if not is_stopped(step.source_key, among=stops)]
    # A step that failed once is retried by a job of its own, with its own backoff, and holds nobody up.
    own_job = [step for step in waiting if not step.is_in_database or step.attempts]
    if own_job:
        _write_plan(work)
        _order_sources(own_job)
    here = [step for step in waiting if step.is_in_database and not step.attempts]
    for start in range(0, len(here), IN_DATABASE_AT_ONCE):
        for step in here[start : start + IN_DATABASE_AT_ONCE]:
            _run(work, step)
        if start + IN_DATABASE_AT_ONCE < len(here):
            _save(work)
    if own_job or work.has_failures or len(waiting) < len(open_steps):
        _save(work, finish=True)
        return
    if any(step.status == StepStatus.FAILED for step in work.steps):
        _fail(work)
        return
    if _is_small(work):
        _assemble_at_once(work)
        return
    with transaction.atomic():
        _save(work)
        move(work.request, Change(Event.FINISH_COLLECTING, Guard.ALL_STEPS_FINAL), role=Role.SYSTEM, actor=ACTOR)


def _run(work: _Work, step: Step) -> None:
    result = run_step(step, bundle=work.bundle, subject=work.request.subject, beat=lambda _count: work.claim.heartbeat())
    if result.output is not None:
        step.status = StepStatus(result.output.status)
        work.unsaved.append(result)
    else:
        work.failed.append(result)
        work.has_failures = True
    if time.monotonic() - work.saved_at > SAVE_AFTER_SECONDS:
        _save(work)


def _save(work: _Work, *, finish: bool = False) -> None:
    """Commit what was collected so far, if the job is still ours."""
    with transaction.atomic():
        if finish:
            work.claim.finish()
        else:
            work.claim.hold()
        _write_plan(work)
        note_success(work.unsaved)
        for result in work.failed:
            if result.is_permanent:
                note_failure(result.step.pk, code=result.error_code)
            else:
                note_retry(result)
        _order_sources([result.step for result in work.failed if not result.is_permanent], after_seconds=FIRST_RETRY_SECONDS)
        if finish and work.has_failures:
            order_work(work.bundle)  # looks once more: where nothing is left to be retried, staff are next
    work.unsaved, work.failed, work.saved_at = [], [], time.monotonic()


def _write_plan(work: _Work) -> None:
    """Write the steps, all or none. Two planners at once: the index on (bundle, source) stops the second.

    Put off until somebody else needs them or time has passed: what a short pass does ends in one transaction anyway, and a
    worker that dies before has lost nothing but that.
    """
    if work.is_planned:
        return
    for result in work.unsaved:
        result.step.status = StepStatus.PENDING  # until its output is noted
    with transaction.atomic():
        Step.objects.bulk_create(work.steps)
    work.is_planned = True
    for result in work.unsaved:
        if result.output is not None:
            result.step.status = StepStatus(result.output.status)


def _order_sources(steps: Sequence[Step], *, after_seconds: int = 0) -> None:
    """One job per source that is not read here; while one is open, this does nothing."""
    run_at = clock.now() + timedelta(seconds=after_seconds) if after_seconds else None
    with transaction.atomic():
        enqueue_many(NewJob("requests.collect_source", str(step.pk), {"step": step.pk}, run_at) for step in steps)


def _fail(work: _Work, code: str = "") -> None:
    """Hand over to staff."""
    with transaction.atomic():
        move(work.request, Change(Event.FAIL, Guard.SOMETHING_FAILED), role=Role.SYSTEM, actor=ACTOR)
        if code:
            Bundle.objects.filter(pk=work.bundle.pk).update(error_code=code[:64])
        _write_plan(work)
        note_success(work.unsaved)
        work.claim.finish()


# Assembling ------------------------------------------------------------------------------------------------------------


def _is_small(work: _Work) -> bool:
    """Whether everything was planned and collected in this pass and fits into rows: then one transaction takes it to the end."""
    fresh = {result.step.position for result in work.unsaved}
    outputs = [result.output for result in work.unsaved if result.output is not None]
    ended = {StepStatus.NOTHING_HELD, StepStatus.WITHHELD}
    return (
        not work.is_planned
        and all(step.position in fresh or step.status in ended for step in work.steps)
        and not any(output.object_names or output.volumes for output in outputs)
    )


def _assemble_at_once(work: _Work) -> None:
    outputs = {result.step.source_key: result.output for result in work.unsaved}
    _rename_after_lapse(work)
    try:
        made = assemble_bundle(work.bundle, work.steps, outputs, beat=work.claim.heartbeat)
    except LostLease:
        raise
    except Exception as error:
        # Keep what was collected; only the assembling is tried again.
        with transaction.atomic():
            _write_plan(work)
            note_success(work.unsaved)
            move(work.request, Change(Event.FINISH_COLLECTING, Guard.ALL_STEPS_FINAL), role=Role.SYSTEM, actor=ACTOR)
        _retry_or_fail(work, error)
        return
    with transaction.atomic():
        write_finished(work.steps, work.unsaved)
        _finish(work, made, Change(Event.FINISH_COLLECTING, Guard.ALL_STEPS_FINAL))
        if work.claim.attempts > 1:
            order_removal(work.bundle)


def _assemble(work: _Work) -> None:
    steps = list(Step.objects.filter(bundle=work.bundle))
    outputs = {step.source_key: output_of(step) for step in steps}
    volumes = plan_volumes(work.bundle, steps)
    if waiting := [volume.pk for volume in volumes if volume.status == VolumeStatus.PENDING]:
        with transaction.atomic():
            enqueue_many(NewJob("requests.render_volume", str(pk), {"volume": pk}) for pk in waiting)
            work.claim.finish()
        return
    if any(volume.status == VolumeStatus.FAILED for volume in volumes) and not work.bundle.failure_reason:
        _fail(work, "volume_failed")
        return
    _rename_after_lapse(work)
    try:
        made = assemble_bundle(work.bundle, steps, outputs, volumes=volumes, beat=work.claim.heartbeat)
    except LostLease:
        raise
    except Exception as error:
        _retry_or_fail(work, error)
        return
    with transaction.atomic():
        _finish(work, made)
        clear_work(work.bundle)
        order_removal(work.bundle)


def _rename_after_lapse(work: _Work) -> None:
    """Take another name for the file where a worker lost this job: it may still be alive and write under the old one."""
    if not work.claim.lapses:
        return
    bundle, old = work.bundle, work.bundle.object_name
    bundle.object_name = new_object_name(bundle.prefix)
    bundle.save(update_fields=["object_name"])
    storage().delete(old)


def _finish(work: _Work, made: AssembledBundle, *before: Change) -> None:
    """Write down the finished file, and release it where nobody has to look. In the caller's transaction."""
    bundle, request = work.bundle, work.request
    changes = (*before, Change(Event.FINISH_ASSEMBLING, Guard.FILE_WRITTEN))
    move(request, *changes, role=Role.SYSTEM, actor=ACTOR)
    bundle.size, bundle.sealed_size, bundle.sha256, bundle.summary = made.size, made.sealed_size, made.sha256, made.summary
    bundle.error_code, bundle.assembled_at = "", clock.now()
    bundle.save(update_fields=["size", "sealed_size", "sha256", "summary", "error_code", "assembled_at"])
    if may_release_itself(request, {step.status for step in work.steps}, hides=bundle.hides):
        release_bundle(request, role=Role.SYSTEM, actor=ACTOR)
    work.claim.finish()


def _retry_or_fail(work: _Work, error: Exception) -> None:
    code = str(getattr(error, "code", "") or type(error).__name__)[:64]
    if work.claim.is_last_attempt:
        _fail(work, code)
        return
    raise Retryable("assembly_failed") from error


def give_up_bundle(bundle_id: int, *, code: str) -> None:
    """Hand a bundle to staff whose job will not run any more; in the transaction that says so."""
    bundle = _load(bundle_id)
    if bundle is None:
        return
    try:
        with transaction.atomic():
            move(bundle.request, Change(Event.FAIL, Guard.SOMETHING_FAILED), role=Role.SYSTEM, actor=ACTOR)
            Bundle.objects.filter(pk=bundle.pk).update(error_code=code[:64])
    except LostRace:
        return


def resume_bundles() -> None:
    """Order the work of every bundle in the making: something had stopped it."""
    for bundle in Bundle.objects.filter(shredded_at=None, released_at=None, request__status__in=Status.IN_WORK).iterator():
        order_work(bundle)


on_lift(resume_bundles)
