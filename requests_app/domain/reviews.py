"""The review of a refusal or of an answer in part: asked for once, in time, and decided by somebody who had no part in the decision."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.answers.grounds import Ground
from requests_app.answers.letters import review_until
from requests_app.domain.answers import REASONING_LENGTH, decide_now, note_for_desk, refuse_now
from requests_app.domain.deadlines import dates_again
from requests_app.domain.deciders import deciders_of, has_uninvolved_staff
from requests_app.domain.filing import note_receipt, start
from requests_app.domain.moves import Change, move
from requests_app.domain.people import WORK, require_permission, require_role
from requests_app.domain.words import typed
from requests_app.enums import Behalf, Channel, Kind, Outcome
from requests_app.errors import CannotReview, IllegalMove, OtherOpen, SecondPersonNeeded
from requests_app.models import Representation, Request
from requests_app.rights.registry import Asked, right_for
from requests_app.transitions import Event, Guard, Role, find

REVIEW_LENGTH = 4000
LAST_RESORT_LENGTH = 500
LAST_RESORT = "review_last_resort"


def may_be_reviewed(request: Request) -> bool:
    """Whether its person can ask for a review: refused or answered in part, in time, and none asked for since that answer."""
    until = reviewed_until(request)
    if until is None or clock.now().date() > until:
        return False
    asked = Request.objects.filter(follows=request, kind=Kind.REVIEW, received_at__gte=request.answered_at)
    return not asked.exclude(outcome=Outcome.WITHDRAWN).exists()


def reviewed_until(request: Request) -> date | None:
    """The last day on which a review of the answer that stands can be asked for; None for an answer of which there is none."""
    if request.outcome not in Outcome.REVIEWED or request.kind == Kind.REVIEW or request.answered_at is None:
        return None
    return review_until(request, request.answered_at)


def ask_for_review(request: Request, *, words: str, actor: Actor) -> Request:
    """Ask that somebody else looks at an answer again. The person has shown who they are, so it starts at once.

    Raises ReasonMissing, TooLong, CannotReview; two at once: the lock on the answered request lets one through.
    """
    require_role(request, Role.PERSON, actor=actor)
    asked = typed(words, REVIEW_LENGTH)
    with transaction.atomic():
        first = Request.objects.select_related("subject").select_for_update(of=("self",)).get(pk=request.pk)
        if first.subject is None or not may_be_reviewed(first):
            raise CannotReview
        channel = Channel.ADDRESS if first.contact else Channel.ACCOUNT
        review = note_receipt(
            kind=Kind.REVIEW,
            channel=channel,
            asked=Asked(asked),
            follows=first,
            behalf=first.behalf,
            country=first.country,
            language=first.language,
            actor=actor,
        )
        _let_the_same_ask(review, first)
        start(review, first.subject, contact=first.contact or "", actor=actor)
        return review


def _let_the_same_ask(review: Request, first: Request) -> None:
    """Where the first request was for somebody else, so is its review: asked by the same, on the same proof, which may end as well."""
    if first.behalf == Behalf.SELF:
        return
    review.filed_by, review.contact = first.filed_by, first.contact
    review.save(update_fields=["filed_by", "contact"])
    representation = Representation.objects.filter(request=first).first()
    if representation is not None:
        representation.pk, representation.request, representation._state.adding = None, review, True
        representation.save(force_insert=True)


def decide_review(review: Request, *, is_granted: bool, reasoning: str, last_resort: str = "", actor: Actor) -> None:
    """Lift the first decision, which opens its request again for the colleagues, or let it stay, with a letter either way.

    It takes one person who had no part in the first decision, and no second one. Where the operator allows it (REVIEW_LAST_RESORT) and
    nobody without a part is left, somebody with a part may decide, and says why in `last_resort`: it is recorded and stands in the letter.
    Raises SecondPersonNeeded, ReasonMissing, TooLong, OtherOpen, IllegalMove, NotAllowed.
    """
    first = review.follows
    if review.kind != Kind.REVIEW or first is None:
        raise IllegalMove
    require_permission(actor, WORK)
    words = typed(reasoning, REASONING_LENGTH)
    is_involved = int(actor.ref) in deciders_of(first)
    if is_involved and not may_decide_as_last_resort(review):
        raise SecondPersonNeeded
    why = typed(last_resort, LAST_RESORT_LENGTH) if is_involved else ""
    with override(review.language):
        looked = _who_looked(why)
        lifted = _("We lift what we decided about your request %(ref)s and go on with it. You find it on its own page.")
        lifted %= {"ref": first.ref}
    with transaction.atomic():
        if is_involved:
            note_for_desk(review, LAST_RESORT, words=why, actor=actor)
            record("requests.review_last_resort", actor=actor, subject=_subject(review), ticket=review.ref)
        if is_granted:
            decide_now(review, outcome=Outcome.FULFILLED, answer=f"{lifted}\n\n{looked}\n\n{words}", actor=actor)
            _lift(first, actor=actor)
        else:
            refuse_now(review, Ground.UPHELD, f"{looked}\n\n{words}", actor=actor)


def may_decide_as_last_resort(review: Request) -> bool:
    """Whether somebody who had a part in the first decision may decide: allowed by the operator, and nobody else is left."""
    return settings.REVIEW_LAST_RESORT and review.follows is not None and not has_uninvolved_staff(review.follows)


def _who_looked(last_resort: str) -> str:
    if not last_resort:
        return _("Somebody who had no part in the first decision looked at everything again.")
    words = _(
        "Everybody here who may decide had a part in the first decision, so one of them looked at everything again. The reason: %(why)s "
        "You need not be content with that: an authority or a court looks at it independently of us."
    )
    return words % {"why": last_resort}


def _lift(first: Request, *, actor: Actor) -> None:
    """Open an answered request where its work begins, and order that work. What was decided stands in its timeline."""
    if first.outcome not in Outcome.REVIEWED or find(first.status, Event.GRANT_REVIEW, first.kind) is None:
        raise IllegalMove
    _refuse_second(first)
    withheld = list(first.withheld)
    columns: dict[str, Any] = {
        "answered_at": None,
        "closed_at": None,
        "decided_at": None,
        "decided_by_id": None,
        "refusal_ground": "",
        "letter": None,
        "withheld": {},
    }
    change = Change(Event.GRANT_REVIEW, Guard.REVIEW_GRANTED)
    try:
        with transaction.atomic():
            move(first, change, role=Role.STAFF, actor=actor, **columns, **dates_again(first))
    except IntegrityError:
        _refuse_second(first)  # filed at the same moment
        raise
    for source in withheld:
        record("requests.source_no_longer_withheld", actor=actor, subject=_subject(first), ticket=first.ref, source=source)
    right_for(first.kind).on_proven(first, actor)


def _refuse_second(first: Request) -> None:
    """Raise OtherOpen where the person has another request of this kind open and one at a time is all there may be."""
    if first.kind not in Kind.ONE_AT_A_TIME:
        return
    other = Request.objects.open().filter(kind=first.kind, subject=first.subject_id).exclude(pk=first.pk).first()
    if other is not None:
        raise OtherOpen(other.ref)


def _subject(request: Request) -> str:
    return str(request.subject.public_id) if request.subject else ""
