"""The history of choices in a real browser, without scripts: take back, read the receipt, check it in public with nothing but its bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import heading, send, sign_in
from tests.services.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.obligation("L-02")
def test_a_consent_is_taken_back_and_its_receipt_checked_by_somebody_else(live_stack: Stack, visit, tmp_path):
    lan: Visitor = visit(live_stack.url, java_script_enabled=False)
    sign_in(lan, "lan", to="/dashboard/consents/")
    page = lan.page

    page.get_by_role("main").get_by_role("button", name="Take back").first.click()
    page.wait_for_load_state()
    assert page.get_by_role("status").first.inner_text().startswith("Taken back:")
    page.locator(".history a").first.click()
    page.wait_for_load_state()
    assert heading(lan).startswith("You switched off")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the receipt").click()
    file = tmp_path / "receipt.json"
    download.value.save_as(file)

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    _check_as_somebody_else(visit(live_stack.url, java_script_enabled=False), file, digest)


@pytest.mark.obligation("L-02")
def test_a_person_objects_and_takes_the_objections_back_their_own_and_the_one_of_their_browser(live_stack: Stack, visit):
    lan: Visitor = visit(live_stack.url, java_script_enabled=False, extra_http_headers={"Sec-GPC": "1"})
    sign_in(lan, "lan", to="/dashboard/consents/")
    section = lan.page.locator("#objections").locator("..")

    section.get_by_role("button", name="Object", exact=True).first.click()
    lan.page.wait_for_load_state()
    assert "you object to" in lan.page.get_by_role("status").first.inner_text()
    section.get_by_role("button", name="Take it back", exact=True).first.click()
    lan.page.wait_for_load_state()
    assert "is taken back" in lan.page.get_by_role("status").first.inner_text()
    section.get_by_role("button", name="Take it back for my account").click()
    lan.page.wait_for_load_state()
    assert section.get_by_role("button", name="Object for my account again").is_visible()


def test_objections_are_accessible_in_every_state(live_stack: Stack, visit):
    jonas: Visitor = visit(live_stack.url, extra_http_headers={"Sec-GPC": "1"})
    sign_in(jonas, "jonas", to="/dashboard/consents/")
    page = jonas.page

    page.get_by_role("button", name="Object", exact=True).first.click()
    page.get_by_role("button", name="Take it back", exact=True).first.wait_for()
    jonas.check_accessibility()
    page.get_by_role("button", name="Take it back for my account").click()
    page.get_by_role("button", name="Object for my account again").wait_for()
    jonas.check_accessibility()
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def _check_as_somebody_else(visitor: Visitor, file: Path, digest: str) -> None:
    page = visitor.page
    page.goto("/receipts/")
    page.set_input_files("[name=file]", file)
    send(visitor, "Check it")
    assert page.url.endswith(f"/receipts/{digest}/")
    assert heading(visitor) == "Yes: this receipt is genuine"

    changed = json.loads(file.read_text(encoding="utf-8")) | {"event_type": "given"}
    page.goto("/receipts/")
    page.fill("[name=receipt]", json.dumps(changed))
    visitor.expect_problem("404")
    send(visitor, "Check it")
    assert heading(visitor).startswith("No:")


def test_pages_of_a_receipt_are_accessible(live_stack: Stack, visit):
    jonas: Visitor = visit(live_stack.url)
    sign_in(jonas, "jonas", to="/dashboard/consents/")
    page = jonas.page

    page.locator(".history a").first.click()
    page.wait_for_load_state()
    jonas.check_accessibility()
    page.locator("a[href*='/receipts/']").first.click()
    page.wait_for_load_state()
    assert heading(jonas) == "Yes: this receipt is genuine"
    jonas.check_accessibility()
    jonas.expect_problem("404")
    page.goto(f"/receipts/{'0' * 64}/")
    jonas.check_accessibility()
