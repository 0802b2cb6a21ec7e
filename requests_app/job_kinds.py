"""The jobs of this room. Payloads are ids; each handler loads afresh and finds out what is left to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from privacycenter.jobs import periodic, registry
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.enums import Priority
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.correction.applying import apply_corrections, give_up
from requests_app.domain.answers import remind_of_question
from requests_app.domain.proof import decide_answer, send_answer
from requests_app.domain.reminders import remind_staff
from requests_app.domain.webhooks import deliver
from requests_app.erasure.backups import note_backup_expiry
from requests_app.erasure.planning import make_plan
from requests_app.erasure.work import begin_erasures, erase, give_up_erasing, give_up_planning
from requests_app.fulfilment.collect import LOST_WORKER
from requests_app.fulfilment.housekeeping import keep_house, remove_objects
from requests_app.fulfilment.sources import collect_source, give_up_source
from requests_app.fulfilment.volumes import give_up_volume, render_volume
from requests_app.fulfilment.worker import fulfil, give_up_bundle
from requests_app.limits.children import LOOK_INTO, look_into_reports
from requests_app.limits.ending import end_limits
from requests_app.limits.objecting import ASSESS_LATER, assess_later
from requests_app.models import IdentityProof, Question
from requests_app.redaction.scanning import JOB, scan_bundle
from requests_app.transfer.sending import SEND, give_up_sending, send_copy

ACTOR = Actor.system("requests")
REMINDED_AT_ONCE = 500  # the next hour takes the rest


def send_code(claim: Claim) -> None:
    """Find out what an address gets that a code was asked for, and queue that mail."""
    proof = IdentityProof.objects.select_related("request__subject").filter(pk=claim.payload["proof"]).first()
    if proof is None:
        return
    answer = decide_answer(proof)
    with transaction.atomic():
        send_answer(proof, answer=answer, actor=ACTOR)
        claim.finish()


def remind_of_questions(claim: Claim) -> None:
    """Remind everybody who has not answered for some days, each in a transaction of its own: one bad address stops no other."""
    before = clock.now() - timedelta(days=settings.ASK_REMINDER_DAYS)
    waiting = Question.objects.select_related("request__subject").filter(ended_at=None, reminded_at=None, asked_at__lte=before)
    for question in waiting.order_by("asked_at")[:REMINDED_AT_ONCE]:
        remind_of_question(question, actor=ACTOR)
    claim.finish()


def watch_deadlines(claim: Claim) -> None:
    """Remind staff of what is due, and tell the data protection officers what is overdue."""
    remind_staff(limit=REMINDED_AT_ONCE, actor=ACTOR)
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
registry.register(JOB, _one_by_one(scan_bundle), max_seconds=6 * 3600)
registry.register("requests.deliver_webhook", _one_by_one(deliver), priority=Priority.BULK)
registry.register(
    "requests.apply_corrections",
    _one_by_one(apply_corrections),
    on_quarantine=lambda job: give_up(job.payload["request"], code=_code(job)),
)
registry.register(
    "requests.plan_erasure",
    _one_by_one(make_plan),
    on_quarantine=lambda job: give_up_planning(job.payload["request"], code=_code(job)),
)
registry.register(
    "requests.erase",
    _one_by_one(erase),
    on_quarantine=lambda job: give_up_erasing(job.payload["plan"], code=_code(job)),
    max_seconds=6 * 3600,
)
registry.register(
    SEND,
    _one_by_one(send_copy),
    priority=Priority.BULK,
    max_errors=12,  # about seven hours of a receiver that is away
    backoff_cap_seconds=3600,
    on_quarantine=give_up_sending,
)
registry.register("requests.begin_erasures", _one_by_one(begin_erasures))
registry.register("requests.remove_objects", _one_by_one(remove_objects), priority=Priority.BULK)
registry.register(LOOK_INTO, look_into_reports)
registry.register(ASSESS_LATER, assess_later)
registry.register("requests.end_limits", _one_by_one(lambda claim: end_limits([claim])), priority=Priority.BULK)
registry.register("requests.watch_deadlines", _one_by_one(watch_deadlines))
registry.register("requests.keep_house", _one_by_one(keep_house), priority=Priority.BULK)
registry.register("requests.note_backup_expiry", _one_by_one(note_backup_expiry), priority=Priority.BULK)
registry.register("requests.remind_of_questions", _one_by_one(remind_of_questions), priority=Priority.BULK)

periodic.register("requests.note_backup_expiry", 6 * 3600, "requests.note_backup_expiry")
periodic.register("requests.remind_of_questions", 3600, "requests.remind_of_questions")
periodic.register("requests.begin_erasures", 300, "requests.begin_erasures")
periodic.register("requests.watch_deadlines", 3600, "requests.watch_deadlines")
periodic.register("requests.keep_house", 600, "requests.keep_house")
periodic.register("requests.end_limits", 600, "requests.end_limits")
