"""The answer to a rectification: what was decided about each field, and who is told of the change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from requests_app.answers.letters import answer_letter
from requests_app.correction.deciding import name_of
from requests_app.enums import CorrectionKind, Decision
from requests_app.models import Correction, RecipientNotice, Request
from requests_app.queries import authorities_for_person


def letter_of(request: Request, corrections: Sequence[Correction], *, at: datetime) -> str:
    """The letter in the person's language, without values: these stand on the page, and in a copy of the data."""
    with override(request.language):
        lines = [_line(each) for each in corrections]
        told = RecipientNotice.objects.filter(request=request).values_list("recipient_name", flat=True)
        recipients = list(dict.fromkeys(told))
        if recipients:
            lines.append(
                _("We tell those who had the old data: %(names)s. The page of your request shows when each was told.")
                % {"names": ", ".join(recipients)}
            )
        else:
            lines.append(_("We gave the old data to nobody outside, so there is nobody to tell."))
        if any(each.decision == Decision.REFUSED for each in corrections):
            lines.append(
                _(
                    "Where we did not accept a correction, you can leave a note on the page of your request. It stays with the data, and "
                    "whoever gets the data gets your note. You can also open the request again there and say why you do not agree."
                )
            )
        return answer_letter(request, answer="\n\n".join(lines), authorities=authorities_for_person(request), at=at)


def _line(correction: Correction) -> str:
    values = {"what": name_of(correction), "reason": correction.decision_reason or ""}
    if correction.decision == Decision.REFUSED:
        return _("%(what)s: not changed. %(reason)s") % values
    if correction.kind == CorrectionKind.SUPPLEMENT:
        return _("%(what)s: your addition stands beside the data now. %(reason)s").strip() % values
    return (_("%(what)s: corrected, as you asked. %(reason)s") % values).strip()
