"""Rectification as people do it: mark what is wrong, decide, have it made, see who was told, leave a note."""

from __future__ import annotations

import re

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import mail_text, send, sign_in
from tests.services.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROVIDER = "privacy@provider.example"
CALLS = "/requests/correct/in/records.interactions/"


def _mark(visitor: Visitor, number: int, value: str) -> None:
    """Mark the summary of a record as wrong, and say what it should be."""
    page = visitor.page
    page.goto(CALLS)
    visitor.check_accessibility()
    record = page.locator("section.record").nth(number)
    record.locator("button[name=field][value=summary]").click()
    page.wait_for_load_state()
    visitor.check_accessibility()
    page.fill("[name=value]", value)
    page.fill("[name=reason]", "I have the letter here.")
    send(visitor, "Keep this correction")


@pytest.mark.obligation("R-02")
def test_a_wrong_value_is_put_right_and_a_refused_one_gets_a_note(live_stack: Stack, visit):
    amira, desk = visit(live_stack.url), visit(live_stack.url)
    sign_in(amira, "amira")
    amira.page.goto("/requests/new/?kind=rectification")
    amira.check_accessibility()
    _mark(amira, 0, "Asked about the invoice of May")
    _mark(amira, 1, "Never called about this")
    amira.check_accessibility()
    send(amira, "Send the request")
    amira.page.wait_for_url("**/requests/PR-*/")
    amira.check_accessibility()
    reference = amira.page.url.rstrip("/").rpartition("/")[2]

    sign_in(desk, "dpo", to="/admin/datamap/recipient/")
    desk.page.get_by_role("link", name="service_providers").click()
    desk.page.fill("[name=notice_address]", PROVIDER)
    desk.page.get_by_role("button", name="Save", exact=True).click()
    desk.page.goto("/admin/requests_app/request/")
    desk.page.get_by_role("link", name=reference).click()
    assert "Asked about the invoice of May" not in desk.page.inner_text("main")
    desk.page.locator("form[action$='/look/'] [name=reason]").first.check()
    desk.page.fill("form[action$='/look/'] [name=note]", "the two summaries, to compare them with the calls")
    desk.page.get_by_role("button", name="Show personal data for 15 minutes").click()
    desk.page.wait_for_load_state()
    desk.check_accessibility()
    for number, verdict in enumerate(("accept", "refuse")):
        form = desk.page.locator(".desk-correction form").nth(number)
        form.locator(f"[name=verdict][value={verdict}]").check()
        form.locator("[name=reason]").fill("The recording says so.")
        form.get_by_role("button", name="Decide").click()
        desk.page.wait_for_load_state()
    desk.page.get_by_role("button", name="Make the accepted corrections and answer").click()
    desk.page.wait_for_load_state()

    def is_answered() -> bool:
        amira.page.goto(f"/requests/{reference}/")
        return "The recording says so." in amira.page.inner_text("main")

    wait_until(is_answered, seconds=60, what="the answer")
    amira.check_accessibility()
    assert "Who is told of the change" in amira.page.inner_text("main")
    amira.page.get_by_role("link", name="Add a note").click()
    amira.check_accessibility()
    amira.page.fill("[name=words]", "I still say that I never called.")
    send(amira, "Leave this note")
    assert "I still say that I never called." in amira.page.inner_text("main")
    amira.page.goto(CALLS)
    assert "Asked about the invoice of May" in amira.page.inner_text("main")

    provider = visit(live_stack.url)
    text = mail_text(live_stack)(PROVIDER, "Please correct")
    assert "invoice" not in text
    link = re.search(r"\S+/requests/told/\S+", text)
    assert link is not None
    provider.page.goto(link[0])
    provider.check_accessibility()
    send(provider, "Show whom and what it is about")
    provider.check_accessibility()
    assert "Asked about the invoice of May" in provider.page.inner_text("main")
    provider.page.get_by_label("Done, also by those we gave it to").check()
    send(provider, "Send the answer")
    assert "Thank you" in provider.page.inner_text("main")

    amira.page.goto(f"/requests/{reference}/")
    assert "Told, and has answered" in amira.page.inner_text("main")
    desk.page.reload()
    assert "Told, and has answered" in desk.page.inner_text("main")
    desk.check_accessibility()
