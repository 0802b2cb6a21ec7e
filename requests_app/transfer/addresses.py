"""The address of a receiver: one form for each, and nothing in it that could lead elsewhere or name a person."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

import idna
from django.conf import settings

from requests_app.transfer.errors import NotAReceiver

LENGTH = 300
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


def tidy_address(text: str) -> str:
    """The address as it is kept and compared: https, host in ASCII and lower case, no standing port. Raises NotAReceiver.

    Numbers in place of a name are refused: a certificate says to whom a name belongs.
    """
    typed = text.strip()
    if not typed.isprintable() or " " in typed or "\\" in typed:
        raise NotAReceiver
    try:
        parts = urlsplit(typed)
        port, host = parts.port, _tidy_host(parts.hostname or "")
    except (ValueError, idna.IDNAError) as error:
        raise NotAReceiver from error
    path = parts.path or "/"
    if parts.scheme != "https" or "@" in parts.netloc or "?" in typed or "#" in typed or not _PATH.fullmatch(path):
        raise NotAReceiver
    address = f"https://{host}{f':{port}' if port not in (None, 443) else ''}{path}"
    if port == 0 or len(address) > LENGTH:
        raise NotAReceiver
    return address


def _tidy_host(host: str) -> str:
    if host == "localhost" and settings.TRANSFER_ALLOW_LOOPBACK:
        return host
    name = idna.encode(host.rstrip("."), uts46=True).decode("ascii").lower()
    if "." not in name or _is_number(name):
        raise NotAReceiver
    return name


def _is_number(name: str) -> bool:
    """Whether it is an address, in any of the forms that resolvers take for one."""
    last = name.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
