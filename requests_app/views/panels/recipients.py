"""Who was told that data of the person was corrected, erased or restricted (GDPR Art. 19)."""

from __future__ import annotations

from typing import Any

from requests_app.domain.recipients import TOLD_OF
from requests_app.enums import NoticeState
from requests_app.models import RecipientNotice, Request
from requests_app.panels import add_to_person

BADGES = {
    NoticeState.DUE: "waiting",
    NoticeState.TOLD: "success",
    NoticeState.ANSWERED: "success",
    NoticeState.OBSTRUCTED: "warning",
    NoticeState.IMPOSSIBLE: "neutral",
    NoticeState.DISPROPORTIONATE: "neutral",
}


def recipients(request: Request) -> dict[str, Any] | None:
    """Names, what it was about, and how each stands. One query."""
    if request.kind not in TOLD_OF:
        return None
    notices = [(notice, BADGES[NoticeState(notice.state)]) for notice in RecipientNotice.objects.filter(request=request)]
    return {"notices": notices} if notices else None


add_to_person("recipients", template="requests_app/panels/recipients.html", context=recipients, order=45)
