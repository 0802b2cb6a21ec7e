"""Reads of the requests room: what the pages, the desk and the rooms above need to know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import User
from accounts.queries import any_account_for_subject, any_account_with_address
from privacycenter.kernel import clock
from privacycenter.kernel.hashing import candidates, keyed_hash
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import is_restricted
from requests_app.enums import Behalf, StepStatus, VolumeStatus
from requests_app.models import Authority, Bundle, DownloadGrant, Look, Request, Step, TimelineEvent, Volume

LOCK_HOURS = 72
_SESSION_CONTEXT = "requests.session"


# People ----------------------------------------------------------------------------------------------------------------


def account_of(subject: Subject | None) -> User | None:
    """The account with which a person can sign in, or None. A closed one is none: such a person gets in by code."""
    return User.objects.filter(subject=subject, is_active=True).first() if subject is not None else None


def open_request_of_kind(subject: Subject, kind: str) -> Request | None:
    """The one open request of a kind, if there is one."""
    return Request.objects.open().filter(subject=subject, kind=kind).first()


# Progress --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far the workers are with a bundle: honest counts, no guesses."""

    steps: int
    steps_done: int
    volumes: int
    volumes_done: int

    @property
    def is_planned(self) -> bool:
        return self.steps > 0


def progress_of(bundle: Bundle | None) -> Progress:
    """Steps and volumes of a bundle, and how many of them are through. Two queries."""
    if bundle is None:
        return Progress(0, 0, 0, 0)
    steps = Counter(Step.objects.filter(bundle=bundle).values_list("status", flat=True))
    volumes = Counter(Volume.objects.filter(step__bundle=bundle).values_list("status", flat=True))
    return Progress(
        steps.total(),
        sum(steps[status] for status in StepStatus.FINAL),
        volumes.total(),
        volumes.total() - volumes[VolumeStatus.PENDING],
    )


# Bundles ---------------------------------------------------------------------------------------------------------------


def latest_bundle(request: Request) -> Bundle | None:
    """The bundle that was begun last, in whatever state."""
    return Bundle.objects.filter(request=request).order_by("-pk").first()


def released_bundle(request: Request) -> Bundle | None:
    """The bundle the person may have now: released, not expired, not shredded."""
    live = Bundle.objects.filter(request=request, shredded_at=None, released_at__isnull=False, expires_at__gt=clock.now())
    return live.order_by("-pk").first()


@dataclass(frozen=True)
class Lock:
    """Why a finished bundle stays shut: for some hours after a credential change, or until a freeze is lifted (no `until`)."""

    until: datetime | None


def lock_of(request: Request) -> Lock | None:
    """Whether the bundles of this request are locked: whoever took over an account must not get its data along with it.

    Of a request for another person, the lock of either account counts.
    """
    if request.behalf == Behalf.SELF:
        return lock_on(request.subject, request.contact or "")
    locks = [lock for lock in (lock_on(request.subject, ""), lock_on(request.filed_by, request.contact or "")) if lock is not None]
    # The one that lasts: a frozen account stays so until staff thaw it, whatever else passes with the hours.
    return max(locks, key=lambda lock: lock.until or datetime.max.replace(tzinfo=UTC), default=None)


def lock_on(subject: Subject | None, address: str) -> Lock | None:
    """The lock that lies on a person. It outlives the account: closing one neither thaws it nor shortens the hours.

    `address` finds the account where the person was told apart from it since.
    """
    account = any_account_for_subject(subject) if subject is not None else None
    if account is None and address:
        account = any_account_with_address(address)
    if account is None:
        return None
    if account.is_frozen:
        return Lock(None)
    changed = account.credential_changed_at
    until = changed + timedelta(hours=LOCK_HOURS) if changed else None
    return Lock(until) if until is not None and until > clock.now() else None


def session_reference(session_key: str) -> str:
    """What a grant stores in place of the session's key."""
    return str(keyed_hash(session_key, context=_SESSION_CONTEXT))


def has_grant(bundle: Bundle, session_key: str) -> bool:
    """Whether this session may download this bundle without logging in anew."""
    if not session_key:
        return False
    hashes = [str(candidate) for candidate in candidates(session_key, context=_SESSION_CONTEXT)]
    return DownloadGrant.objects.filter(bundle=bundle, session_hash__in=hashes, expires_at__gt=clock.now()).exists()


def is_masked(request: Request) -> bool:
    """Whether the use of the data of a request's person is restricted, so that it shows for an allowed use only."""
    return request.subject is not None and is_restricted(request.subject)


# Authorities -----------------------------------------------------------------------------------------------------------


def country_of(request: Request) -> str:
    """Where the person lives, as they stated with the request or in their account; empty where they did not."""
    account = account_of(request.subject)
    return request.country or (account.country.code or "" if account is not None else "")


def authorities_in(country: str) -> list[Authority]:
    """The authorities of one country, in the order in which they are named."""
    return list(Authority.objects.filter(country=country, is_listed=True)) if country else []


def authorities_for_person(request: Request) -> list[Authority]:
    """Those that a letter names: of the person's country; of ours where they stated none."""
    return authorities_in(country_of(request) or settings.OPERATOR_COUNTRY)


# The desk --------------------------------------------------------------------------------------------------------------


def queue() -> QuerySet[Request]:
    """The queue with what each row shows, in one query."""
    return Request.objects.select_related("assignee").only(
        "ref", "kind", "status", "outcome", "channel", "received_at", "due_at", "paused_at", "is_priority", "assignee__username"
    )


def overdue_count() -> int:
    """How many requests should have been answered by now."""
    return Request.objects.overdue().count()


def current_look(request: Request, user: User | AnonymousUser, *, restricted: bool) -> Look | None:
    """The look that lets this member of staff see personal data on this ticket now.

    While the use of the person's data is `restricted`, only one that names what the law allows it for: without, everything is masked.
    """
    looks = Look.objects.filter(request=request, user_id=user.pk or 0, expires_at__gt=clock.now())
    if restricted:
        looks = looks.exclude(allowed_use="")
    return looks.order_by("-expires_at").first()


def timeline_of(request: Request, *, for_desk: bool = False) -> QuerySet[TimelineEvent]:
    """What happened, oldest first; without the remarks that are for the desk only."""
    events = TimelineEvent.objects.filter(request=request).order_by("id")
    return events if for_desk else events.filter(is_internal=False)
