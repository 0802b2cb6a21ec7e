"""Pages in a real browser: nothing for axe to find in either scheme, nothing wider than a small phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from privacycenter.kernel.sources import registry
from tests.portal.test_holdings import Broken, Shelf
from tests.portal.test_pages import look

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PHONE, DESK = {"width": 320, "height": 700}, {"width": 1280, "height": 900}
OPEN_PAGES = ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/requests/", "/requests/new/")
OWN_PAGES = (
    "/dashboard/",
    "/dashboard/data/",
    "/dashboard/data/purchases/",
    "/dashboard/activity/",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/accounts/logout/",
    "/requests/new/?kind=access",
)


def session_cookies(user: User, url: str) -> list[dict[str, Any]]:
    client = Client()
    client.force_login(user)
    return [{"name": name, "value": morsel.value, "url": url} for name, morsel in client.cookies.items()]


def check(visitor: Any, address: str) -> None:
    response = visitor.page.goto(address)
    visitor.page.wait_for_load_state("networkidle")

    assert response.status == 200, address
    assert visitor.page.locator("h1").count() == 1, address
    too_wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{address} is {too_wide} px too wide"
    visitor.check_accessibility()


def test_pages_open_to_everybody(live_server, visit):
    visitor = visit(live_server.url, viewport=PHONE)

    for address in OPEN_PAGES:
        check(visitor, address)


@pytest.mark.parametrize(("viewport", "lots"), [(DESK, False), (PHONE, True)], ids=["empty on a desk", "lots on a phone"])
def test_pages_of_a_person(live_server, visit, viewport, lots):
    person = User.objects.create_user("anna", "anna@example.com", "correct horse battery", full_name="Anna Weber-Castellanos y Lindqvist")
    visitor = visit(live_server.url, viewport=viewport)
    visitor.context.add_cookies(session_cookies(person, live_server.url))
    if lots:
        look(person, number=30)
        sources = (
            Shelf("x.calls", "interactions", count=1_234_567),
            Shelf("x.invoices", "purchases", count=12),
            Broken("x.shop", "purchases", in_database=False),
        )
    else:
        sources = (Shelf("x.invoices", "purchases", count=0),)

    with registry.temporarily(*sources, only=True):
        for address in OWN_PAGES:
            check(visitor, address)


def test_an_unknown_page_is_calm_too(live_server, visit):
    visitor = visit(live_server.url, viewport=PHONE)
    visitor.expect_problem("404")

    visitor.page.goto("/no/such/page/")

    assert visitor.page.inner_text("h1") == "There is no such page"
    visitor.check_accessibility()


def test_the_account_menu_and_details_work_by_keyboard(live_server, visit):
    person = User.objects.create_user("anna", "anna@example.com", "correct horse battery")
    visitor = visit(live_server.url, viewport=DESK)
    visitor.context.add_cookies(session_cookies(person, live_server.url))
    visitor.page.goto(reverse("portal:dashboard"))

    visitor.page.keyboard.press("Tab")
    skip_link = visitor.page.evaluate("document.activeElement.textContent.trim()")
    visitor.page.locator(".account-menu summary").focus()
    visitor.page.keyboard.press("Enter")

    assert skip_link == "Skip to content"
    assert visitor.page.get_by_role("link", name="Profile").is_visible()


def test_pages_can_be_used_without_javascript(live_server, visit):
    User.objects.create_user("anna", "anna@example.com", "correct horse battery")
    visitor = visit(live_server.url, java_script_enabled=False)

    visitor.page.goto("/")
    visitor.page.get_by_role("link", name="Get a copy of your data").first.click()

    assert visitor.page.inner_text("h1") == "Get a copy of your data"
