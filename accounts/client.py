"""The client behind a request, reduced to what a person needs to recognise their own log-ins."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from django.http import HttpRequest

from privacycenter.kernel.middleware import client_address

# Order matters: most browsers claim to be others as well.
_FAMILIES = (
    ("Edge", re.compile(r"\bEdg(e|A|iOS)?/")),
    ("Opera", re.compile(r"\b(OPR|Opera)/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(Chrome|CriOS|Chromium)/")),
    ("Safari", re.compile(r"\bSafari/")),
)


@dataclass(frozen=True)
class Client:
    """A network (never a full address) and a family of browsers. Both empty: not known."""

    network: str = ""
    browser: str = ""

    @classmethod
    def of(cls, request: HttpRequest | None) -> Client:
        if request is None:
            return cls()
        return cls(network_of(client_address(request)), browser_family(request.META.get("HTTP_USER_AGENT", "")))


def network_of(address: str) -> str:
    """The /24 (IPv4) or /48 (IPv6) that holds `address`; empty where it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def browser_family(user_agent: str) -> str:
    """The family of browsers, without version or device."""
    return next((name for name, pattern in _FAMILIES if pattern.search(user_agent[:500])), "Other" if user_agent else "")
