"""Times as the reader's own clock shows them, and error pages of the demo."""

from __future__ import annotations

import logging
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.exceptions import BadRequest, MiddlewareNotUsed, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.views import defaults

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


class DemoErrorPagesMiddleware:
    """Shows people who try the demo our own error pages, though it runs with DEBUG. Last of all, so that every page passes it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not (settings.DEMO and settings.DEBUG):
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            resolve(request.path_info)
        except Resolver404 as absent:
            return defaults.page_not_found(request, absent)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What a view raised, as outside of DEBUG; the log has the rest."""
        if isinstance(exception, Http404):
            return defaults.page_not_found(request, exception)
        if isinstance(exception, PermissionDenied):  # has our own page in any case
            return None
        if isinstance(exception, SuspiciousOperation | BadRequest):
            return defaults.bad_request(request, exception)
        logging.getLogger(__name__).error("A page of the demo failed", exc_info=exception)
        return defaults.server_error(request)


def _zone_of(user: object) -> ZoneInfo | None:
    if not isinstance(user, User) or user.is_staff:
        return None
    try:
        return ZoneInfo(user.subject.time_zone) if user.subject.time_zone else None
    except (ZoneInfoNotFoundError, ValueError):  # a name that this machine's zone data no longer knows
        return None
