"""/api/docs/: Swagger UI from our own files, under the policy of all pages."""

from __future__ import annotations

import pytest

from tests.browser.journeys import sign_in
from tests.services.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_page_of_the_api_runs_under_the_policy_and_fits_a_phone(live_stack: Stack, visit):
    page = visit(live_stack.url).page

    page.goto("/api/docs/")
    page.locator("#operations-gate-decisions").get_by_role("button").first.click()

    assert page.locator("h1").count() == 1
    page.get_by_text("up to 10,000 questions").wait_for()
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_person_tries_a_call_about_themselves(live_stack: Stack, visit):
    visitor = visit(live_stack.url)
    sign_in(visitor, "lan")
    page = visitor.page
    page.goto("/api/docs/")
    call = page.locator("#operations-me-me_signals")

    call.get_by_role("button").first.click()
    call.get_by_role("button", name="Try it out").click()
    with page.expect_response("**/api/v1/me/signals/") as answer:
        call.get_by_role("button", name="Execute").click()

    assert answer.value.status == 200
    assert answer.value.json()["is_sent"] is False


def test_without_javascript_the_page_leads_to_the_schema(live_stack: Stack, visit):
    page = visit(live_stack.url, java_script_enabled=False).page

    page.goto("/api/docs/")

    assert page.locator("noscript .notice").is_visible()  # text in it is none to Playwright
    assert page.get_by_role("link", name="The schema (OpenAPI 3.1)").get_attribute("href") == "/api/schema/"
