"""What holds for every request and every answer."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


class SiteAddressMiddleware:
    """Builds every absolute link from SITE_URL, whatever Host the client sent.

    The Host header is checked against ALLOWED_HOSTS first; then host and scheme are set, before allauth runs, so that a
    forged Host never ends up in a mail.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        site = urlsplit(settings.SITE_URL)
        self.host = site.netloc
        self.port = str(site.port or (443 if site.scheme == "https" else 80))
        self.scheme = site.scheme

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises DisallowedHost, which Django answers with 400
        for header in ("HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PORT"):
            request.META.pop(header, None)
        request.META["HTTP_HOST"] = self.host
        request.META["SERVER_PORT"] = self.port
        request.META["wsgi.url_scheme"] = self.scheme
        if hasattr(request, "environ"):
            request.environ["wsgi.url_scheme"] = self.scheme
        return self.get_response(request)


class ResponseHeadersMiddleware:
    """Adds the headers that no other part sets: pages about people are never stored by a browser or a proxy."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


def client_address(request: HttpRequest) -> str:
    """The client's IP address: the peer, or with TRUSTED_PROXIES=n the n-th address from the right of X-Forwarded-For."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    if not settings.TRUSTED_PROXIES:
        return peer
    chain: list[str] = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    return chain[-settings.TRUSTED_PROXIES] if len(chain) >= settings.TRUSTED_PROXIES else peer


def client_network(request: HttpRequest) -> str:
    """What limits count a client by: an IPv4 address, or the /64 of an IPv6 one, of which a single household has 2^64 addresses."""
    address = client_address(request)
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
