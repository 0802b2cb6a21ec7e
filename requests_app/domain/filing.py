"""Filing a request, and what follows from its proof: the clock starts, the plan is ordered, the person is told."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.tokens import new_token
from privacycenter.subjects.models import Subject
from requests_app import clock as deadlines
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.enums import Channel, Status
from requests_app.errors import AlreadyOpen, TooManyRequests
from requests_app.models import Bundle, Request, TimelineEvent
from requests_app.transitions import Event, Guard, Role

RECEIVED = "received"
PER_DAY = 10


def file_request(*, kind: str, user: User, language: str = "en", actor: Actor) -> Request:
    """File a request for a signed-in person whose log-in is fresh (the caller has seen to that): it counts as proven.

    Raises AlreadyOpen with the reference of the open request of this kind, TooManyRequests.
    """
    refuse_second(kind, user.subject)
    refuse_too_many(user.subject)
    try:
        with transaction.atomic():
            request = note_receipt(kind=kind, channel=Channel.ACCOUNT, language=language, actor=actor)
            start(request, user.subject, actor=actor)
    except IntegrityError:
        # two submits at once: the index decided, the other one is open now
        refuse_second(kind, user.subject)
        raise
    return request


def note_receipt(*, kind: str, channel: str, language: str, actor: Actor) -> Request:
    """Write down that a request came in. It belongs to nobody yet."""
    request = Request(kind=kind, channel=channel, language=language, received_at=clock.now(), status=Status.RECEIVED)
    request.full_clean(exclude=["ref"], validate_constraints=False)
    with transaction.atomic():
        request.save(force_insert=True)
        TimelineEvent.objects.create(
            request=request,
            at=request.received_at,
            event=RECEIVED,
            status=request.status,
            actor_kind=actor.kind,
            actor_ref=actor.ref,
        )
        record("requests.received", actor=actor, ticket=request.ref, kind=request.kind, channel=request.channel)
    return request


def start(request: Request, subject: Subject, *, contact: str = "", actor: Actor) -> None:
    """The person has shown who they are: fix the due date, order the collection, acknowledge. In the caller's transaction.

    Raises IntegrityError when an open request of this kind came first. The clock runs from receipt, not from the proof:
    GDPR Art. 12(3) counts from receipt, and the minutes between are ours, not the person's.
    """
    due = deadlines.due_date(request.received_at, time_zone=settings.TIME_ZONE, country=settings.OPERATOR_COUNTRY)
    now = clock.now()
    request.subject = subject
    move(
        request,
        Change(Event.PROVE, Guard.IDENTITY_SHOWN),
        role=Role.PERSON,
        actor=actor,
        subject=subject,
        contact=contact or None,
        verified_at=now,
        acknowledged_at=now,
        due_at=due.due_at,
        due_explanation=due.to_json(),
    )
    begin_bundle(request)
    tell_person(request, "requests.acknowledgement", actor=actor, due_on=due.due_on)


def begin_bundle(request: Request) -> Bundle:
    """Open a new bundle with its key and the moment that it will bear, and order the collection. In the caller's transaction.

    Where its objects will lie is written down before any of them is: what a dead worker leaves behind can be found.
    """
    prefix = f"bundles/{new_token()}"
    bundle = Bundle.objects.create(
        request=request,
        created_at=_whole_second(clock.now()),
        prefix=prefix,
        object_name=new_object_name(prefix),
        key=_new_key(),
    )
    order_work(bundle)
    return bundle


def new_object_name(prefix: str) -> str:
    """A name for the finished file that was never used."""
    return f"{prefix}/{secrets.token_hex(8)}.zip"


def order_work(bundle: Bundle) -> None:
    """Ring for the worker that plans, collects and carries on from wherever the bundle stands."""
    enqueue("requests.fulfil", key=str(bundle.pk), payload={"bundle": bundle.pk})


def refuse_second(kind: str, subject: Subject) -> None:
    """Raise AlreadyOpen when this person has an open request of this kind."""
    found = Request.objects.open().filter(kind=kind, subject=subject).first()
    if found is not None:
        raise AlreadyOpen(found.ref)


def refuse_too_many(subject: Subject) -> None:
    """Raise TooManyRequests for a person who files and withdraws without end: each request costs a collection and mails."""
    lately = Request.objects.filter(subject=subject, channel=Channel.ACCOUNT, received_at__gt=clock.now() - timedelta(days=1))
    if lately.count() >= PER_DAY:
        raise TooManyRequests


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _whole_second(moment: datetime) -> Any:
    return moment.replace(microsecond=0)
