"""From the finished file to its end: released, reminded of, expired, shredded."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from requests_app.answers.nothing_held import nothing_held_letter
from requests_app.behalf.standing import obstacle_of, require_standing
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.domain.people import require_proven
from requests_app.enums import Behalf, Channel, Outcome, Status, StepStatus
from requests_app.errors import IllegalMove, RedactionsChanged
from requests_app.models import Bundle, BundleScan, DownloadGrant, Request, Step
from requests_app.transitions import Event, Guard, Role

REMIND_DAYS = 3
# Sources in which a request itself leaves something.
_BROUGHT = frozenset({"requests.requests", "mail.messages", "subjects.identifiers", "subjects.locale"})


def release_bundle(request: Request, *, role: Role = Role.STAFF, actor: Actor) -> None:
    """Let the person have the finished bundle, and tell them. An earlier one of the same request is shredded.

    The outcome is "in part" where a source failed or was withheld or where data of others is hidden, "nothing held" where none held
    anything but what this request itself brought; then a letter says so, with what the law wants told of that. Raises
    ProofNoLongerStands where the one who asks may not have it any more, RedactionsChanged where it was made before what is hidden
    was changed.
    """
    require_proven(request)
    with transaction.atomic():
        bundle = Bundle.objects.filter(request=request, shredded_at=None, released_at=None).first()
        if bundle is None or bundle.assembled_at is None:
            raise IllegalMove
        require_standing(request)
        now = clock.now()
        outcome = _outcome(set(bundle.steps.values_list("status", flat=True)), hides="hidden" in bundle.summary)
        if outcome == Outcome.FULFILLED and is_nothing_held(bundle):
            outcome = Outcome.NOTHING_HELD
        letter = nothing_held_letter(request, at=now) if outcome == Outcome.NOTHING_HELD else None
        change = Change(Event.RELEASE, Guard.FILE_WRITTEN, outcome=outcome)
        columns = {"answered_at": now, "letter": letter, "decided_at": now if letter else None}
        move(request, change, role=role, actor=actor, **columns)
        for earlier in Bundle.objects.filter(request=request, shredded_at=None, released_at__isnull=False):
            shred_bundle(earlier, actor=actor)
        bundle.released_at, bundle.expires_at = now, now + timedelta(days=settings.BUNDLE_RETENTION_DAYS)
        # What is to be hidden may have been changed at this very moment.
        current = Bundle.objects.filter(pk=bundle.pk, outdated_at=None)
        if not current.update(released_at=bundle.released_at, expires_at=bundle.expires_at):
            raise RedactionsChanged
        BundleScan.objects.filter(bundle=bundle).delete()
        tell_person(request, "requests.ready", actor=actor, until=bundle.expires_at)


def _outcome(statuses: set[str], *, hides: bool) -> Outcome:
    """In part where a source failed or was withheld or something of others is hidden; nothing held where none held anything."""
    if hides or statuses & {StepStatus.FAILED, StepStatus.WITHHELD}:
        return Outcome.IN_PART
    return Outcome.NOTHING_HELD if statuses <= {StepStatus.NOTHING_HELD} else Outcome.FULFILLED


def is_nothing_held(bundle: Bundle) -> bool:
    """Whether all that was found is what this request itself brought: its words, its dates, its address."""
    request = bundle.request
    found = dict(bundle.steps.filter(status=StepStatus.FOUND).values_list("source_key", "count"))
    if request.subject is None or not found.keys() <= _BROUGHT:
        return False
    if Request.objects.of(request.subject.pk).exclude(pk=request.pk).exists():
        return False
    knew_address = request.subject.identifiers.filter(created_at__lt=request.received_at).exists()
    return not knew_address and found.get("mail.messages", 0) <= OutboxMessage.objects.filter(ticket=request.ref).count()


def may_release_itself(request: Request, statuses: set[str], *, hides: bool) -> bool:
    """Whether the setting releases this bundle without staff: filed signed-in for oneself, nothing failed, withheld or hidden."""
    if not settings.BUNDLE_AUTO_RELEASE or hides or statuses & {StepStatus.FAILED, StepStatus.WITHHELD}:
        return False
    return request.channel == Channel.ACCOUNT and request.behalf == Behalf.SELF and not obstacle_of(request)


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
        BundleScan.objects.filter(bundle=bundle).delete()
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
