"""Which hosts outgoing connections may reach, and for how long: those in OUTBOUND_ALLOW, and for what people name, public addresses."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.utils.translation import gettext as _

from privacycenter.kernel.errors import HostNotFound, OutboundRefused, PrivateAddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What Python's registries call global or don't know, and what carries an IPv4 address that a gateway on the way would unpack.
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "240.0.0.0/4",
        "::/96",  # IPv4-compatible
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "100::/64",  # discard
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fec0::/10",
    )
)


def require_allowed(host: str, port: int | None = None) -> None:
    """Raise OutboundRefused unless `host` or `host:port` is in OUTBOUND_ALLOW. Loopback only when named, too."""
    wanted = host.lower().rstrip(".")
    allowed = {entry.lower() for entry in settings.OUTBOUND_ALLOW}
    if wanted not in allowed and f"{wanted}:{port}" not in allowed:
        raise OutboundRefused


def public_addresses(host: str, port: int, *, allow_loopback: bool = False) -> list[str]:
    """The addresses of a host that somebody named. Connect to one of these, not to the name: it may resolve to another the next time.

    Raises HostNotFound, and PrivateAddress as soon as one of them is not public: a name that leads to both is no mistake.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostNotFound(_("There is no host “%(host)s”.") % {"host": host}) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        raise HostNotFound(_("There is no host “%(host)s”.") % {"host": host})
    for address in addresses:
        if not is_public(address) and not (allow_loopback and _unwrapped(address).is_loopback):
            raise PrivateAddress
    return addresses


def is_public(address: str) -> bool:
    """Whether an address is of the public internet: not of this machine, a private or a carrier's network, a group, or a test."""
    found = _unwrapped(address)
    if any(found in network for network in _NEVER if network.version == found.version):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_link_local or found.is_loopback)


@contextmanager
def at_most(seconds: float, sock: socket.socket) -> Iterator[None]:
    """Cut a connection when what is asked over it takes longer: each byte may come in time, and all of them never."""

    def cut() -> None:
        with suppress(OSError):
            # Not the method of a TLS socket: that takes the encryption off first, and what another thread writes then goes in the clear.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _unwrapped(address: str) -> Address:
    """The address itself, without a scope, and as IPv4 where it is one that was mapped to IPv6."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
