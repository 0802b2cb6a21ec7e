"""Which addresses the server may be sent to by somebody who names a host."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from privacycenter.kernel.errors import HostNotFound, PrivateAddress
from privacycenter.kernel.outbound import is_public, public_addresses

PRIVATE = (
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.254",
    "0.0.0.0",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:100.64.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:0a00:0001::1",
    "3fff::1",
    "5f00::1",
    "100::1",
)
PUBLIC = ("1.1.1.1", "93.184.215.14", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:1.1.1.1")


def answering(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def answer(host: str, port: int, **options: Any) -> list[Any]:
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_public_internet_is_refused(monkeypatch: pytest.MonkeyPatch, address: str):
    answering(monkeypatch, address)

    assert not is_public(address)
    with pytest.raises(PrivateAddress):
        public_addresses("receiver.example", 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_taken_as_it_was_found(monkeypatch: pytest.MonkeyPatch, address: str):
    answering(monkeypatch, address, address)

    assert public_addresses("receiver.example", 443) == [address]


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch):
    answering(monkeypatch, "1.1.1.1", "10.0.0.1")

    with pytest.raises(PrivateAddress):
        public_addresses("receiver.example", 443)


def test_loopback_is_allowed_only_where_a_setting_says_so_and_nothing_else_with_it(monkeypatch: pytest.MonkeyPatch):
    answering(monkeypatch, "::1", "127.0.0.1", "::ffff:127.0.0.1")
    assert public_addresses("localhost", 443, allow_loopback=True) == ["::1", "127.0.0.1", "::ffff:127.0.0.1"]
    answering(monkeypatch, "10.0.0.1")
    with pytest.raises(PrivateAddress):
        public_addresses("localhost", 443, allow_loopback=True)


def test_a_host_that_does_not_exist_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch):
    def answer(*args: Any, **options: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(HostNotFound):
        public_addresses("nobody.example", 443)
