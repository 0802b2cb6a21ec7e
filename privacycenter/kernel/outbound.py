"""Which hosts outgoing connections may reach: those named in OUTBOUND_ALLOW, and no others."""

from __future__ import annotations

from django.conf import settings

from privacycenter.kernel.errors import OutboundRefused


def require_allowed(host: str, port: int | None = None) -> None:
    """Raise OutboundRefused unless `host` or `host:port` is in OUTBOUND_ALLOW. Loopback only when named, too."""
    wanted = host.lower().rstrip(".")
    allowed = {entry.lower() for entry in settings.OUTBOUND_ALLOW}
    if wanted not in allowed and f"{wanted}:{port}" not in allowed:
        raise OutboundRefused
