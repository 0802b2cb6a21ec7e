"""What staff do with a request."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.jobs.domain import retry_job
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.text import storable
from privacycenter.subjects.domain import name_use
from requests_app.domain.bundles import begin_bundle, order_work
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.domain.people import LOOK, WORK, require_permission, require_proven
from requests_app.domain.release import shred_unreleased
from requests_app.enums import LookReason, Status, StepStatus, VolumeStatus
from requests_app.errors import IllegalMove, LostRace, NotAllowed, ReasonMissing, RedactionsChanged
from requests_app.models import Bundle, Look, Request, Step, Volume
from requests_app.transitions import Event, Guard, Role

LOOK_MINUTES = 15


def assign(request: Request, *, assignee: User | None, actor: Actor) -> None:
    """Give a request to a colleague who may work on it, or to nobody. Raises NotAllowed, NotProven, LostRace."""
    require_permission(actor, WORK)
    require_proven(request)
    if assignee is not None and not (assignee.is_staff and assignee.has_perm(WORK)):
        raise NotAllowed
    with transaction.atomic():
        if not Request.objects.filter(pk=request.pk).update(assignee=assignee):
            raise LostRace  # gone meanwhile
        request.assignee = assignee
        record("requests.assigned", actor=actor, subject=_subject(request), ticket=request.ref)


def retry_failed(request: Request, *, actor: Actor) -> None:
    """Try again whatever failed of the bundle in the making; what succeeded is kept."""
    with transaction.atomic():
        bundle = _in_the_making(request)
        move(request, Change(Event.RETRY, Guard.SOMETHING_FAILED), role=Role.STAFF, actor=actor)
        failed = Step.objects.filter(bundle=bundle, status=StepStatus.FAILED)
        failed.update(status=StepStatus.PENDING, reason="", error_code="", attempts=0, finished_at=None)
        Volume.objects.filter(step__bundle=bundle, status=VolumeStatus.FAILED).update(status=VolumeStatus.PENDING, error_code="")
        Bundle.objects.filter(pk=bundle.pk).update(error_code="")
        for job in _stuck_jobs(bundle):
            retry_job(job, actor=actor)
        order_work(bundle)


def complete_despite_failure(request: Request, *, reason: str, actor: Actor) -> None:
    """Call a request complete although a part failed. The reason is printed in the bundle."""
    words = _reason(reason)
    with transaction.atomic():
        bundle = _in_the_making(request)
        change = Change(Event.COMPLETE_DESPITE_FAILURE, Guard.REASON_GIVEN, note=words)
        move(request, change, role=Role.STAFF, actor=actor)
        bundle.failure_reason, bundle.error_code = words, ""
        bundle.save(update_fields=["failure_reason", "error_code"])
        for job in _stuck_jobs(bundle):
            retry_job(job, actor=actor)
        order_work(bundle)


def collect_again(request: Request, *, role: Role = Role.STAFF, actor: Actor) -> None:
    """Start over with a fresh plan: a source was repaired, the person named what is missing, or the file has grown old."""
    with transaction.atomic():
        move(request, Change(Event.COLLECT_AGAIN), role=role, actor=actor)
        shred_unreleased(request, actor=actor)
        begin_bundle(request)


def withhold_source(request: Request, *, source: str, reason: str, actor: Actor) -> None:
    """Withhold one source on a ground that is printed (GDPR Art. 15(4) and the like), or with an empty reason no longer.

    Takes effect by collecting again, so that nothing of the source stays in work that was done before.
    """
    if request.status not in {Status.ATTENTION, Status.REVIEW, Status.REOPENED}:
        raise IllegalMove
    words = storable(reason).strip()[:500]
    with transaction.atomic():
        withheld = {key: text for key, text in request.withheld.items() if key != source} | ({source: words} if words else {})
        request.withheld = withheld
        request.save(update_fields=["withheld"])
        verb = "requests.source_withheld" if words else "requests.source_no_longer_withheld"
        record(verb, actor=actor, subject=_subject(request), ticket=request.ref, source=source)
        collect_again(request, actor=actor)


def answer_reopening(request: Request, *, answer: str, actor: Actor) -> None:
    """Tell the person why nothing more is to come. The answer stands on their page; the mail only says that there is one."""
    words = _reason(answer)
    with transaction.atomic():
        change = Change(Event.ANSWER, Guard.REASON_GIVEN, note=words)
        now = clock.now()
        move(request, change, role=Role.STAFF, actor=actor, answered_at=now, closed_at=now)
        tell_person(request, "requests.answered", actor=actor)


def open_personal_data(request: Request, *, reason: str, note: str, use: str = "", actor: Actor) -> Look:
    """Let this member of staff see the person's data on this ticket for a quarter of an hour (D-07).

    The audit entry, which the person sees, comes first: if it can't be written, nothing is shown. While the use of the data is
    restricted, `use` names what the law allows it for, in an entry of its own. Raises UseMissing, ReasonMissing, NotAllowed.
    """
    require_permission(actor, LOOK)
    words = _reason(note)
    if reason not in LookReason.values:
        raise ReasonMissing
    with transaction.atomic():
        if request.subject is not None:
            name_use(request.subject, use=use, ticket=request.ref, actor=actor)
        record("requests.personal_data_opened", actor=actor, subject=_subject(request), ticket=request.ref, reason=reason)
        now = clock.now()
        return Look.objects.create(
            request=request,
            user_id=int(actor.ref),
            reason=reason,
            allowed_use=use,
            note=words,
            opened_at=now,
            expires_at=now + timedelta(minutes=LOOK_MINUTES),
        )


def note_preview(request: Request, look: Look, *, actor: Actor) -> None:
    """Write down that the finished document itself is about to be looked at."""
    record("requests.preview_opened", actor=actor, subject=_subject(request), ticket=request.ref, reason=look.reason)


def _in_the_making(request: Request) -> Bundle:
    """The bundle that is not finished. A finished one has nothing left of its parts: it can only be collected anew."""
    require_proven(request)
    bundle = Bundle.objects.filter(request=request, shredded_at=None, released_at=None, assembled_at=None).first()
    if bundle is None:
        raise IllegalMove
    if bundle.outdated_at is not None:
        raise RedactionsChanged  # what was collected still holds what is to be hidden
    return bundle


def _stuck_jobs(bundle: Bundle) -> list[Job]:
    """Quarantined jobs of one bundle: while they are open, enqueueing the same work again would do nothing."""
    steps = [str(pk) for pk in Step.objects.filter(bundle=bundle).values_list("pk", flat=True)]
    volumes = [str(pk) for pk in Volume.objects.filter(step__bundle=bundle).values_list("pk", flat=True)]
    keys = {"requests.fulfil": [str(bundle.pk)], "requests.collect_source": steps, "requests.render_volume": volumes}
    stuck = Job.objects.filter(state=JobState.QUARANTINED)
    return [job for kind, wanted in keys.items() if wanted for job in stuck.filter(kind=kind, key__in=wanted)]


def _reason(text: str) -> str:
    words = storable(text).strip()[:500]
    if not words:
        raise ReasonMissing
    return words


def _subject(request: Request) -> str:
    return str(request.subject.public_id) if request.subject else ""
