"""What leaves towards the browser: declared cookies only, frames only where one was asked for. And what it signals, noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from privacycenter.preferences.cookies import register as registers
from privacycenter.preferences.cookies.choice import choice_of
from privacycenter.preferences.cookies.holding import hold_in_browser
from privacycenter.preferences.cookies.pages import page_of
from privacycenter.preferences.domain.cookies import note_signal, person
from privacycenter.preferences.errors import UndeclaredCookie
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.signals import HEADER, NOTED_KEY, gpc_in, subject_of

log = structlog.get_logger("privacycenter.preferences")

GetResponse = Callable[[HttpRequest], HttpResponse]
FRAME_ORIGINS = "_frame_origins"  # attribute of a request whose page shows frames


class DeclaredCookiesMiddleware:
    """Lets no cookie out that the register does not declare, or whose service is not allowed. Stands outside of all that set cookies.

    Tests fail on one (UndeclaredCookie); in production it is dropped and reported by its name. A cookie of a service that is
    not allowed, such as one from before a withdrawal on another device, is expired when the browser brings it along, and the
    browser's memory of the choice is made as strict as the account.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        origins = getattr(request, FRAME_ORIGINS, None)
        if origins:
            response._csp_update = {"frame-src": sorted(origins)}  # type: ignore[attr-defined]  # read by django-csp
        hold_in_browser(request, response)
        if response.cookies:
            self._check(request, response)
        if request.COOKIES:
            self._expire(request, response)
        return response

    def _check(self, request: HttpRequest, response: HttpResponse) -> None:
        register = registers.current()
        for name in list(response.cookies):
            if response.cookies[name]["max-age"] == 0:  # being deleted
                continue
            service = register.service_of_cookie(name)
            if service is None or (service.is_asked and not choice_of(request).allows(service.key)):
                if settings.TESTING:
                    raise UndeclaredCookie(name)
                del response.cookies[name]
                log.error("cookie_dropped", cookie=name, declared=service is not None)

    def _expire(self, request: HttpRequest, response: HttpResponse) -> None:
        register = registers.current()
        if not register.asked:
            return
        for name in request.COOKIES:
            service = register.service_of_cookie(name)
            if service is not None and service.is_asked and name not in response.cookies and not choice_of(request).allows(service.key):
                item = next(item for item in service.items if item.matches(name))
                response.delete_cookie(name, path=item.path, samesite="Lax")


class SignalMiddleware:
    """Sets `request.gpc` before anything is drawn, and notes the objection for a signed-in person: once, not at every page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.gpc = gpc_in(request.META.get(HEADER, ""))  # type: ignore[attr-defined]
        if request.gpc:  # type: ignore[attr-defined]
            _note(request)
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ("Sec-GPC",))
        return response


def _note(request: HttpRequest) -> None:
    subject = subject_of(request)
    if subject is None or request.session.get(NOTED_KEY):
        return
    user: Any = request.user
    note_signal(party_of(subject), page=page_of(request.path), actor=person(user.pk))
    request.session[NOTED_KEY] = True
