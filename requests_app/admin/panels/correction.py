"""The ticket of a rectification: what is asked for each field, what was decided, and who must be told."""

from __future__ import annotations

from typing import Any

from requests_app.admin import correcting  # noqa: F401 - mounts its pages
from requests_app.correction.forms import DecisionForm
from requests_app.correction.proposing import DECIDABLE
from requests_app.correction.showing import diff
from requests_app.enums import Decision, Kind, Status
from requests_app.models import Annotation, Correction, Request
from requests_app.panels import Place, Visitor, add_to_desk


def corrections(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    """Values, words and forms only with a look. Two queries, however many corrections."""
    if request.kind != Kind.RECTIFICATION:
        return None
    shows = visitor.look is not None
    found = list(Correction.objects.filter(request=request))
    decisions = {each.decision for each in found}
    may_decide = visitor.may_work and request.status in DECIDABLE
    is_decided = bool(found) and Decision.PENDING not in decisions
    rows = [_row(each, shows, may_decide) for each in found]
    return {
        "item": request,
        "words": request.words if shows else "",
        "has_words": bool(request.words),
        "rows": rows,
        "shows": shows,
        "may_add": shows and may_decide,
        "may_order": may_decide and is_decided and Decision.ACCEPTED in decisions and request.status == Status.TRIAGE,
        "may_resume": may_decide and is_decided and Decision.ACCEPTED in decisions and request.status == Status.ATTENTION,
        "may_refuse": may_decide and decisions == {Decision.REFUSED},
        "notes": list(Annotation.objects.filter(request=request)) if shows else [],
    }


def _row(correction: Correction, shows: bool, may_decide: bool) -> dict[str, Any]:
    row = diff(correction, shows_values=shows)
    is_open = shows and may_decide and correction.applied_at is None
    initial = {"verdict": {Decision.ACCEPTED: "accept", Decision.REFUSED: "refuse"}.get(Decision(correction.decision), "")}
    form = DecisionForm(initial=initial | {"reason": correction.decision_reason or ""}, auto_id=f"id_{correction.pk}_%s")
    row["form"] = form if is_open and row["is_filled"] else None
    row["may_fill"] = is_open and correction.added_by_id is not None and correction.decision == Decision.PENDING
    return row


add_to_desk("corrections", template="admin/requests_app/request/panels/corrections.html", context=corrections, place=Place.WORK, order=30)
