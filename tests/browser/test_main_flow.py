"""The main job, as people do it: register, sign in, order, release, download, check."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import journeys
from tests.browser.journeys import check_bundle, fetch, heading, mail_text, order, register, release, sign_in, sign_out
from tests.services.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _source(data: dict, key: str) -> dict:
    return next(source for source in data["sources"] if source["key"] == key)


@pytest.mark.obligation("C-01", "R-01")
def test_a_new_person_gets_a_bundle_that_can_be_checked(live_stack: Stack, visit, tmp_path: Path):
    nora, desk = visit(live_stack.url), visit(live_stack.url)
    address = register(nora, "nora", mail_text(live_stack))
    sign_out(nora)

    sign_in(nora, "nora", journeys.PASSWORD)
    reference = order(nora)
    sign_in(desk, "dpo", to="/admin/")
    release(desk, reference)
    live_stack.wait_for_mail(address, subject=reference)
    bundle = fetch(nora, reference, tmp_path / "bundle.zip")
    data = check_bundle(live_stack, bundle)

    assert data["reference"] == reference
    assert {"kind": "email", "value": address} in [
        {"kind": entry["kind"], "value": entry["value"]} for entry in data["subject"]["identifiers"]
    ]
    assert [source["key"] for source in data["sources"] if source["status"] == "failed"] == []
    assert "Nora Vaszary" in str(data["sources"])


@pytest.mark.obligation("R-01", "R-05")
def test_a_customer_of_the_shop_gets_what_the_connected_database_holds(live_stack: Stack, visit, tmp_path: Path):
    amira, desk = visit(live_stack.url), visit(live_stack.url)
    sign_in(amira, "amira")

    reference = order(amira)
    sign_in(desk, "dpo", to="/admin/")
    release(desk, reference)
    data = check_bundle(live_stack, fetch(amira, reference, tmp_path / "bundle.zip"))

    shop = [source for source in data["sources"] if source["key"].startswith("shop.")]
    assert len(shop) >= 3
    assert {source["status"] for source in shop} == {"found"}
    assert _source(data, "records.interactions")["count"] > 0


@pytest.mark.obligation("D-07")
def test_staff_see_personal_data_only_after_a_reason_and_the_person_sees_the_look(live_stack: Stack, visit):
    desk, jonas = visit(live_stack.url), visit(live_stack.url)
    sign_in(jonas, "jonas", to="/requests/")
    reference = jonas.page.locator("main a[href*='/requests/PR-']").first.get_attribute("href").strip("/").rpartition("/")[2]
    sign_in(desk, "agent", to="/admin/requests_app/request/")
    desk.page.get_by_role("link", name=reference).click()
    before = desk.page.inner_text("main")

    desk.page.locator("form[action$='/look/'] [name=reason]").first.check()
    desk.page.fill("form[action$='/look/'] [name=note]", "the address, to see whether it is the one that was written to")
    desk.page.get_by_role("button", name="Show personal data for 15 minutes").click()
    desk.page.wait_for_load_state()

    assert "jonas@people.example" not in before
    assert "jonas@people.example" in desk.page.inner_text("main")
    jonas.page.goto("/dashboard/activity/")
    assert "looked" in jonas.page.inner_text("main").lower()


def test_no_page_of_another_person_opens(live_stack: Stack, visit):
    jonas, oksana = visit(live_stack.url), visit(live_stack.url)
    sign_in(jonas, "jonas", to="/requests/")
    jonas.page.locator("main a[href*='/requests/PR-']").first.click()
    path = jonas.page.url.removeprefix(live_stack.url)
    sign_in(oksana, "oksana")
    oksana.expect_problem("404")

    for page in (path, f"{path}fetch/", f"{path}bundle/"):
        answer = oksana.page.goto(page)
        assert answer is not None
        assert answer.status == 404
        assert heading(oksana)
