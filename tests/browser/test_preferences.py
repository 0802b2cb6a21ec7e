"""Choosing what comes and stopping it by a mailed link, as people do it: by keyboard, without scripts, and with scanners before them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.journeys import sign_in
from tests.services.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.obligation("D-05", "H-01")]

MAKE_LINK = """
from accounts.models import User
from privacycenter.preferences.enums import LinkKind
from privacycenter.preferences.links import make_link
from privacycenter.preferences.mail_headers import address_party
from privacycenter.preferences.models import Topic
user = User.objects.get(username="{login}")
party, key = address_party(user.email), str(user.subject.public_id)
topic = Topic.objects.filter(is_active=True).first().key
unsubscribe = make_link(party, kind=LinkKind.UNSUBSCRIBE, topic=topic, subject_key=key)
print("LINKS", unsubscribe, make_link(party, kind=LinkKind.PREFERENCES, subject_key=key))
"""
COUNT = """
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Suppression
print("COUNT", ConsentEvent.objects.count(), Suppression.objects.count(), DeliveryChoice.objects.count())
"""


def _said(stack: Stack, code: str, word: str) -> list[str]:
    [line] = re.findall(rf"^{word} (.*)$", stack.manage("shell", "--command", code).stdout, re.MULTILINE)
    return str(line).split()


def test_opening_a_link_with_scripts_running_changes_nothing_and_a_press_does(live_stack: Stack, visit: Any) -> None:
    unsubscribe, preferences = _said(live_stack, MAKE_LINK.format(login="lan"), "LINKS")
    before = _said(live_stack, COUNT, "COUNT")
    scanner = visit(live_stack.url)
    for path in (unsubscribe, preferences):
        scanner.page.goto(path)
        scanner.page.wait_for_load_state("networkidle")
        scanner.check_accessibility()
        assert scanner.page.locator("script").count() == 0
        assert scanner.context.cookies() == []
    assert _said(live_stack, COUNT, "COUNT") == before

    reader = visit(live_stack.url, java_script_enabled=False)
    reader.page.goto(unsubscribe)
    reader.page.locator("main").get_by_role("button", name=re.compile("^Unsubscribe from")).first.click()
    assert reader.page.get_by_role("heading", level=1).inner_text().startswith("You get no more")
    assert reader.context.cookies() == []
    assert _said(live_stack, COUNT, "COUNT") != before


def test_the_page_behind_a_link_is_used_by_keyboard_alone(live_stack: Stack, visit: Any) -> None:
    _unsubscribe, preferences = _said(live_stack, MAKE_LINK.format(login="oksana"), "LINKS")
    visitor = visit(live_stack.url)
    page = visitor.page
    page.goto(preferences)
    page.get_by_role("checkbox").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Stop these").focus()
    page.keyboard.press("Enter")

    page.get_by_role("heading", level=1, name="Done: it stops").wait_for()
    visitor.check_accessibility()


def test_a_person_chooses_saves_and_reads_what_changed(live_stack: Stack, visit: Any) -> None:
    visitor = visit(live_stack.url)
    visitor.expect_problem("422")
    sign_in(visitor, "ramon", to="/preferences/")
    page = visitor.page
    box = page.locator("input[name^=topic_]").first
    was_on = box.is_checked()
    box.set_checked(not was_on)
    page.get_by_label("Quiet from").fill("22:00")
    page.get_by_label("Quiet until").fill("")
    page.get_by_role("button", name="Save", exact=True).click()

    # one time without the other: what was ticked stays ticked
    page.locator("#error-summary").wait_for()
    assert page.locator("input[name^=topic_]").first.is_checked() is not was_on
    visitor.check_accessibility()

    page.get_by_label("Quiet until").fill("07:00")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Quiet hours are from 22:00 to 07:00.").wait_for()
    assert page.get_by_text(re.compile("^You will (no longer )?get")).count() == 1
