"""What the person does with their own request."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.text import storable
from requests_app.domain.deadlines import dates_again
from requests_app.domain.filing import refuse_second
from requests_app.domain.moves import Change, lock_request, move
from requests_app.domain.release import shred_unreleased
from requests_app.enums import Outcome
from requests_app.errors import IllegalMove, ReasonMissing
from requests_app.models import Request
from requests_app.rights.registry import end_of
from requests_app.transitions import Event, Guard, Role


def withdraw_request(request: Request, *, actor: Actor) -> None:
    """Take a request back: the work stops, what was collected for it is shredded. A bundle that was released stays."""
    with transaction.atomic():
        lock_request(request)  # whoever moves it in this instant: a person who stops it is not told to try again
        move(request, Change(Event.WITHDRAW), role=Role.PERSON, actor=actor, closed_at=clock.now())
        shred_unreleased(request, actor=actor)
        end_of(request, actor)


def reopen_request(request: Request, *, missing: str, actor: Actor) -> None:
    """Say that an answer is incomplete: it goes back to the desk with the person's words.

    The due date stays where it is still ahead; else the time counts anew from now. Raises IllegalMove for a request that was
    never answered, AlreadyOpen when another one of the kind is open.
    """
    words = storable(missing).strip()
    if not words:
        raise ReasonMissing
    if request.outcome not in Outcome.ANSWERS or request.subject is None:
        raise IllegalMove
    refuse_second(request.kind, request.subject)
    try:
        with transaction.atomic():
            change = Change(Event.REOPEN, Guard.WAS_ANSWERED, note=words)
            move(request, change, role=Role.PERSON, actor=actor, closed_at=None, answered_at=None, **dates_again(request))
    except IntegrityError:
        refuse_second(request.kind, request.subject)
        raise
