"""What holds for pages behind mailed links."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

LINK_PATHS = ("/u/", "/p/")


class LinkPagesMiddleware:
    """Opens pages behind mailed links without cookies, whoever is signed in, and lets nobody store or pass on their address.

    The token alone says what may be done. A session must not get in the way (one that is over would lead to the sign-in page
    instead of opting out), must not be kept alive by it, and what the page shows must not depend on it. Stands before every
    middleware that reads a cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(LINK_PATHS):
            return self.get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        response = self.get_response(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response
