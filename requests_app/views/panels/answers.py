"""What the person reads of an answer: a question of ours, the letter of a decision, what was kept back, and what they can do."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from privacycenter.kernel.sources import registry
from requests_app.answers.letters import sections_of
from requests_app.domain.answers import open_question
from requests_app.domain.reviews import may_be_reviewed, reviewed_until
from requests_app.enums import Concern, Kind, Outcome, Status
from requests_app.models import Bundle, Request
from requests_app.panels import add_to_person
from requests_app.redaction.loading import hidden_words


def _question(request: Request) -> dict[str, Any] | None:
    question = open_question(request) if request.status == Status.WAITING else None
    if question is None:
        return None
    return {"item": request, "words": question.asked.note, "asked_at": question.asked_at, "wants_document": question.wants_document}


def _letter(request: Request) -> dict[str, Any] | None:
    if request.is_open or not request.letter:
        return None
    may_review = may_be_reviewed(request)
    return {
        "item": request,
        "sections": sections_of(request.letter),
        "may_review": may_review,
        "review_until": reviewed_until(request) if may_review else None,
    }


def _partly(request: Request) -> dict[str, Any] | None:
    """An answer in part without a letter of its own: what was kept back, and what can be done about it."""
    if request.outcome != Outcome.IN_PART or request.letter:
        return None
    titles = {source.describe().key: str(source.describe().title) for source in registry.all()}
    rows = [(titles.get(key, key), reason) for key, reason in sorted(request.withheld.items())]
    if hidden := _hidden(request):
        places = ", ".join(titles.get(key, key) for key in hidden["sources"])
        words = hidden_words(hidden)
        rows.append((_("Data of other people"), f"{words} {_('It stood in:')} {places}." if places else words))
    may_review = may_be_reviewed(request)
    return {
        "item": request,
        "rows": rows,
        "may_review": may_review,
        "review_until": reviewed_until(request) if may_review else None,
    }


def _hidden(request: Request) -> dict[str, Any]:
    """How much of other people was hidden in the copy that the person got last."""
    released = Bundle.objects.filter(request=request, released_at__isnull=False).order_by("-pk").values_list("summary", flat=True).first()
    hidden: dict[str, Any] = (released or {}).get("hidden", {})
    return hidden


def _links(request: Request) -> dict[str, Any] | None:
    """What this request comes after, and what came after it; and what somebody wrote when they filed a complaint or a review."""
    followers = list(Request.objects.of(request.subject_id).filter(follows=request)) if request.subject_id else []
    words = request.words if request.kind in {Kind.COMPLAINT, Kind.REVIEW} else ""
    concern = request.choices.get("concern", "")
    if not (request.follows_id or followers or words):
        return None
    return {
        "follows": request.follows,
        "is_copy_first": request.kind == Kind.ERASURE and request.follows is not None and request.follows.kind in Kind.COPIES,
        "followers": followers,
        "words": words,
        "concern": Concern(concern).label if concern in Concern.values else "",
    }


add_to_person("question", template="requests_app/panels/question.html", context=_question, order=10)
add_to_person("letter", template="requests_app/panels/letter.html", context=_letter, order=20)
add_to_person("partly", template="requests_app/panels/partly.html", context=_partly, order=30)
add_to_person("links", template="requests_app/panels/links.html", context=_links, order=90)
