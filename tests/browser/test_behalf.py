"""For a child, as an agent, for somebody who has died: from filing to the copy and its proof, as each of them and as a colleague."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from privacycenter.portal import demo
from tests.browser.fixtures import Visitor
from tests.browser.journeys import check_bundle, code_in, fetch, mail_text, release, send, sign_in
from tests.services.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"viewport": {"width": 390, "height": 844}}
LIST = "/admin/requests_app/request/"


def _file(requester: Visitor, link: str, capacity: str, *, address: str = "", own_address: str = "", born_on: str = "") -> None:
    """From the page that asks which right to the form, and off with it."""
    page = requester.page
    page.goto("/requests/new/")
    page.get_by_role("link", name=link, exact=True).click()
    requester.check_accessibility()
    page.get_by_label("Get a copy of their data").check()
    page.get_by_label("Your name").fill("Rita Rezende")
    page.get_by_label(capacity).check()
    page.get_by_label("Name of the person you ask for").fill("Small Rezende")
    page.get_by_label("Their e-mail address").fill(address)
    page.get_by_label("What else we may know them by").fill("" if address else "a customer since 2019")
    if born_on:
        page.get_by_label("Day on which the child was born").fill(born_on)
    if own_address:
        page.get_by_label("Your e-mail address").fill(own_address)
    send(requester, "Send me a code" if own_address else "Go on to the proof")


def _enter_code(requester: Visitor, stack: Stack, address: str) -> None:
    requester.check_accessibility()
    requester.page.fill("[name=code]", code_in(mail_text(stack)(address, "code")))
    send(requester, "Go on")


def _send_proof(requester: Visitor, *fields: str) -> str:
    """One document for each thing that is to be shown. Answers the reference."""
    requester.page.wait_for_url("**/requests/PR-*/proof/")
    requester.check_accessibility()
    for field in fields:
        paper = {"name": f"{field}.txt", "mimeType": "text/plain", "buffer": b"A paper with a stamp."}
        requester.page.set_input_files(f"[name={field}]", files=[paper])  # type: ignore[list-item]
    send(requester, "Send")
    requester.page.wait_for_url("**/requests/PR-*/")
    requester.check_accessibility()
    assert "Your proof is here." in requester.page.inner_text("main")
    return requester.page.url.rstrip("/").rpartition("/")[2]


def _accept(desk: Visitor, reference: str, *identifiers: str) -> None:
    """Find it among the proofs to look at, look with a reason, save each document, begin the work."""
    page = desk.page
    page.goto(f"{LIST}?burns=proof")
    page.locator("#result_list").get_by_role("link", name=reference).click()
    page.wait_for_load_state()
    assert "Rita Rezende" not in page.inner_text("main")
    page.locator("form[action$='/look/'] [name=reason]").first.check()
    page.fill("form[action$='/look/'] [name=note]", "the proof of who asks")
    page.get_by_role("button", name="Show personal data for 15 minutes").click()
    page.wait_for_load_state()
    desk.check_accessibility()
    assert "Rita Rezende" in page.inner_text("main")
    for link in page.locator("a[href*='/proof/']").all():
        with page.expect_download() as download:
            link.click()
        assert download.value.path().read_bytes() == b"A paper with a stamp."
    page.reload()
    assert "seen by" in page.inner_text("main")
    page.locator("form[action$='/representation/accept/'] [name=note]").fill("A paper with a stamp, of last year.")
    desk.expect_problem("422")  # where nobody is known by it yet, or somebody who is said to have died has an account
    for identifier in identifiers[:-1]:
        page.locator("form[action$='/representation/accept/'] [name=identifier]").fill(identifier)
        page.get_by_role("button", name="They may ask: begin the work").click()
        page.wait_for_load_state()
        desk.check_accessibility()
        assert "I am sure that the holder of this account has died" in page.inner_text("main")
    for identifier in identifiers[-1:]:
        page.locator("form[action$='/representation/accept/'] [name=identifier]").fill(identifier)
    page.get_by_role("button", name="They may ask: begin the work").click()
    page.wait_for_load_state()
    if page.locator("[name=may_be_new]").count():
        page.check("[name=may_be_new]")
        page.get_by_role("button", name="They may ask: begin the work").click()
        page.wait_for_load_state()
    assert "Accepted. The work has begun." in page.inner_text("body")


def _get(requester: Visitor, desk: Visitor, stack: Stack, reference: str, address: str, target: Path) -> dict[str, Any]:
    """Release, be told, open it by a code where there is no account, download, check. Answers the data."""
    release(desk, reference)
    stack.wait_for_mail(address, subject=reference)
    if not address.endswith("@people.example"):  # no account: in again by a code, from a browser that knows nothing of it
        requester.context.clear_cookies()
        requester.page.goto(f"/requests/{reference}/")
        so_far = _codes(stack, address)
        send(requester, "Send me a code")
        wait_until(lambda: _codes(stack, address) > so_far, seconds=60, what="another code")
        _enter_code(requester, stack, address)
    return check_bundle(stack, fetch(requester, reference, target))


def _codes(stack: Stack, address: str) -> int:
    """How many codes were mailed to an address."""
    return sum("code" in str(mail["Subject"]) for mail in stack.mails_to(address))


@pytest.mark.obligation("R-01")
def test_a_parent_with_an_account_asks_for_a_child(live_stack: Stack, visit, tmp_path: Path):
    oksana, desk = visit(live_stack.url, **PHONE), visit(live_stack.url)
    sign_in(oksana, "oksana")
    sign_in(desk, "dpo", to="/admin/")

    _file(oksana, "For my child", "As a parent", address=demo.WITHOUT_ACCOUNT, born_on="2018-03-04")
    reference = _send_proof(oksana, "custody")
    _accept(desk, reference)
    data = _get(oksana, desk, live_stack, reference, "oksana@people.example", tmp_path / "bundle.zip")

    assert demo.WITHOUT_ACCOUNT in [entry["value"] for entry in data["subject"]["identifiers"]]
    assert "oksana@people.example" not in str(data["subject"])
    oksana.page.goto("/requests/")
    assert reference in oksana.page.inner_text("main")


@pytest.mark.obligation("R-01")
def test_an_agent_without_an_account_asks_and_the_person_agrees(live_stack: Stack, visit, tmp_path: Path):
    agent, ramon, desk = visit(live_stack.url, **PHONE), visit(live_stack.url, **PHONE), visit(live_stack.url)
    sign_in(desk, "dpo", to="/admin/")
    address = "rita@office.example"

    _file(agent, "For somebody who asked me to", "As their lawyer", address="ramon@people.example", own_address=address)
    _enter_code(agent, live_stack, address)
    reference = _send_proof(agent, "authority")

    asked = mail_text(live_stack)("ramon@people.example", "act for you")
    assert "Rita" not in asked
    link = next(line.strip() for line in asked.splitlines() if "/requests/represented/" in line)
    path = link.removeprefix(live_stack.url) if link.startswith(live_stack.url) else "/" + link.split("/", 3)[3]
    ramon.page.goto(path)
    ramon.check_accessibility()
    assert "Rita Rezende" not in ramon.page.inner_text("main")
    sign_in(ramon, "ramon", to=path)
    ramon.check_accessibility()
    assert "Rita Rezende" in ramon.page.inner_text("main")
    send(ramon, "Yes, they may act for me")

    _accept(desk, reference)
    data = _get(agent, desk, live_stack, reference, address, tmp_path / "bundle.zip")
    assert "ramon@people.example" in [entry["value"] for entry in data["subject"]["identifiers"]]

    ramon.page.goto("/dashboard/")
    assert reference in ramon.page.inner_text("main")
    ramon.page.goto(f"/requests/{reference}/")
    ramon.check_accessibility()
    assert "Rita Rezende" in ramon.page.inner_text("main")
    ramon.expect_problem("404")
    assert ramon.page.goto(f"/requests/{reference}/fetch/").status == 404


@pytest.mark.obligation("R-01")
def test_an_heir_asks_for_somebody_who_has_died(live_stack: Stack, visit, tmp_path: Path):
    heir, desk = visit(live_stack.url, **PHONE), visit(live_stack.url)
    sign_in(desk, "dpo", to="/admin/")
    address = "heir@family.example"

    _file(heir, "For somebody who has died", "As an heir", own_address=address)
    _enter_code(heir, live_stack, address)
    reference = _send_proof(heir, "death", "entitlement")
    _accept(desk, reference, "lan@people.example", "greta.olsen@people.example")  # the first has an account that is used
    data = _get(heir, desk, live_stack, reference, address, tmp_path / "bundle.zip")

    assert "greta.olsen@people.example" in [entry["value"] for entry in data["subject"]["identifiers"]]
    heir.page.goto(f"/requests/{reference}/")
    assert "seen by a colleague" in heir.page.inner_text("main")
