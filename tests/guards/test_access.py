"""Every page by every persona: nobody signed in, somebody else, a customer at the desk. A new page is closed until it is listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories.accounts import make_account, signed_in

pytestmark = pytest.mark.django_db

# What anybody may open; everything else sends a visitor to the sign-in page, or says that there is no such page.
PUBLIC = {
    "portal:home",
    "portal:healthz",
    "portal:readyz",
    "portal:security_txt",
    "portal:change_password",  # leads to the sign-in page by itself
    "bundle_keys",
    "complain",
    "portal_api:docs",
    "portal_api:schema",
    "preferences:cookies",
    "preferences:gpc",
    "preferences:receipts",
    "requests:list",
    "requests:new",
    "requests:code",
    "requests:report_child",  # from anybody, about an account that is not theirs
    "requests:report_taken",
    "requests:for_another",  # asking for a child, as an agent, for somebody who has died
    "requests:detail",  # shows how to get in, whether or not there is such a request
    "preferences:preferences",  # signed out, how to get a link by mail
    "preferences:send_link",
    "preferences:link_sent",
    "preferences:subscribe",
    "preferences:subscription_sent",
    "account_login",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_freeze",
    "account_frozen",
    "mfa_login_webauthn",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "google_login",
    "google_callback",
    "microsoft_login",
    "microsoft_callback",
    "openid_connect_login",
    "openid_connect_callback",
}
OF_A_REQUEST = {
    "requests:detail",
    "requests:withdraw",
    "requests:proof",
    "requests:stop",
    "requests:reopen",
    "requests:reply",
    "requests:review",
    "requests:letter",
    "requests:fetch",
    "requests:bundle",
}
SAMPLES: dict[str, Any] = {
    "category": "identity",
    "source": "accounts.profile",
    "ref": "PR-2222-2222",
    "public_id": "no-such-file",
    "proof": "no-such-proof",
    "behalf": "agent",
    "token": "sample",
    "uidb36": "1",
    "key": "sample",
    "pk": 1,
    "provider_id": "company",
    "service": "mailgun",
    "event_id": "00000000-0000-4000-8000-000000000000",
    "sha256": "0" * 64,
}
CLOSED = {302, 401, 403, 404, 405}


def _pages(resolver: Any, namespace: str = "", names: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Name and a sample address of every page outside the admin."""
    for entry in resolver.url_patterns:
        found = names | entry.pattern.regex.groupindex.keys()
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":
                yield from _pages(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""), found)
        elif isinstance(entry, URLPattern) and entry.name:
            yield namespace + entry.name, reverse(namespace + entry.name, kwargs={name: SAMPLES[name] for name in found})


def test_what_is_not_listed_as_public_is_closed_to_visitors():
    pages = dict(_pages(get_resolver()))
    open_pages = {name for name, path in pages.items() if Client().get(path).status_code not in CLOSED}

    assert len(pages) > 40
    assert open_pages - PUBLIC == set()
    assert set(pages) >= PUBLIC, "listed as public, but there is no such page"


def test_a_page_that_is_closed_leads_to_the_sign_in_page_or_does_not_exist():
    for name, path in _pages(get_resolver()):
        if name in PUBLIC:
            continue
        answer = Client().get(path)
        if answer.status_code == 302:
            assert answer["Location"].startswith(("/accounts/login/", "/accounts/signup/", "/requests/", "/")), name
            assert "//" not in answer["Location"].partition("?")[0], name


def test_pages_of_a_request_do_not_exist_for_anybody_else(request_of_somebody):
    somebody_else, staff = signed_in(make_account(), fresh=True), signed_in(make_account(is_staff=True), fresh=True)

    for name in sorted(OF_A_REQUEST):
        path = reverse(name, args=[request_of_somebody.ref])
        # A visitor learns nothing, not even whether there is such a request.
        assert _seen_by_visitor(name, request_of_somebody.ref) == _seen_by_visitor(name, SAMPLES["ref"]), name
        assert somebody_else.get(path).status_code == 404, name
        assert staff.get(path).status_code in {302, 404}, name


def _seen_by_visitor(name: str, ref: str) -> tuple[int, str]:
    """What a visitor gets, without what differs by the reference and from answer to answer."""
    answer = Client().get(reverse(name, args=[ref]))
    text = answer.content.decode() + answer.headers.get("Location", "")
    return answer.status_code, re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text.replace(ref, "REF"))


def test_the_desk_is_closed_to_visitors_and_customers():
    customer = signed_in(make_account(), fresh=True)
    models = [model._meta for model in admin.site._registry]

    assert models
    for meta in models:
        path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        assert Client().get(path).status_code == 302, path
        assert customer.get(path).status_code in {302, 403, 404}, path
        assert b'id="result_list"' not in customer.get(path, follow=True).content, path


@pytest.fixture
def request_of_somebody():
    from privacycenter.kernel.actor import Actor
    from requests_app.domain import file_request

    owner = make_account()
    request = file_request(kind="access", user=owner, actor=Actor.for_user(owner))
    assert signed_in(owner, fresh=True).get(reverse("requests:detail", args=[request.ref])).status_code == 200
    return request
