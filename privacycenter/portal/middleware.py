"""Times as the reader's own clock shows them."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User


class ReaderTimeZoneMiddleware:
    """Shows times in the zone a person chose in their profile; without a choice, and at the desk, in the operator's (TIME_ZONE).

    The desk keeps the operator's zone, because deadlines end at midnight there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(_zone_of(request.user)):
            return self.get_response(request)


def _zone_of(user: object) -> ZoneInfo | None:
    if not isinstance(user, User) or user.is_staff:
        return None
    try:
        return ZoneInfo(user.subject.time_zone) if user.subject.time_zone else None
    except (ZoneInfoNotFoundError, ValueError):  # a name that this machine's zone data no longer knows
        return None
