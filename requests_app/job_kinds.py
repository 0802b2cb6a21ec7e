"""The jobs of this room. Payloads are ids; each handler loads afresh and finds out what is left to do."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from privacycenter.jobs import periodic, registry
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.enums import Priority
from privacycenter.jobs.models import Job
from privacycenter.kernel.actor import Actor
from requests_app.domain.proof import decide_answer, send_answer
from requests_app.fulfilment.collect import LOST_WORKER
from requests_app.fulfilment.housekeeping import keep_house, remove_objects
from requests_app.fulfilment.sources import collect_source, give_up_source
from requests_app.fulfilment.volumes import give_up_volume, render_volume
from requests_app.fulfilment.worker import fulfil, give_up_bundle
from requests_app.models import IdentityProof

ACTOR = Actor.system("requests")


def send_code(claim: Claim) -> None:
    """Find out what an address gets that a code was asked for, and queue that mail."""
    proof = IdentityProof.objects.select_related("request__subject").filter(pk=claim.payload["proof"]).first()
    if proof is None:
        return
    answer = decide_answer(proof)
    with transaction.atomic():
        send_answer(proof, answer=answer, actor=ACTOR)
        claim.finish()


def _one_by_one(handler: Callable[[Claim], None]) -> registry.Handler:
    def handle(claims: list[Claim]) -> None:
        for claim in claims:
            handler(claim)

    return handle


def _code(job: Job) -> str:
    return job.last_error or LOST_WORKER


registry.register("requests.send_code", _one_by_one(send_code), priority=Priority.URGENT)
registry.register(
    "requests.fulfil",
    _one_by_one(fulfil),
    on_quarantine=lambda job: give_up_bundle(job.payload["bundle"], code=_code(job)),
    max_seconds=6 * 3600,
)
registry.register(
    "requests.collect_source",
    _one_by_one(collect_source),
    on_quarantine=lambda job: give_up_source(job.payload["step"], code=_code(job)),
    max_seconds=6 * 3600,
)
registry.register(
    "requests.render_volume",
    _one_by_one(render_volume),
    on_quarantine=lambda job: give_up_volume(job.payload["volume"], code=_code(job)),
)
registry.register("requests.remove_objects", _one_by_one(remove_objects), priority=Priority.BULK)
registry.register("requests.keep_house", _one_by_one(keep_house), priority=Priority.BULK)

periodic.register("requests.keep_house", 600, "requests.keep_house")
