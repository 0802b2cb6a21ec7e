"""What people do, step by step, through the pages as they stand."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from privacycenter.portal import demo
from tests.browser import independent
from tests.browser.fixtures import Visitor
from tests.services.stack import Stack, wait_until

PASSWORD = "seven quiet herons"
MailText = Callable[[str, str], str]
"""Answers the text of the newest mail to an address whose subject fits a pattern, once it is there."""


def mail_text(stack: Stack) -> MailText:
    """Read mails from the files under var/mail."""

    def text(address: str, subject: str) -> str:
        body = stack.wait_for_mail(address, subject=subject).get_body(preferencelist=("plain",))
        assert body is not None
        return str(body.get_content())

    return text


def code_in(text: str) -> str:
    """The code of a mail: it stands on a line of its own."""
    found = re.search(r"^\s*([A-Z0-9]{4}-?[A-Z0-9]{4}(?:-?[A-Z0-9]{2,4})?)\s*$", text, re.MULTILINE)
    assert found, "no code in the mail"
    return found[1]


def send(visitor: Visitor, name: str) -> None:
    """Press the button with this name in the page's main part and wait for the next page."""
    visitor.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()
    visitor.page.wait_for_load_state()


def heading(visitor: Visitor) -> str:
    return visitor.page.locator("h1").inner_text()


def register(visitor: Visitor, username: str, mail: MailText) -> str:
    """Create an account and confirm its address. Answers the address."""
    address = f"{username}@new.example"
    page = visitor.page
    page.goto("/accounts/signup/")
    visitor.check_accessibility()
    page.fill("[name=full_name]", "Nora Vaszary")
    page.fill("[name=email]", address)
    page.fill("[name=phone]", "+36 1 234 5678")
    page.fill("[name=company]", "Vaszary Kft.")
    page.select_option("[name=country]", "HU")
    page.fill("[name=username]", username)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=birth_date]", "1990-05-04")
    send(visitor, "Create account")
    confirm_address(visitor, address, mail)
    return address


def confirm_address(visitor: Visitor, address: str, mail: MailText) -> None:
    visitor.check_accessibility()
    visitor.page.fill("[name=code]", code_in(mail(address, "code|confirm")))
    send(visitor, "Confirm")
    visitor.page.wait_for_url("**/dashboard/")


def sign_in(visitor: Visitor, login: str, password: str = demo.PASSWORD, *, to: str = "/dashboard/") -> None:
    visitor.page.goto(f"/accounts/login/?next={to}")
    visitor.page.fill("[name=login]", login)
    visitor.page.fill("[name=password]", password)
    send(visitor, "Sign in")
    visitor.page.wait_for_url(f"**{to}")


def sign_out(visitor: Visitor) -> None:
    visitor.page.goto("/accounts/logout/")
    send(visitor, "Sign out")


def order(visitor: Visitor, kind: str = "access", *, prove: Callable[[], None] | None = None) -> str:
    """File a request; `prove` does what the page asks of somebody who is to prove themselves first. Answers its reference."""
    visitor.page.goto(f"/requests/new/?kind={kind}")
    visitor.check_accessibility()
    send(visitor, "Send the request")
    if prove:
        visitor.check_accessibility()
        prove()
    visitor.page.wait_for_url("**/requests/PR-*/")
    visitor.check_accessibility()
    return visitor.page.url.rstrip("/").rpartition("/")[2]


def release(staff: Visitor, reference: str) -> None:
    """At the desk: wait until the workers are done, look at the ticket, release."""
    page = staff.page

    def is_in_review() -> bool:
        page.goto("/admin/requests_app/request/")
        row = page.locator("tr", has_text=reference)
        return "To be released" in row.inner_text()

    wait_until(is_in_review, seconds=120, what="the last check before release")
    page.get_by_role("link", name=reference).click()
    staff.check_accessibility()
    page.get_by_label("I have looked at what is in it").check()
    page.get_by_role("button", name=re.compile("^Release")).click()
    page.wait_for_load_state()
    assert "Released" in page.inner_text("main")


def fetch(visitor: Visitor, reference: str, target: Path) -> Path:
    """Download the bundle as the browser does."""
    page = visitor.page
    page.goto(f"/requests/{reference}/fetch/")
    visitor.check_accessibility()
    with page.expect_download() as download:
        page.get_by_role("main").get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename == f"privacy-bundle-{reference}.zip"
    download.value.save_as(target)
    return target


def check_bundle(stack: Stack, bundle: Path) -> dict[str, Any]:
    """Check it by the product's command, offline, and by a check of its own that shares no code. Answers the data."""
    with urllib.request.urlopen(f"{stack.url}/.well-known/privacy-bundle-keys.json") as answer:
        jwks = json.load(answer)
    stack.manage("verify_bundle", str(bundle))
    return independent.check(bundle, jwks)
