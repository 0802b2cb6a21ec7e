"""Mails about requests: what they are called, and what they may say (no data beyond the reference)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from privacycenter.kernel.actor import Actor
from privacycenter.mail.domain import queue_message
from requests_app.domain.people import address_of, requester_of
from requests_app.enums import Behalf
from requests_app.models import Request


def tell_person(request: Request, message_kind: str, *, actor: Actor, **context: Any) -> None:
    """Queue a mail to the person of a proven request, in the caller's transaction."""
    address, requester = address_of(request), requester_of(request)
    if not address:
        return
    queue_message(
        message_kind,
        to=address,
        context={**context, **common(request)},
        language=request.language,
        subject_key=str(requester.public_id) if requester else "",
        ticket=request.ref,
        actor=actor,
    )


def tell_address(address: str, message_kind: str, *, language: str, ticket: str = "", actor: Actor, **context: Any) -> None:
    """Queue a mail to an address that has proven nothing yet."""
    queue_message(message_kind, to=address, context=context, language=language, subject_key="", ticket=ticket, actor=actor)


def common(request: Request) -> dict[str, Any]:
    """What every mail about a request may name."""
    return {
        "reference": request.ref,
        "kind": request.kind,
        "is_for_another": request.behalf != Behalf.SELF,
        "request_url": settings.SITE_URL + reverse("requests:detail", args=[request.ref]),
    }
