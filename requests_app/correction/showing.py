"""One correction as the desk shows it: what it is about, how it stands, and the values for those who may see them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from requests_app.correction.deciding import name_of
from requests_app.correction.proposing import held_value, proposed_value
from requests_app.correction.values import unpack, words
from requests_app.enums import Decision
from requests_app.models import Correction

BADGES = {Decision.PENDING: "waiting", Decision.ACCEPTED: "success", Decision.REFUSED: "error"}
PROBLEMS = {
    "conflict": _("The value has changed since the person filed. Look at both, then decide again."),
    "unknown_record": _("The record is gone, or is not found for this person any more. Refuse the correction, or add another."),
    "unknown_field": _("The source has no such field any more."),
    "unknown_source": _("The source is not configured any more."),
    "read_only": _("The source does not let this field be changed. Set a way to correct it in its connector, or change it there by hand."),
    "invalid_value": _("The source did not take one of the values."),
    "proof": _("The proof of who asks does not stand any more. Look at it on the ticket."),
    "not_verified": _("The source did not hold the value after the change. Look at it there before you go on."),
}


def diff(correction: Correction, *, shows_values: bool = True) -> dict[str, Any]:
    """What a row and a page about it need."""
    problem = correction.error_code
    row: dict[str, Any] = {
        "correction": correction,
        "name": name_of(correction),
        "badge": BADGES[Decision(correction.decision)],
        "is_filled": correction.proposed is not None,
        "problem": PROBLEMS.get(problem, _("The source could not be changed.")) if problem else "",
        "shows_values": shows_values,
    }
    if shows_values:
        row |= {
            "held": words(held_value(correction)) if correction.held else "",
            "proposed": words(proposed_value(correction)) if correction.proposed else "",
            "found": words(unpack(correction.found)) if correction.found else "",
            "reason": correction.reason or "",
            "decision_reason": correction.decision_reason or "",
        }
    return row
