"""The security history of an account."""

from __future__ import annotations

from accounts.client import Client
from accounts.enums import SecurityEventKind
from accounts.models import SecurityEvent, User
from privacycenter.kernel import clock


def note_security_event(user: User, *, kind: SecurityEventKind, client: Client) -> SecurityEvent:
    """Write one line of the person's security history, in the caller's transaction."""
    return SecurityEvent.objects.create(user=user, kind=kind, happened_at=clock.now(), network=client.network, browser=client.browser)
