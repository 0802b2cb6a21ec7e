from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from privacycenter.kernel.middleware import SiteAddressMiddleware, client_address, client_network


def test_links_are_built_from_the_site_address_whatever_the_client_says(settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://privacy.example.com", ["privacy.example.com", "inner"]
    middleware = SiteAddressMiddleware(lambda request: HttpResponse(request.build_absolute_uri("/x")))

    response = middleware(RequestFactory().get("/", HTTP_HOST="inner", HTTP_X_FORWARDED_HOST="evil.example"))

    assert response.content == b"https://privacy.example.com/x"


def test_forged_host_is_refused(client, settings):
    settings.ALLOWED_HOSTS = ["localhost"]

    assert client.get("/healthz", HTTP_HOST="evil.example").status_code == 400


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9, 198.51.100.2", "198.51.100.2"),
        (2, "203.0.113.9, 198.51.100.2", "203.0.113.9"),
        (3, "203.0.113.9, 198.51.100.2", "192.0.2.1"),
    ],
)
def test_client_address_trusts_only_the_configured_number_of_proxies(settings, proxies, header, expected):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=header)

    assert client_address(request) == expected


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_limits_count_an_ipv6_client_by_its_network(address, network):
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network
