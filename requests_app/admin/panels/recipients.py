"""The ticket: which recipients have to know of a change, who is told by mail, and what they answered."""

from __future__ import annotations

from typing import Any

from requests_app.domain.recipients import TOLD_OF
from requests_app.enums import NoticeState
from requests_app.models import RecipientNotice, Request
from requests_app.panels import Place, Visitor, add_to_desk


def recipients(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    """No data of the person: labels and states. One query."""
    if request.kind not in TOLD_OF:
        return None
    notices = [
        {"notice": notice, "may_note": visitor.may_work and notice.state != NoticeState.ANSWERED, "is_late": _is_late(notice)}
        for notice in RecipientNotice.objects.filter(request=request)
    ]
    return {"item": request, "notices": notices} if notices else None


def _is_late(notice: RecipientNotice) -> bool:
    """Told by mail, reminded, and still without an answer: somebody should call."""
    return notice.state == NoticeState.TOLD and notice.reminded_at is not None


add_to_desk("recipients", template="admin/requests_app/request/panels/recipients.html", context=recipients, place=Place.WORK, order=35)
