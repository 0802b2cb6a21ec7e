"""Further PDF volumes, each a job of its own, so that workers share a large source and memory stays flat."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.db import transaction

from privacycenter.datamap.queries import facts_for
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.errors import LostLease, Retryable
from privacycenter.kernel.sources import registry
from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import SealedReader, encrypt_stream
from requests_app.bundle.facts import BundleFacts, ControllerFact, SubjectFact
from requests_app.bundle.readable import volume_document
from requests_app.bundle.step_output import VolumePlan
from requests_app.domain.bundles import order_work
from requests_app.enums import Status, VolumeStatus
from requests_app.fulfilment.collect import key_of, output_of, work_folder
from requests_app.fulfilment.facts import source_result
from requests_app.models import Bundle, Step, Volume
from requests_app.pdf.client import shared_renderer
from requests_app.pdf.errors import RenderFailed, RenderTimeout


def plan_volumes(bundle: Bundle, steps: Sequence[Step]) -> list[Volume]:
    """The rows of the further volumes that the outputs ask for; written once, all or none."""
    existing = list(Volume.objects.filter(step__bundle=bundle).select_related("step"))
    if existing:
        return existing
    rows = [Volume(step=step, number=plan.number) for step in steps for plan in _plans(step)]
    if not rows:
        return []
    with transaction.atomic():
        return Volume.objects.bulk_create(rows)


def render_volume(claim: Claim) -> None:
    """Render one volume, seal it, store it; then the bundle is carried on.

    Each try writes under a name of its own: a worker that has lost its lease can't replace what the next one has committed.
    """
    volume = _load(claim.payload["volume"])
    if volume is None:
        return
    bundle, step = volume.step.bundle, volume.step
    try:
        pdf, unprinted = _render(bundle, step, volume)
    except (RenderFailed, RenderTimeout) as error:
        if not claim.is_last_attempt:
            raise Retryable("render_failed") from error
        with transaction.atomic():
            claim.finish()
            give_up_volume(volume.pk, code="render_failed")
        return
    claim.heartbeat()
    name = f"{work_folder(bundle)}/volumes/{volume.pk}/{secrets.token_hex(8)}"
    sealed_size = storage().put_stream(name, encrypt_stream([pdf], key=key_of(bundle), context=_context(volume)))
    try:
        with transaction.atomic():
            claim.finish()
            waiting = Volume.objects.filter(pk=volume.pk, status=VolumeStatus.PENDING)
            made = {"object_name": name, "size": len(pdf), "sealed_size": sealed_size, "unprinted": unprinted}
            waiting.update(status=VolumeStatus.RENDERED, **made, error_code="")
            order_work(bundle)
    except LostLease:
        storage().delete(name)
        raise


def give_up_volume(volume_id: int, *, code: str) -> None:
    """Mark a volume as failed; staff retry it or complete the request with a reason."""
    volume = _load(volume_id)
    if volume is not None:
        Volume.objects.filter(pk=volume.pk, status=VolumeStatus.PENDING).update(status=VolumeStatus.FAILED, error_code=code[:64])
        order_work(volume.step.bundle)


def read_volume(bundle: Bundle, volume: Volume) -> SealedReader:
    """The bytes of a rendered volume."""
    store = storage()
    return SealedReader(
        lambda start, length: store.read_range(volume.object_name, start, length), volume.sealed_size, key_of(bundle), _context(volume)
    )


def _load(volume_id: int) -> Volume | None:
    waiting = Volume.objects.select_related("step__bundle__request__subject").filter(pk=volume_id, status=VolumeStatus.PENDING)
    return waiting.filter(step__bundle__shredded_at=None, step__bundle__request__status=Status.ASSEMBLING).first()


def _render(bundle: Bundle, step: Step, volume: Volume) -> tuple[bytes, list[int]]:
    output = output_of(step)
    assert output is not None, "a step with volumes has an output"
    descriptions = [source.describe() for source in registry.all() if source.describe().key == step.source_key]
    result = source_result(step, facts_for(descriptions).get(step.source_key), output)
    plans = {plan.number: plan for plan in output.volumes}
    request = bundle.request
    facts = BundleFacts(
        reference=request.ref,
        kind=request.kind,  # type: ignore[arg-type]  # a value of Kind
        created=bundle.created_at,
        language=request.language,
        controller=ControllerFact("", ""),
        subject=SubjectFact([]),
        sources=[result],
    )
    document = volume_document(facts, result, plans[volume.number], key=key_of(bundle), total=len(plans))
    pdf, problems = shared_renderer().render_volume_safely(document)
    return pdf, [int(problem.record) for problem in problems]


def _plans(step: Step) -> Sequence[VolumePlan]:
    output = output_of(step)
    return output.volumes if output else ()


def _context(volume: Volume) -> str:
    return f"volume:{volume.pk}"
