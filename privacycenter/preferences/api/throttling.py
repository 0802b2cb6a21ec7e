"""How often somebody may call: counted in the cache that all processes share, by minute."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

from privacycenter.kernel import clock

WINDOW_SECONDS = 60


def seconds_to_wait(kind: str, who: str, *, limit: int) -> int:
    """Count one call of `who`; 0 when it is within `limit` calls a minute, else the seconds until the next minute.

    `who` must hold no personal data that may not stand in the cache for a minute.
    """
    now = int(clock.now().timestamp())
    window, passed = divmod(now, WINDOW_SECONDS)
    key = f"api.calls:{kind}:{who}:{window}"
    try:
        count = cache.incr(key)
    except ValueError:  # the first of its minute
        count = 1 if cache.add(key, 1, 2 * WINDOW_SECONDS) else cache.incr(key)
    return WINDOW_SECONDS - passed if count > limit else 0


class CallLimit(BaseThrottle):
    """API_CALLS_PER_MINUTE of each client, and of each person."""

    def allow_request(self, request: Any, view: Any) -> bool:
        who = getattr(request.user, "client_id", None) or f"person-{request.user.pk}"
        self._wait = seconds_to_wait("call", who, limit=settings.API_CALLS_PER_MINUTE)
        return self._wait == 0

    def wait(self) -> int:
        return self._wait
