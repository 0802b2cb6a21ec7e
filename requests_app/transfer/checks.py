"""System checks of direct transfer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def check_loopback(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E050: copies may be sent to this machine itself only where it is nobody else's server."""
    if not settings.TRANSFER_ALLOW_LOOPBACK or settings.SITE_IS_LOOPBACK:
        return []
    return [
        Error(
            "TRANSFER_ALLOW_LOOPBACK lets people have their copies sent to services on this machine.",
            hint="Unset it; it is for tests and development.",
            id="privacycenter.E050",
        )
    ]
