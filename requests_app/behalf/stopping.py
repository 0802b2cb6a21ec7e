"""The person stops what somebody else asks in their name."""

from __future__ import annotations

from django.db import transaction

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.domain.people import actor_for
from requests_app.domain.person import withdraw_request
from requests_app.domain.release import shred_bundle
from requests_app.enums import Behalf, Status
from requests_app.errors import IllegalMove, NotAllowed
from requests_app.models import Representation, Request, Transfer
from requests_app.queries import released_bundle
from requests_app.transfer.ending import end_transfer
from requests_app.transfer.enums import TransferState
from requests_app.transitions import Event, Guard, Role, find


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
        tell_person(request, "requests.not_confirmed", actor=actor)


def _take_back(request: Request, *, actor: Actor) -> None:
    """What was released and can still be fetched. Raises IllegalMove where there is nothing of that kind."""
    bundle = released_bundle(request)
    if bundle is None:
        raise IllegalMove
    live = Transfer.objects.select_related("request__subject", "receiver").filter(request=request, state__in=TransferState.LIVE).first()
    if live is not None:
        end_transfer(live, TransferState.STOPPED, code="authority_ended", actor=actor)
    if request.status == Status.READY:  # its days end here, as they do when they are over
        expire = Change(Event.EXPIRE, Guard.BUNDLE_EXPIRED)
        move(request, expire, role=Role.SYSTEM, actor=Actor.system("requests"), closed_at=clock.now())
    shred_bundle(bundle, actor=actor)


def can_be_stopped(request: Request) -> bool:
    """Whether there is something to stop: work that goes on, or a copy that can be fetched."""
    return find(request.status, Event.WITHDRAW, request.kind) is not None or released_bundle(request) is not None
