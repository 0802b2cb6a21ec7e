"""On the requester's page: for whom they ask, what is still missing, and what became of their documents."""

from __future__ import annotations

from typing import Any

from requests_app.behalf.documents import wanted_kinds
from requests_app.enums import Behalf, Status
from requests_app.models import ProofDocument, Representation, Request
from requests_app.panels import add_to_person


def _context(request: Request) -> dict[str, Any] | None:
    if request.forgotten_at is not None:
        return None
    documents = list(ProofDocument.objects.filter(request=request))
    representation = Representation.objects.filter(request=request).first() if request.behalf != Behalf.SELF else None
    can_send = bool(wanted_kinds(request)) if request.status in {Status.RECEIVED, Status.WAITING} else False
    if representation is None and not documents and not can_send:
        return None
    return {
        "request": request,
        "representation": representation,
        "is_waiting": request.status == Status.RECEIVED,
        "is_agent": request.behalf == Behalf.AGENT,
        "can_send": can_send,
        "documents": documents,
    }


add_to_person("behalf", template="requests_app/behalf_panel.html", context=_context, order=10)
