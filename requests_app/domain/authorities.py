"""What an authority wrote about a request or a complaint (G-10), and what came of it."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.domain.people import WORK, require_permission
from requests_app.domain.words import typed
from requests_app.enums import FeedbackOutcome
from requests_app.errors import DatesOutOfOrder, ReasonMissing
from requests_app.models import Authority, AuthorityFeedback, Request

SUMMARY_LENGTH = 4000
REFERENCE_LENGTH = 120


def record_feedback(
    request: Request,
    *,
    authority: Authority,
    received_on: date,
    summary: str,
    reference: str = "",
    answer_due_on: date | None = None,
    actor: Actor,
) -> AuthorityFeedback:
    """Write down what an authority wrote, with the day by which it wants an answer.

    Raises NotAllowed, ReasonMissing, TooLong, DatesOutOfOrder.
    """
    require_permission(actor, WORK)
    words, theirs = typed(summary, SUMMARY_LENGTH), typed(reference, REFERENCE_LENGTH, is_required=False)
    if answer_due_on is not None and answer_due_on < received_on:
        raise DatesOutOfOrder
    with transaction.atomic():
        feedback = AuthorityFeedback.objects.create(
            request=request,
            authority=authority,
            reference=theirs or None,
            received_on=received_on,
            answer_due_on=answer_due_on,
            summary=words,
            recorded_by_id=int(actor.ref),
            recorded_at=clock.now(),
        )
        record("requests.authority_wrote", actor=actor, subject=_subject(request), ticket=request.ref)
    return feedback


def close_feedback(feedback: AuthorityFeedback, *, outcome: str, actor: Actor) -> None:
    """Write down what came of it. Raises NotAllowed, ReasonMissing for an outcome that there is not."""
    require_permission(actor, WORK)
    if outcome not in FeedbackOutcome.values:
        raise ReasonMissing
    with transaction.atomic():
        feedback.outcome = outcome
        feedback.save(update_fields=["outcome"])
        request = feedback.request
        record("requests.authority_outcome", actor=actor, subject=_subject(request), ticket=request.ref, outcome=outcome)


def _subject(request: Request) -> str:
    return str(request.subject.public_id) if request.subject else ""
