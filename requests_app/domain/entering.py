"""Requests that reached staff by mail, phone or letter: typed in with the day they came, proven by what staff saw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.queries import account_with_address
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.subjects.domain import subject_for_proven
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import subject_with
from requests_app.behalf.errors import NotReady
from requests_app.domain.filing import note_receipt, refuse_second, start
from requests_app.domain.messages import add_note
from requests_app.domain.people import WORK, require_permission
from requests_app.domain.proof import new_proof
from requests_app.domain.representing import accept_on_paper, note_entered, notify_holder, require_dead
from requests_app.enums import Behalf, Channel, Kind, ProofMethod, ProofPurpose, Status
from requests_app.errors import IllegalMove, NotEnoughProof, NotReceivedYet, ReasonMissing
from requests_app.levels import is_enough
from requests_app.models import IdentityProof, Request
from requests_app.queries import account_of
from requests_app.rights.registry import Asked, choices_of
from requests_app.transitions import Role

SOURCE = "staff.request"
OLDEST_DAYS = 366


def enter_request(
    *,
    kind: str,
    channel: str,
    received_on: date,
    address: str = "",
    words: str = "",
    choices: Mapping[str, Any] | None = None,
    behalf: str = Behalf.SELF,
    country: str = "",
    language: str = "en",
    actor: Actor,
) -> Request:
    """Type in a request. It belongs to nobody before it is proven; the clock counts from the day it came (operator's time zone).

    With an address its owner is mailed at once, to confirm it by code or after signing in; staff may prove it in other ways instead.
    What is asked for somebody else is not mailed about: staff prove it. `choices` is what the right asks beside the words, such as
    the ground of a restriction. Raises NotAllowed, InvalidIdentifier, UnknownRight, NotAChoice, NotReceivedYet, NotEnoughProof.
    """
    require_permission(actor, WORK)
    normal = normalise(IdentifierKind.EMAIL, address) if address else ""
    if channel not in Channel.BY_STAFF or kind not in Kind.FILED_BY_OTHERS:
        raise IllegalMove
    if normal and behalf != Behalf.SELF:
        raise NotEnoughProof  # a code would prove who writes, not the person whose data it is about
    chosen = choices_of(kind, choices or {})
    with transaction.atomic():
        request = note_receipt(
            kind=kind,
            channel=channel,
            asked=Asked(words, chosen),
            received_at=_moment(received_on),
            behalf=behalf,
            country=country,
            entered_by=int(actor.ref),
            language=language,
            actor=actor,
        )
        if behalf != Behalf.SELF:
            note_entered(request)
        if normal:
            new_proof(ProofPurpose.FILE, request=request, address=normal)
    return request


def prove_by_staff(
    request: Request,
    *,
    identifier_kind: str,
    identifier: str,
    contact: str = "",
    method: str,
    note: str,
    requester_name: str = "",
    capacity: str = "",
    born_on: date | None = None,
    despite_account: bool = True,
    actor: Actor,
) -> Request:
    """Say whose request it is and how that was seen; the work begins. The note is for colleagues.

    `identifier` is one by which the person is known, and counts as proven from now on; `contact` is where mails about the request go,
    of somebody without an account, or who asks for another: without it nobody is mailed for them, and staff answer by letter.
    How strong a method it takes stands in requests_app.levels. Of what is asked for somebody else, who asks and what lets them is noted
    with it: `requester_name`, `capacity`, of a child the day it was `born_on`. Unless `despite_account`, somebody who has died has no
    account that can be used. A living holder of an account is told, and has some days to stop it.
    Raises NotAllowed, IllegalMove, ReasonMissing, InvalidIdentifier, NotEnoughProof, AlreadyOpen, NotReady, NotForAnother.
    """
    require_permission(actor, WORK)
    if method not in ProofMethod.values or not note.strip():
        raise ReasonMissing
    if request.status != Status.RECEIVED or request.channel not in Channel.BY_STAFF:
        raise IllegalMove
    if not is_enough(method, kind=request.kind, behalf=request.behalf):
        raise NotEnoughProof
    normal = normalise(IdentifierKind.EMAIL, contact) if contact else ""
    subject: Subject | None = None
    try:
        with transaction.atomic():
            if not despite_account:
                require_dead(request, subject_with(identifier_kind, normalise(identifier_kind, identifier)))
            subject = subject_for_proven(kind=identifier_kind, value=identifier, source=SOURCE, actor=actor)
            refuse_second(request.kind, subject)
            # A code that was mailed to somebody opens nothing any more: whose request it is was seen in another way.
            IdentityProof.objects.filter(request=request, used_at=None).update(used_at=clock.now(), code_hash="")
            if request.behalf == Behalf.SELF:
                normal = normal or _address(subject)
            else:
                # The answer is the requester's. Somebody with an account signs in for it; everybody else gets in by a code to `contact`.
                account = account_with_address(normal)
                request.filed_by = account.subject if account is not None else None
                request.save(update_fields=["filed_by"])
                if request.filed_by == subject:
                    raise NotReady("same_person")
                accept_on_paper(request, requester_name=requester_name, capacity=capacity, born_on=born_on)
            start(request, subject, contact=normal, method=method, role=Role.STAFF, actor=actor)
            add_note(request, words=note, actor=actor)
            if request.behalf != Behalf.SELF:
                notify_holder(request, subject, actor=actor)
    except IntegrityError:
        if subject is not None:
            refuse_second(request.kind, subject)
        raise
    return request


def _address(subject: Subject) -> str:
    """An address that the person has proven, where they have no account to be reached by."""
    if account_of(subject) is not None:
        return ""
    found = subject.identifiers.filter(kind=IdentifierKind.EMAIL, proven_at__isnull=False).order_by("pk").first()
    return found.value if found is not None else ""


def _moment(day: date) -> datetime:
    """Noon of a past day, or now. Only the day counts. Raises NotReceivedYet."""
    now = clock.now()
    today = timezone.localdate(now)
    if day > today or day < today - timedelta(days=OLDEST_DAYS):
        raise NotReceivedYet
    if day == today:
        return now
    return timezone.make_aware(datetime.combine(day, time(12)), timezone.get_default_timezone())
