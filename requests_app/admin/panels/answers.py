"""Answers on the ticket: what can be written now, what waits, what was decided, and what authorities wrote."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from requests_app.admin.answers import WRITES, may_open, title_of
from requests_app.answers.forms import OutcomeForm
from requests_app.answers.grounds import label_of
from requests_app.answers.letters import sections_of
from requests_app.domain.answers import digest_of_proposal, is_reply_overdue, open_question
from requests_app.domain.deciders import deciders_of, has_uninvolved_staff
from requests_app.enums import Concern, Kind
from requests_app.models import AuthorityFeedback, ProposedRefusal, Request
from requests_app.panels import Place, Visitor, add_to_desk
from requests_app.transitions import Event, find


def _facts(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    concern = request.choices.get("concern", "") if request.kind == Kind.COMPLAINT else ""
    followers = list(Request.objects.filter(follows=request).only("ref", "kind"))
    facts = {
        "concern": Concern(concern).label if concern in Concern.values else "",
        "follows": request.follows,
        "followers": followers,
        "ground": label_of(request.refusal_ground),
        "decided_by": request.decided_by,
    }
    return facts if any(facts.values()) else None


def _words(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    """What the person wrote, and the letter they got: only with a look."""
    has_words = request.kind in {Kind.COMPLAINT, Kind.REVIEW} and bool(request.words)
    if not has_words and not request.letter:
        return None
    is_open = visitor.look is not None
    return {
        "is_open": is_open,
        "words": request.words if is_open and has_words else "",
        "sections": sections_of(request.letter or "") if is_open else [],
    }


def _writing(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if not visitor.may_work:
        return None
    question = open_question(request)
    proposed = ProposedRefusal.objects.select_related("proposed_by").filter(request=request).first()
    review = _review(request, visitor)
    names = [name for name in WRITES if name != "feedback" and may_open(request, name) and not (review["is_barred"] and name == "review")]
    found: dict[str, Any] = {
        "item": request,
        "links": [(name, title_of(name)) for name in names],
        "question": question,
        "is_overdue": question is not None and is_reply_overdue(question),
        "days": settings.ASK_REMINDER_DAYS,
        "proposed": proposed,
        "proposed_ground": label_of(proposed.ground) if proposed else "",
        "proposed_reasoning": proposed.reasoning if proposed and visitor.look else "",
        "digest": digest_of_proposal(proposed) if proposed and visitor.look else "",
        "is_own_proposal": proposed is not None and proposed.proposed_by_id == visitor.user.pk,
        "can_take_up": find(request.status, Event.TAKE_UP, request.kind) is not None,
        **review,
    }
    return found if names or question or proposed or found["can_take_up"] or review["is_barred"] else None


def _review(request: Request, visitor: Visitor) -> dict[str, bool]:
    """Whether this visitor may decide the review that waits, and whether there is anybody who may."""
    if request.kind != Kind.REVIEW or request.follows is None or not request.is_open:
        return {"is_barred": False, "is_nobody_left": False, "is_last_resort": False}
    is_involved = visitor.user.pk in deciders_of(request.follows)
    is_nobody_left = not has_uninvolved_staff(request.follows)
    is_last_resort = is_nobody_left and settings.REVIEW_LAST_RESORT
    return {"is_barred": is_involved and not is_last_resort, "is_nobody_left": is_nobody_left, "is_last_resort": is_last_resort}


def _feedback(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    rows = list(AuthorityFeedback.objects.select_related("authority").filter(request=request).order_by("received_on", "pk"))
    if not rows and not (visitor.may_work and request.verified_at):
        return None
    return {
        "item": request,
        "rows": [{"row": row, "form": OutcomeForm(initial={"outcome": row.outcome}, auto_id=f"id_feedback_{row.pk}_%s")} for row in rows],
        "is_open": visitor.look is not None,
        "may_work": visitor.may_work,
    }


_TEMPLATES = "admin/requests_app/request/panels"
add_to_desk("answer_facts", template=f"{_TEMPLATES}/answer_facts.html", context=_facts, place=Place.FACTS, order=20)
add_to_desk("answer_words", template=f"{_TEMPLATES}/answer_words.html", context=_words, place=Place.WORK, order=20)
add_to_desk("feedback", template=f"{_TEMPLATES}/feedback.html", context=_feedback, place=Place.WORK, order=95)
add_to_desk("writing", template=f"{_TEMPLATES}/writing.html", context=_writing, place=Place.CLOCK, order=60)
