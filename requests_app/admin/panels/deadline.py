"""The ticket's dates: acknowledged or not, extended, at rest, and whether more time can be taken."""

from __future__ import annotations

from typing import Any

from requests_app.domain.deadlines import refuse_extension
from requests_app.errors import CannotExtend
from requests_app.models import Request
from requests_app.panels import Place, Visitor, add_to_desk


def dates(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    """What is known of the dates beyond the due date itself; no query."""
    if not request.is_open or request.due is None:
        return None
    why_not = ""
    try:
        refuse_extension(request)
    except CannotExtend as error:
        why_not = str(error)
    return {"item": request, "due": request.due, "may_extend": visitor.may_work, "why_not": why_not}


add_to_desk("deadline", template="admin/requests_app/request/panels/deadline.html", context=dates, place=Place.CLOCK, order=10)
