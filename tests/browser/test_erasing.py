"""From filing to the certificate: as the person, as the one who proposes and the one who approves, and with the link that is left."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import PASSWORD, check_bundle, fetch, heading, mail_text, register, release, send, sign_in
from tests.services.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# The days to stop it are not waited for.
COOL = """
from datetime import timedelta
from privacycenter.kernel import clock
from requests_app.erasure.work import begin_erasure
from requests_app.models import ErasurePlan
plan = ErasurePlan.objects.select_related("request__subject").get(request__ref="{reference}", superseded_at=None)
plan.cooling_until = clock.now() - timedelta(minutes=1)
plan.save(update_fields=["cooling_until"])
assert begin_erasure(plan) is {begins}
plan.refresh_from_db(fields=["waits_for"])
assert plan.waits_for == "{waits_for}", plan.waits_for
"""


def _ask(person: Visitor, *, copy_first: bool = False) -> str:
    """Ask for the deletion of everything; answers the reference."""
    page = person.page
    page.goto("/requests/new/?kind=erasure")
    person.check_accessibility()
    assert "Some of it has to stay for a time" in page.inner_text("main")
    if copy_first:
        page.get_by_label("Give me a copy of my data first").check()
    page.get_by_label("I know that what was deleted can't be brought back").check()
    send(person, "Ask for the deletion")
    page.fill("[name=password]", PASSWORD)
    send(person, "Confirm")
    page.wait_for_url("**/requests/PR-*/")
    return page.url.rstrip("/").rpartition("/")[2]


def _wait_for_plan(person: Visitor, reference: str) -> None:
    def is_planned() -> bool:
        person.page.goto(f"/requests/{reference}/")
        return "What will be deleted" in person.page.inner_text("main")

    wait_until(is_planned, seconds=60, what="the plan")
    person.check_accessibility()


def _cool(stack: Stack, reference: str, *, waits_for: str = "") -> None:
    """Let the days to stop it be over, and the erasure begin, or wait for what `waits_for` names."""
    stack.manage("shell", "--command", COOL.format(reference=reference, begins=not waits_for, waits_for=waits_for))


def _sign(staff: Visitor, reference: str, button: str) -> None:
    page = staff.page
    page.goto(f"/admin/requests_app/request/?q={reference}")
    page.locator("#result_list").get_by_role("link", name=reference).click()
    page.wait_for_load_state()
    staff.check_accessibility()
    page.get_by_label("I have looked at every line").check()
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state()


@pytest.mark.obligation("R-03", "K-02", "K-03")
def test_an_erasure_from_filing_to_the_certificate(live_stack: Stack, visit):
    mail = mail_text(live_stack)
    nora, agent, dpo, anybody = visit(live_stack.url), visit(live_stack.url), visit(live_stack.url), visit(live_stack.url)
    address = register(nora, "noraleaves", mail)
    sign_in(agent, "agent", to="/admin/")
    sign_in(dpo, "dpo", to="/admin/")

    reference = _ask(nora)
    _wait_for_plan(nora, reference)
    _sign(agent, reference, "Propose this plan")
    assert "Somebody else has to approve it" in agent.page.inner_text("main")
    _sign(dpo, reference, "Approve this plan")
    dpo.check_accessibility()
    assert "You can still stop it until" in mail(address, f"will be deleted.*{reference}")
    nora.page.reload()
    nora.check_accessibility()
    assert nora.page.get_by_role("link", name="Stop the deletion").is_visible()

    _cool(live_stack, reference)
    link = re.search(r"https?://\S+/requests/certificate/\S+/", mail(address, f"was deleted.*{reference}"))
    assert link is not None
    anybody.page.goto(urlsplit(link[0]).path)
    anybody.check_accessibility()
    assert heading(anybody) == "Certificate of erasure"
    assert not any(word in anybody.page.content() for word in (address, "noraleaves", "Vaszary"))
    with anybody.page.expect_download() as download:
        anybody.page.get_by_role("link", name="Download as PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    dpo.page.reload()
    dpo.check_accessibility()
    assert "Certificate (PDF)" in dpo.page.inner_text("main")


@pytest.mark.obligation("R-01", "R-03")
def test_a_copy_comes_first_where_the_person_asked_for_both(live_stack: Stack, visit, tmp_path: Path):
    mail = mail_text(live_stack)
    ines, agent, dpo = visit(live_stack.url), visit(live_stack.url), visit(live_stack.url)
    address = register(ines, "inescopiesfirst", mail)
    sign_in(agent, "agent", to="/admin/")
    sign_in(dpo, "dpo", to="/admin/")

    reference = _ask(ines, copy_first=True)
    _wait_for_plan(ines, reference)
    with ines.page.expect_navigation():
        ines.page.get_by_role("link", name="See the copy").click()
    copy = ines.page.url.rstrip("/").rpartition("/")[2]
    assert copy != reference
    _sign(agent, reference, "Propose this plan")
    _sign(dpo, reference, "Approve this plan")
    _cool(live_stack, reference, waits_for="copy")

    release(dpo, copy)
    mail(address, copy)
    _cool(live_stack, reference, waits_for="copy")
    data = check_bundle(live_stack, fetch(ines, copy, tmp_path / "bundle.zip"))
    assert data["reference"] == copy
    assert address in {entry["value"] for entry in data["subject"]["identifiers"]}

    _cool(live_stack, reference)
    assert "ertificate" in mail(address, f"was deleted.*{reference}")
    dpo.page.goto(f"/admin/requests_app/request/?q={reference}")
    dpo.page.locator("#result_list").get_by_role("link", name=reference).click()
    assert "Certificate (PDF)" in dpo.page.inner_text("main")
