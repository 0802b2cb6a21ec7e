"""Data of somebody else in a copy: found, hidden and compared at the desk, and what the person gets and reads of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import check_bundle, fetch, order, release, send, sign_in
from tests.services.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIST = "/admin/requests_app/request/"


def _press(staff: Visitor, name: str) -> None:
    staff.page.get_by_role("button", name=name, exact=True).click()
    staff.page.wait_for_load_state()


def _open_ticket_in_review(staff: Visitor, reference: str) -> None:
    def is_in_review() -> bool:
        staff.page.goto(f"{LIST}?q={reference}")
        return "To be released" in staff.page.locator("#result_list").inner_text()

    wait_until(is_in_review, seconds=120, what="the last check before release")
    staff.page.locator("#result_list").get_by_role("link", name=reference).click()
    staff.page.wait_for_load_state()


@pytest.mark.obligation("R-01", "D-07")
def test_somebody_else_is_hidden_in_a_copy_and_the_person_is_told(live_stack: Stack, visit, tmp_path: Path):
    ramon, dpo = visit(live_stack.url), visit(live_stack.url)
    sign_in(ramon, "ramon")
    sign_in(dpo, "dpo", to="/admin/")
    ramon.page.goto("/requests/new/?kind=complaint")
    ramon.page.get_by_label("Something else").check()
    ramon.page.get_by_label("Your complaint or question").fill("Zdenka Horak <zdenka@others.example> reads my mails, says ZDENKA HORAK.")
    send(ramon, "Send it")
    reference = order(ramon)

    _open_ticket_in_review(dpo, reference)
    assert "zdenka" not in dpo.page.inner_text("main").lower()
    assert dpo.page.get_by_role("link", name="Look for data of other people and hide it").count() == 0
    dpo.page.get_by_label("Prepare or check the answer").check()
    dpo.page.get_by_label("What exactly do you need to see?").fill("Whether others stand in it.")
    _press(dpo, "Show personal data for 15 minutes")
    dpo.page.get_by_role("link", name="Look for data of other people and hide it").click()
    dpo.page.wait_for_load_state()
    dpo.check_accessibility()
    _press(dpo, "Hide as Person A: zdenka@others.example")
    _press(dpo, "Hide as Person A: Zdenka Horak")
    dpo.check_accessibility()
    changes = dpo.page.get_by_role("group", name="Before and after: the first places").inner_text()
    assert "Zdenka Horak <zdenka@others.example> reads my mails" in changes
    assert "[Person A] <[Person A]> reads my mails, says [Person A]." in changes
    _press(dpo, "Make the copy anew")
    _open_ticket_in_review(dpo, reference)
    dpo.check_accessibility()
    assert "2 things are hidden in the copy." in dpo.page.inner_text("main")
    release(dpo, reference)

    ramon.page.goto(f"/requests/{reference}/")
    ramon.check_accessibility()
    told = ramon.page.inner_text("main")
    assert "In 3 places, data about other people was replaced by labels such as “Person A”." in told
    assert "Ask for a review" in told
    bundle = fetch(ramon, reference, tmp_path / "bundle.zip")
    check_bundle(live_stack, bundle)
    with zipfile.ZipFile(bundle) as archive:
        document = archive.read("personal-data.json").decode()
        assert json.loads(archive.read("manifest.json"))["hidden"]["places"] == 3
    assert "[Person A] <[Person A]> reads my mails, says [Person A]." in document
    assert "zdenka" not in document.lower()
