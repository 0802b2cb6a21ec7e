"""What happens by the clock: reminders, expiry, requests that were never proven, and what must not be kept."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from privacycenter.jobs.claims import Claim
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.storage import storage
from requests_app.correction.proposing import expire_drafts
from requests_app.domain.desk import collect_again
from requests_app.domain.filing import RECEIVED
from requests_app.domain.moves import Change, move
from requests_app.domain.recipients import close_details, remind_recipients
from requests_app.domain.release import REMIND_DAYS, expire_bundle, order_removal, remind_of_bundle
from requests_app.domain.retention import forget_requests
from requests_app.domain.webhooks import tell_of_set_aside
from requests_app.enums import Channel, ProofPurpose, Status
from requests_app.errors import IllegalMove
from requests_app.fulfilment.collect import work_folder
from requests_app.models import Bundle, DownloadGrant, IdentityProof, Look, RateWindow, Representation, Request
from requests_app.telling import CONFIRM_WITHIN_DAYS
from requests_app.transitions import Event, Guard, Role

log = structlog.get_logger("privacycenter.requests")
ACTOR = Actor.system("requests")

PROVE_WITHIN_HOURS = 24
KEEP_PROOFS_HOURS = 24
KEEP_LOOKS_DAYS = 30
SWEEP_ORPHANS_HOURS = 48  # far longer than a worker that lost its lease can go on writing
KEEP_UNRELEASED_DAYS = 60
BATCH = 200


def keep_house(claim: Claim) -> None:
    """Do everything that is due. Each request and bundle in its own transaction: one that can't be moved stops no other."""
    for step in (_remind, _expire, _renew, _lapse, _sweep_orphans, _forget, _forget_requests, _forget_drafts, _recipients):
        step()
        claim.heartbeat()


def remove_objects(claim: Claim) -> None:
    """Delete what a bundle does not need any more: all of it once it is shredded, else its step outputs and volumes.

    A payload with a prefix names the objects of an export by an operator, which has no row.
    """
    if "prefix" in claim.payload:
        storage().delete_folder(claim.payload["prefix"])
        return
    bundle = Bundle.objects.filter(pk=claim.payload["bundle"]).first()
    if bundle is None:
        return
    if bundle.shredded_at is not None:
        storage().delete_folder(bundle.prefix)
    elif bundle.assembled_at is not None:
        storage().delete_folder(work_folder(bundle))


def _remind() -> None:
    now = clock.now()
    soon = Bundle.objects.filter(shredded_at=None, reminded_at=None, fetched_at=None, expires_at__gt=now)
    for bundle in _with_people(soon.filter(expires_at__lte=now + timedelta(days=REMIND_DAYS))):
        remind_of_bundle(bundle, actor=ACTOR)


def _expire() -> None:
    over = Bundle.objects.filter(shredded_at=None, released_at__isnull=False, expires_at__lte=clock.now())
    for bundle in _with_people(over):
        try:
            expire_bundle(bundle, actor=ACTOR)
        except IllegalMove:
            log.info("expiry_lost_race", bundle=bundle.pk)


def _renew() -> None:
    """Shred files that nobody has released for long, and collect afresh: a copy of everything does not lie about for ever."""
    old = Bundle.objects.filter(shredded_at=None, released_at=None, assembled_at__lt=clock.now() - timedelta(days=KEEP_UNRELEASED_DAYS))
    for bundle in _with_people(old.filter(request__status=Status.REVIEW)):
        try:
            collect_again(bundle.request, role=Role.SYSTEM, actor=ACTOR)
        except IllegalMove:
            log.info("renewal_lost_race", bundle=bundle.pk)


def _lapse() -> None:
    """Close what nobody has proven. It belonged to nobody and held up nobody; the address goes with the proof."""
    now = clock.now()
    here = Q(received_at__lt=now - timedelta(hours=PROVE_WITHIN_HOURS)) & ~Q(channel__in=Channel.BY_OTHERS)
    # Counted from when it was entered, not from when it came: staff type in letters of last week.
    entered = Q(timeline__event=RECEIVED, timeline__at__lt=now - timedelta(days=CONFIRM_WITHIN_DAYS))
    by_others = entered & Q(channel__in=Channel.BY_OTHERS)
    # For another person: it waits for documents and for that person's answer, and once both are there for staff, however long.
    since = now - timedelta(days=CONFIRM_WITHIN_DAYS)
    for_another = Q(representation__shown_at__lt=since) & (Q(representation__asked_at=None) | Q(representation__asked_at__lt=since))
    not_shown = Q(representation=None) | Q(representation__shown_at=None)
    at_the_desk = Representation.objects.waiting_for_desk().values("request")
    old = Request.objects.filter((here | by_others) & not_shown | for_another, status=Status.RECEIVED).exclude(pk__in=at_the_desk)
    for request in old.order_by("pk")[:BATCH]:
        try:
            change = Change(Event.LAPSE, Guard.OVERDUE_PROOF)
            move(request, change, role=Role.SYSTEM, actor=ACTOR, closed_at=clock.now())
        except IllegalMove:
            log.info("lapse_lost_race", ref=request.ref)
    tell_of_set_aside(before=since)


def _sweep_orphans() -> None:
    """Delete once more what lies under shredded bundles: a worker that had lost its lease may have written after the deletion.

    Every object lies under the prefix of its bundle, which was recorded before anything was written.
    """
    lately = clock.now() - timedelta(hours=SWEEP_ORPHANS_HOURS)
    with transaction.atomic():
        for bundle in Bundle.objects.filter(shredded_at__gt=lately, shredded_at__lt=clock.now() - timedelta(hours=1)):
            order_removal(bundle)


def _forget() -> None:
    now = clock.now()
    # A link to confirm what others filed works as long as that waits.
    is_link = Q(request__channel__in=Channel.BY_OTHERS) | Q(purpose=ProofPurpose.CONFIRM)
    waits = (Q(request__status=Status.RECEIVED) & is_link) | Q(purpose=ProofPurpose.STOP, expires_at__gt=now)
    IdentityProof.objects.filter(created_at__lt=now - timedelta(hours=KEEP_PROOFS_HOURS)).exclude(waits).delete()
    RateWindow.objects.filter(starts_at__lt=now - timedelta(hours=2)).delete()
    DownloadGrant.objects.filter(expires_at__lt=now).delete()
    Look.objects.filter(expires_at__lt=now - timedelta(days=KEEP_LOOKS_DAYS)).delete()


def _forget_requests() -> None:
    """What is older than its retention rule, some at a time: the next round takes more."""
    forget_requests(limit=BATCH, actor=ACTOR)


def _forget_drafts() -> None:
    """Corrections that were gathered and never sent."""
    expire_drafts(limit=BATCH)


def _recipients() -> None:
    """Remind those who were told of a change and have not answered, and forget what they were to find it by."""
    remind_recipients(limit=BATCH)
    close_details(limit=BATCH)


def _with_people(bundles: QuerySet[Bundle]) -> QuerySet[Bundle]:
    return bundles.select_related("request__subject").order_by(F("expires_at").asc(), "pk")[:BATCH]
