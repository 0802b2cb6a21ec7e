"""Filing a request, and what follows from its proof: the clock starts, the work is ordered, the person is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.text import storable
from privacycenter.subjects.models import Subject
from requests_app.domain.deadlines import first_dates
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.enums import Behalf, Channel, Kind, Status
from requests_app.errors import AlreadyOpen, TooManyRequests
from requests_app.models import Request, TimelineEvent
from requests_app.rights.registry import Asked, right_for
from requests_app.transitions import Event, Guard, Role

RECEIVED = "received"
PER_DAY = 10
NOTHING_ASKED = Asked()


def file_request(
    *,
    kind: str,
    user: User,
    asked: Asked = NOTHING_ASKED,
    follows: Request | None = None,
    country: str = "",
    language: str = "en",
    actor: Actor,
) -> Request:
    """File a request for a signed-in person whose log-in is fresh (the caller has seen to that): it counts as proven.

    `follows` is the request that this one comes after, such as the refusal that is to be reviewed; `country` is where the person says
    they live: it can make the due date earlier, and changes nothing else.
    Raises UnknownRight, AlreadyOpen with the reference of the open request of this kind, TooManyRequests.
    """
    right_for(kind)
    refuse_second(kind, user.subject)
    refuse_too_many(user.subject)
    try:
        with transaction.atomic():
            request = note_receipt(
                kind=kind, channel=Channel.ACCOUNT, asked=asked, follows=follows, country=country, language=language, actor=actor
            )
            start(request, user.subject, actor=actor)
    except IntegrityError:
        # two submits at once: the index decided, the other one is open now
        refuse_second(kind, user.subject)
        raise
    return request


def note_receipt(
    *,
    kind: str,
    channel: str,
    asked: Asked = NOTHING_ASKED,
    follows: Request | None = None,
    received_at: datetime | None = None,
    behalf: str = Behalf.SELF,
    country: str = "",
    filed_by_client: str = "",
    entered_by: int | None = None,
    language: str,
    actor: Actor,
) -> Request:
    """Write down that a request came in, now or when it did. It belongs to nobody yet. Raises UnknownRight."""
    right_for(kind)
    request = Request(
        kind=kind,
        channel=channel,
        language=language,
        received_at=received_at or clock.now(),
        behalf=behalf,
        country=country,
        filed_by_client=filed_by_client,
        entered_by_id=entered_by,
        status=Status.RECEIVED,
        words=storable(asked.words).strip() or None,
        choices=asked.choices,
        follows=follows,
    )
    request.full_clean(exclude=["ref"], validate_constraints=False)
    with transaction.atomic():
        request.save(force_insert=True)
        TimelineEvent.objects.create(
            request=request,
            at=clock.now(),
            event=RECEIVED,
            status=request.status,
            actor_kind=actor.kind,
            actor_ref=actor.ref,
        )
        record("requests.received", actor=actor, ticket=request.ref, kind=request.kind, channel=request.channel)
    return request


def start(request: Request, subject: Subject, *, contact: str = "", method: str = "", role: Role = Role.PERSON, actor: Actor) -> None:
    """The person has shown who they are: fix the due date, order the work of this right, acknowledge. In the caller's transaction.

    Raises IntegrityError when an open request of this kind came first. The clock runs from receipt, not from the proof:
    GDPR Art. 12(3) counts from receipt, and the minutes between are ours, not the person's.
    """
    now = clock.now()
    request.subject = subject
    move(
        request,
        Change(Event.PROVE, Guard.IDENTITY_SHOWN, details={"method": method} if method else {}),
        role=role,
        actor=actor,
        subject=subject,
        contact=contact or None,
        verified_at=now,
        acknowledged_at=now,
        **first_dates(request),
    )
    right = right_for(request.kind)
    tell_person(request, "requests.acknowledgement", actor=actor, due_on=request.due.due_on if request.due else None, right=right.title)
    right.on_proven(request, actor)


def refuse_second(kind: str, subject: Subject) -> None:
    """Raise AlreadyOpen when this person has an open request of this kind, where one at a time is enough."""
    if kind not in Kind.ONE_AT_A_TIME:
        return
    found = Request.objects.open().filter(kind=kind, subject=subject).first()
    if found is not None:
        raise AlreadyOpen(found.ref)


def refuse_too_many(subject: Subject) -> None:
    """Raise TooManyRequests for a person who files and withdraws without end: each request costs a collection and mails."""
    lately = Request.objects.filter(subject=subject, channel=Channel.ACCOUNT, received_at__gt=clock.now() - timedelta(days=1))
    if lately.count() >= PER_DAY:
        raise TooManyRequests
