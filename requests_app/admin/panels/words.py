"""What the person wrote when they filed, of rights that show it nowhere else on the ticket."""

from __future__ import annotations

from typing import Any

from requests_app.enums import Kind
from requests_app.models import Request
from requests_app.panels import Place, Visitor, add_to_desk

_KINDS = frozenset({Kind.ACCESS, Kind.PORTABILITY, Kind.ERASURE, Kind.WITHDRAWAL})


def _panel(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if request.kind not in _KINDS or not request.words:
        return None
    return {"words": request.words if visitor.look else ""}


add_to_desk("words", template="admin/requests_app/request/panels/words.html", context=_panel, place=Place.WORK, order=6)
