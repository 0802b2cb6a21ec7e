"""The messages on the person's page: what is new, and the way to answer."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from requests_app.enums import MessageSide
from requests_app.models import Message, Request
from requests_app.panels import add_to_person


def _context(request: Request) -> dict[str, Any] | None:
    if request.forgotten_at is not None or request.verified_at is None:
        return None
    counts = (
        Message.objects.filter(request=request)
        .exclude(side=MessageSide.NOTE)
        .aggregate(number=Count("pk"), new=Count("pk", filter=Q(side=MessageSide.DESK, read_at=None)))
    )
    return {"request": request, **counts}


add_to_person("messages", template="requests_app/messages_panel.html", context=_context, order=800)
