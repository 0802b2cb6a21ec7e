"""The person's page of a rectification: each correction with its decision, and the notes."""

from __future__ import annotations

from typing import Any

from requests_app.correction.annotations import may_be_noted
from requests_app.correction.proposing import held_value, proposed_value
from requests_app.correction.showing import BADGES
from requests_app.correction.values import words
from requests_app.enums import Decision, Kind
from requests_app.models import Annotation, Correction, Request
from requests_app.panels import add_to_person
from requests_app.queries import lock_of


def corrections(request: Request) -> dict[str, Any] | None:
    """Values only where the account is not locked: what was held stands among them. Three queries, however many corrections."""
    if request.kind != Kind.RECTIFICATION:
        return None
    notes = {note.correction_id: note for note in Annotation.objects.filter(request=request)}
    is_locked = lock_of(request) is not None
    rows = [_row(request, each, notes.get(each.pk), is_locked) for each in Correction.objects.filter(request=request)]
    if not (rows or request.words):
        return None
    return {"item": request, "rows": rows, "is_locked": is_locked}


def _row(request: Request, correction: Correction, note: Annotation | None, is_locked: bool) -> dict[str, Any]:
    # Nothing is final while staff are at it: the answer tells of all decisions together.
    is_out = not request.is_open
    decision = Decision(correction.decision) if is_out else Decision.PENDING
    return {
        "correction": correction,
        "held": "" if is_locked else words(held_value(correction)),
        "proposed": "" if is_locked else words(proposed_value(correction)),
        "decision": decision.label,
        "badge": BADGES[decision],
        "reason": (correction.decision_reason or "") if is_out else "",
        "note": note,
        "may_note": note is None and may_be_noted(request, correction),
    }


add_to_person("corrections", template="requests_app/panels/corrections.html", context=corrections, order=40)
