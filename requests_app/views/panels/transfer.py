"""On the person's page of a portability request: the receiver, what is under way, and the proof of what went."""

from __future__ import annotations

from typing import Any

from requests_app.enums import Kind
from requests_app.models import Request, Transfer
from requests_app.panels import add_to_person
from requests_app.queries import released_bundle
from requests_app.transfer.choosing import may_choose
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.words import BADGES, why_ended


def _context(request: Request) -> dict[str, Any] | None:
    if request.kind != Kind.PORTABILITY:
        return None
    transfers = list(Transfer.objects.filter(request=request).select_related("receiver").order_by("-pk"))
    live = next((transfer for transfer in transfers if transfer.state in TransferState.LIVE), None)
    ended = [_ended(transfer) for transfer in transfers if transfer is not live]
    can_choose = may_choose(request)
    if live is None and not ended and not can_choose:
        return None
    is_sending = live is not None and live.state == TransferState.SENDING
    return {
        "item": request,
        "live": live,
        "is_sending": is_sending,
        "is_approved": live is not None and live.receiver.state == ReceiverState.APPROVED,
        "is_ready": released_bundle(request) is not None,
        "can_choose": can_choose and not is_sending,
        "ended": ended,
        "was_sent": any(transfer.begun_at for transfer in transfers),
        "refreshes": is_sending,
    }


def _ended(transfer: Transfer) -> dict[str, Any]:
    state = TransferState(transfer.state)
    is_partial = transfer.begun_at is not None and state != TransferState.DONE
    return {"transfer": transfer, "badge": BADGES[state], "why": why_ended(transfer), "is_partial": is_partial}


add_to_person("transfer", template="requests_app/panels/transfer.html", context=_context, order=5)
