"""From the finished file to its end: released, reminded of, expired, shredded."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.enums import Channel, Outcome, Status, StepStatus
from requests_app.errors import IllegalMove
from requests_app.models import Bundle, DownloadGrant, Request, Step
from requests_app.transitions import Event, Guard, Role

REMIND_DAYS = 3


def release_bundle(request: Request, *, role: Role = Role.STAFF, actor: Actor) -> None:
    """Let the person have the finished bundle, and tell them. An earlier one of the same request is shredded.

    The outcome is "in part" where a source failed or was withheld.
    """
    with transaction.atomic():
        bundle = Bundle.objects.filter(request=request, shredded_at=None, released_at=None).first()
        if bundle is None or bundle.assembled_at is None:
            raise IllegalMove
        has_gaps = bundle.steps.filter(status__in=[StepStatus.FAILED, StepStatus.WITHHELD]).exists()
        now = clock.now()
        change = Change(Event.RELEASE, Guard.FILE_WRITTEN, outcome=Outcome.IN_PART if has_gaps else Outcome.FULFILLED)
        move(request, change, role=role, actor=actor, answered_at=now)
        for earlier in Bundle.objects.filter(request=request, shredded_at=None, released_at__isnull=False):
            shred_bundle(earlier, actor=actor)
        bundle.released_at, bundle.expires_at = now, now + timedelta(days=settings.BUNDLE_RETENTION_DAYS)
        bundle.save(update_fields=["released_at", "expires_at"])
        tell_person(request, "requests.ready", actor=actor, until=bundle.expires_at)


def may_release_itself(request: Request, statuses: set[str]) -> bool:
    """Whether the setting releases this bundle without staff: filed signed-in, and no source failed or was withheld."""
    return settings.BUNDLE_AUTO_RELEASE and request.channel == Channel.ACCOUNT and not statuses & {StepStatus.FAILED, StepStatus.WITHHELD}


def remind_of_bundle(bundle: Bundle, *, actor: Actor) -> bool:
    """Remind the person once, some days before the bundle is deleted. Answers whether a mail was queued."""
    with transaction.atomic():
        waiting = Bundle.objects.filter(pk=bundle.pk, reminded_at=None, fetched_at=None, shredded_at=None)
        if not waiting.update(reminded_at=clock.now()):
            return False
        tell_person(bundle.request, "requests.reminder", actor=actor, until=bundle.expires_at)
        return True


def expire_bundle(bundle: Bundle, *, actor: Actor) -> None:
    """End a released bundle whose days are over: shred it, and close its request if that is still waiting to be fetched."""
    with transaction.atomic():
        request = Request.objects.select_related("subject").select_for_update(of=("self",)).get(pk=bundle.request_id)
        if bundle.expires_at is None or bundle.expires_at > clock.now():
            raise IllegalMove
        if request.status == Status.READY:
            move(request, Change(Event.EXPIRE, Guard.BUNDLE_EXPIRED), role=Role.SYSTEM, actor=actor, closed_at=clock.now())
        shred_bundle(bundle, actor=actor)


def shred_unreleased(request: Request, *, actor: Actor) -> None:
    """Shred what is in the making, whatever workers still do on it: they find the key gone."""
    for bundle in Bundle.objects.filter(request=request, shredded_at=None, released_at=None):
        shred_bundle(bundle, actor=actor)


def shred_bundle(bundle: Bundle, *, actor: Actor) -> None:
    """Delete the key and everything in rows; the objects, unreadable from now on, are deleted by a job."""
    with transaction.atomic():
        gone = {"key": None, "failure_reason": None, "shredded_at": clock.now()}
        if not Bundle.objects.filter(pk=bundle.pk, shredded_at=None).update(**gone):
            return
        clear_work(bundle)
        DownloadGrant.objects.filter(bundle=bundle).delete()
        order_removal(bundle)
        record("requests.bundle_shredded", actor=actor, subject=_subject_of(bundle), ticket=bundle.request.ref)


def clear_work(bundle: Bundle) -> None:
    """Blank what the steps hold of the person; their counts and states stay as the history of the answer."""
    Step.objects.filter(bundle=bundle).update(locator=None, output=None, inline=None)


def order_removal(bundle: Bundle) -> None:
    """Order the deletion of everything under the bundle's prefix that is not its finished, living file."""
    enqueue("requests.remove_objects", key=str(bundle.pk), payload={"bundle": bundle.pk})


def _subject_of(bundle: Bundle) -> str:
    subject = bundle.request.subject
    return str(subject.public_id) if subject else ""
