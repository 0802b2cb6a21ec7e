"""Data taken straight to another service: named when filing, checked at the desk, confirmed, cut, arrived, proven."""

from __future__ import annotations

import hashlib
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import release, send, sign_in
from tests.factories.tus_receiver import keys_of, make_certificates, receiving
from tests.services.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RECEIVERS = "/admin/requests_app/receiver/"


def _file(person: Visitor, address: str) -> str:
    """Ask for a copy to take along, and name who is to get it. Answers the reference."""
    page = person.page
    page.goto("/requests/new/?kind=portability")
    person.check_accessibility()
    page.get_by_label("Yes, to another one, which I name below").check()
    page.get_by_label("Name of the other service").fill("Acme Bank")
    person.expect_problem("422")  # an address that is no https one
    page.get_by_label("Address at which it takes data over").fill("http://acme.example/")
    send(person, "Send the request")
    person.check_accessibility()
    page.get_by_label("Address at which it takes data over").fill(address)
    send(person, "Send the request")
    page.wait_for_url("**/requests/PR-*/")
    person.check_accessibility()
    assert "A colleague checks it first" in page.inner_text("main")
    return page.url.rstrip("/").rpartition("/")[2]


def _approve(staff: Visitor) -> None:
    page = staff.page
    page.goto(RECEIVERS)
    staff.check_accessibility()
    page.get_by_role("link", name="Acme Bank").click()
    staff.check_accessibility()
    page.get_by_label("Name that everybody sees").fill("Acme Bank Ltd")
    page.get_by_role("button", name="Approve", exact=True).click()
    page.wait_for_load_state()
    staff.check_accessibility()
    assert "Withdraw the approval" in page.inner_text("main")


def _says(person: Visitor, reference: str, words: str) -> Callable[[], bool]:
    def is_said() -> bool:
        person.page.goto(f"/requests/{reference}/")
        return words in person.page.inner_text("main")

    return is_said


@pytest.mark.obligation("R-05")
def test_a_copy_goes_straight_to_a_service_that_the_person_named(make_stack: Callable[..., Stack], visit, tmp_path: Path):
    trusted, served = make_certificates(tmp_path / "certificates", "localhost")
    stack = make_stack(DEMO="1", TRANSFER_ALLOW_LOOPBACK="1", SSL_CERT_FILE=str(trusted), JOB_LEASE_SECONDS="3")
    stack.start()
    stack.manage("seed_demo")
    with urllib.request.urlopen(f"{stack.url}/.well-known/privacy-bundle-keys.json") as answer:
        keys = keys_of(answer.read())
    with receiving(served, keys) as their_side:
        go_on = threading.Event()
        their_side.before_piece = lambda: go_on.wait(120)
        amira, dpo = visit(stack.url), visit(stack.url)
        sign_in(amira, "amira")
        sign_in(dpo, "dpo", to="/admin/")
        reference = _file(amira, their_side.url)
        _approve(dpo)
        stack.wait_for_mail("amira@people.example", subject=f"approved.*{reference}")
        release(dpo, reference)

        sign_in_again(amira)
        amira.page.goto(f"/requests/{reference}/")
        amira.check_accessibility()
        amira.page.get_by_role("link", name="See what goes, and send it").click()
        amira.check_accessibility()
        shown = amira.page.inner_text("main")
        for words in ("Acme Bank Ltd", "localhost:", "can't be called back", "Records"):
            assert words in shown, words
        assert their_side.asked == [], "nothing goes before it is confirmed"
        send(amira, "Send it")
        amira.check_accessibility()
        assert "being sent to Acme Bank Ltd" in amira.page.inner_text("main")

        wait_until(lambda: "HEAD" in their_side.methods(), what="the first piece")
        stack.kill("worker")
        go_on.wait(4)  # its lease is over when the next one looks; nothing sweeps here but a worker that starts
        stack.start_worker()
        go_on.set()
        wait_until(_says(amira, reference, "Their receipt"), seconds=120, what="the arrival")
        amira.check_accessibility()
        proof = amira.page.inner_text("main")
        arrived = bytes(their_side.only.data)
        for words in ("Received", "Acme Bank Ltd", str(len(arrived)), hashlib.sha256(arrived).hexdigest()):
            assert words in proof, words
        assert their_side.problems == []
        stack.wait_for_mail("amira@people.example", subject=f"arrived.*{reference}")

        bundle = tmp_path / "their-copy.zip"
        bundle.write_bytes(arrived)
        stack.manage("verify_bundle", str(bundle))

    dpo.page.goto(RECEIVERS)
    dpo.page.get_by_role("link", name="Acme Bank Ltd").click()
    dpo.page.get_by_label("Reason").fill("It was sold.")
    dpo.page.get_by_role("button", name="Withdraw", exact=True).click()
    dpo.page.wait_for_load_state()
    assert "It was sold." in dpo.page.inner_text("main")
    amira.page.goto(f"/requests/{reference}/transfer/")
    amira.check_accessibility()
    assert "Acme Bank Ltd" not in amira.page.inner_text("main form")


def sign_in_again(person: Visitor) -> None:
    """A machine under load may have let the fresh sign-in of before go stale."""
    person.page.goto("/accounts/logout/")
    send(person, "Sign out")
    sign_in(person, "amira")
