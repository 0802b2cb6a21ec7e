"""One source as a job of its own: those outside this database, and those that are retried."""

from __future__ import annotations

from django.db import transaction

from privacycenter.jobs.claims import Claim
from privacycenter.jobs.errors import Retryable
from requests_app.domain.bundles import order_work
from requests_app.domain.stops import is_stopped
from requests_app.enums import Status, StepStatus
from requests_app.fulfilment.collect import Result, note_failure, note_retry, note_success, run_step
from requests_app.models import Step


def collect_source(claim: Claim) -> None:
    """Read one source. When it ends, in whatever way, the bundle is carried on."""
    step = _load(claim.payload["step"])
    if step is None:
        return
    if is_stopped(step.source_key):
        return  # whoever lifts the stop orders the bundle's work again
    bundle = step.bundle
    Step.objects.filter(pk=step.pk, status=StepStatus.PENDING).update(status=StepStatus.RUNNING)
    result = run_step(step, bundle=bundle, subject=bundle.request.subject, beat=claim.heartbeat)
    if result.output is None and not (result.is_permanent or claim.is_last_attempt):
        note_retry(result)
        raise Retryable(_code(result))
    with transaction.atomic():
        claim.finish()
        if result.output is not None:
            note_success([result])
        else:
            note_failure(step.pk, code=result.error_code)
        order_work(bundle)


def give_up_source(step_id: int, *, code: str) -> None:
    """Mark a step as failed whose job will not run any more, and let the bundle go on."""
    step = _load(step_id)
    if step is not None:
        note_failure(step.pk, code=code)
        order_work(step.bundle)


def _load(step_id: int) -> Step | None:
    waiting = Step.objects.select_related("bundle__request__subject").filter(pk=step_id, bundle__shredded_at=None)
    return waiting.filter(status__in=[StepStatus.PENDING, StepStatus.RUNNING], bundle__request__status=Status.COLLECTING).first()


def _code(result: Result) -> str:
    """The error as jobs take codes: lower case, no data."""
    return (
        "".join(sign for sign in result.error_code.lower() if sign.isascii() and (sign.isalnum() or sign in "_."))[:60] or "source_failed"
    )
