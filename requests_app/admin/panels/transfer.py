"""The ticket of a portability request: whether its copy goes straight to another controller, and how that stands."""

from __future__ import annotations

from typing import Any

from requests_app.enums import Kind
from requests_app.models import Request, Transfer
from requests_app.panels import Place, Visitor, add_to_desk
from requests_app.transfer.enums import ReceiverState
from requests_app.transfer.words import why_ended


def _transfers(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    """Which receiver somebody chose says something about them: it shows with a look only."""
    if request.kind != Kind.PORTABILITY:
        return None
    transfers = list(Transfer.objects.filter(request=request).select_related("receiver").order_by("-pk"))
    if not transfers:
        return None
    rows = [{"transfer": transfer, "why": why_ended(transfer) if visitor.look else ""} for transfer in transfers]
    waits = any(transfer.receiver.state == ReceiverState.PROPOSED for transfer in transfers)
    return {"rows": rows, "waits": waits, "shows": visitor.look is not None}


add_to_desk("transfers", template="admin/requests_app/request/panels/transfers.html", context=_transfers, place=Place.WORK, order=60)
