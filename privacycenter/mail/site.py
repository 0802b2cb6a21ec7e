"""Our own name as it goes over the wire."""

from __future__ import annotations

from urllib.parse import urlsplit

import idna
from django.conf import settings


def wire_host() -> str:
    """The host of SITE_URL in ASCII (RFC 5891)."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")


def wire_address(path: str) -> str:
    """The absolute address of a path in ASCII: for headers, which bear nothing else unencoded."""
    site = urlsplit(settings.SITE_URL)
    host = f"[{wire_host()}]" if ":" in wire_host() else wire_host()
    return f"{site.scheme}://{host}{f':{site.port}' if site.port else ''}{path}"
