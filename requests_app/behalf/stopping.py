"""The person stops what somebody else asks in their name: signed in, or by the link that the holder of an account was mailed."""

from __future__ import annotations

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.behalf.standing import shut_to_requester
from requests_app.domain.answers import note_for_desk
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.domain.people import actor_for
from requests_app.domain.person import withdraw_request
from requests_app.domain.release import shred_bundle
from requests_app.domain.reminders import tell_staff
from requests_app.enums import Behalf, ProofPurpose, Status
from requests_app.errors import IllegalMove, NotAllowed, WrongCode
from requests_app.models import IdentityProof, Representation, Request, Transfer
from requests_app.queries import released_bundle
from requests_app.transfer.ending import end_transfer
from requests_app.transfer.enums import TransferState
from requests_app.transitions import Event, Guard, Role, find

STOPPED = "stopped_by_person"


def stop_by_represented(request: Request, *, actor: Actor) -> None:
    """End a request that another made for this person; an authority ends with it. The requester learns that it is closed, not why.

    A copy that waits to be fetched is destroyed.

    Raises NotAllowed for anybody else, IllegalMove where it can't be taken back any more.
    """
    if request.behalf == Behalf.SELF or request.subject is None:
        raise IllegalMove
    if actor != actor_for(request.subject):
        raise NotAllowed
    with transaction.atomic():
        if find(request.status, Event.WITHDRAW, request.kind) is not None:
            withdraw_request(request, actor=actor)
        else:
            _take_back(request, actor=actor)
        Representation.objects.filter(request=request, ended_at=None).update(ended_at=clock.now())
        record("requests.authority_ended", actor=actor, subject=str(request.subject.public_id), ticket=request.ref)
        tell_person(request, "requests.not_confirmed", actor=actor)
        note_for_desk(request, STOPPED, actor=actor)
        tell_staff(request, "requests.stopped_by_holder", actor=actor)


def find_stop_link(public_id: str) -> IdentityProof | None:
    """What the link of the mail to the holder of an account leads to, while it can still be used."""
    links = IdentityProof.objects.select_related("request__subject", "request__filed_by").filter(purpose=ProofPurpose.STOP)
    return links.filter(public_id=public_id, used_at=None, expires_at__gt=clock.now(), request__subject__isnull=False).first()


def stop_by_link(proof: IdentityProof) -> Request:
    """The same by the link, once: it went to the main address of the account. Raises WrongCode where it was used, IllegalMove."""
    request = proof.request
    if proof.purpose != ProofPurpose.STOP or request is None or request.subject is None:
        raise WrongCode
    with transaction.atomic():
        live = IdentityProof.objects.filter(pk=proof.pk, used_at=None, expires_at__gt=clock.now())
        if not live.update(used_at=clock.now()):
            raise WrongCode
        stop_by_represented(request, actor=actor_for(request.subject))
    return request


def _take_back(request: Request, *, actor: Actor) -> None:
    """What was released and can still be fetched, or the letter that can still be read. Raises IllegalMove where there is neither."""
    bundle = released_bundle(request)
    if bundle is None:
        if not _is_letter_read(request):
            raise IllegalMove
        return
    live = Transfer.objects.select_related("request__subject", "receiver").filter(request=request, state__in=TransferState.LIVE).first()
    if live is not None:
        end_transfer(live, TransferState.STOPPED, code="authority_ended", actor=actor)
    if request.status == Status.READY:  # its days end here, as they do when they are over
        expire = Change(Event.EXPIRE, Guard.BUNDLE_EXPIRED)
        move(request, expire, role=Role.SYSTEM, actor=Actor.system("requests"), closed_at=clock.now())
    shred_bundle(bundle, actor=actor)


def can_be_stopped(request: Request) -> bool:
    """Whether there is something to stop: work that goes on, a copy that can be fetched, a letter that the requester can read."""
    is_at_work = find(request.status, Event.WITHDRAW, request.kind) is not None
    return is_at_work or released_bundle(request) is not None or _is_letter_read(request)


def _is_letter_read(request: Request) -> bool:
    return request.status == Status.CLOSED and bool(request.letter) and not shut_to_requester(request)
