"""Where a choice was made, and where to go back to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

_PART = re.compile(r"<[^>]*>|\(\?P<[^>]*>[^)]*\)")
LONGEST = 2_000


def page_of(path: str) -> str:
    """The page a path leads to, without what stands in it for one person (tokens, references): "/requests/…/"; empty for none."""
    try:
        route = resolve(path.partition("?")[0]).route
    except Resolver404:
        return ""
    return "/" + _PART.sub("…", route).strip("^$")[:118]


def safe_path(target: str) -> str:
    """A path of this site (with its query) that somebody may be sent back to, or empty: never another site, never a header break."""
    is_path = target.startswith("/") and len(target) <= LONGEST and not any(ord(sign) < 33 or sign == "\\" for sign in target)
    return target if is_path and url_has_allowed_host_and_scheme(target, allowed_hosts=None) else ""


def came_from(request: HttpRequest) -> str:
    """The page of this site that a request was sent from, by its Referer, or empty."""
    try:
        parts = urlsplit(request.META.get("HTTP_REFERER", ""))
    except ValueError:
        return ""
    if parts.netloc != request.get_host() or parts.path == request.path:
        return ""
    return safe_path(parts.path + (f"?{parts.query}" if parts.query else ""))
