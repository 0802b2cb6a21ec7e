"""Every page: accessible in both colour schemes, nothing cut off at 320 px, one heading, usable without JavaScript."""

from __future__ import annotations

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import sign_in
from tests.services.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PUBLIC = (
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/requests/",
    "/requests/new/",
    "/requests/new/?kind=access",
    "/requests/new/?kind=portability",
    "/requests/new/?kind=complaint",
    "/complain/",
    "/complain/?country=DE",
    "/complain/?country=VA",
    "/requests/new/?kind=rectification",
    "/requests/new/?kind=erasure",
    "/requests/new/?kind=restriction",
    "/requests/new/?kind=objection",
    "/requests/new/?kind=withdrawal",
    "/requests/child/",
    "/requests/child/thanks/",
    "/cookies/",
    "/receipts/",
    "/preferences/",
    "/preferences/link/",
    "/preferences/link/sent/",
    "/preferences/subscribe/",
    "/preferences/subscribe/sent/",
)
PERSON = (
    "/dashboard/",
    "/dashboard/data/",
    "/dashboard/data/identity/",
    "/dashboard/data/purchases/",
    "/dashboard/activity/",
    "/dashboard/consents/",
    "/dashboard/consents/?only=choices",
    "/dashboard/sharing/",
    "/preferences/",
    "/receipts/",
    "/requests/",
    "/requests/new/",
    "/requests/new/?kind=access",
    "/requests/new/?kind=rectification",
    "/requests/new/?kind=erasure",
    "/requests/new/?kind=restriction",
    "/requests/new/?kind=objection",
    "/requests/new/?kind=withdrawal",
    "/requests/correct/",
    "/requests/correct/in/records.interactions/",
    "/requests/{ref}/",
    "/requests/{ref}/fetch/",
    "/requests/{ref}/reopen/",
    "/accounts/profile/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/sessions/",
    "/accounts/3rdparty/",
    "/accounts/security-questions/",
    "/accounts/close/",
    "/accounts/logout/",
)
STAFF = (
    "/admin/",
    "/admin/requests_app/request/",
    "/admin/requests_app/ledgerentry/",
    "/admin/requests_app/regime/",
    "/admin/requests_app/regime/add/",
    "/admin/requests_app/childreport/",
    "/admin/audit/auditentry/",
    "/admin/jobs/job/",
    "/admin/mail/outboxmessage/",
    "/admin/subjects/subject/",
    "/admin/datamap/purpose/",
    "/admin/datamap/collectionnotice/",
    "/admin/datamap/connector/",
    "/admin/datamap/connectorsource/",
    "/admin/datamap/connectorsource/1/changes/",
    "/admin/datamap/connectorsource/1/dry-run/",
    "/admin/preferences/apiclient/",
    "/admin/preferences/apiclient/add/",
    "/admin/preferences/service/",
    "/admin/preferences/service/add/",
    "/admin/preferences/bannersettings/1/change/",
    "/admin/preferences/consentevent/",
    "/admin/preferences/consentevent/person/",
    "/admin/preferences/suppression/",
)

MARKETING_PAGES = (
    "/admin/",
    "/admin/preferences/topic/",
    "/admin/preferences/topic/1/change/",
    "/admin/preferences/topic/figures/",
    "/admin/preferences/campaign/",
    "/admin/preferences/campaign/add/",
    "/admin/preferences/campaign/1/change/",
    "/admin/preferences/campaign/1/preview/",
    "/admin/preferences/campaign/2/change/",
    "/admin/preferences/campaign/2/preview/",
    "/admin/preferences/addresslist/",
    "/admin/preferences/addresslist/upload/",
)


def _look_at(visitor: Visitor, path: str, *, narrow: bool = True) -> None:
    page = visitor.page
    page.goto(path)
    assert page.locator("h1").count() == 1, path
    assert page.title(), path
    visitor.check_accessibility()
    if narrow:
        page.set_viewport_size({"width": 320, "height": 640})
        wider_by = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        page.set_viewport_size({"width": 1280, "height": 800})
        assert wider_by == 0, f"{path} is {wider_by} px wider than 320 px"


def test_public_pages_are_accessible_and_fit_a_phone(live_stack: Stack, visit):
    visitor = visit(live_stack.url)

    for path in PUBLIC:
        _look_at(visitor, path)


def test_pages_of_a_person_are_accessible_and_fit_a_phone(live_stack: Stack, visit):
    jonas = visit(live_stack.url)
    sign_in(jonas, "jonas", to="/requests/")
    reference = jonas.page.locator("main a[href*='/requests/PR-']").first.get_attribute("href").strip("/").rpartition("/")[2]

    for path in PERSON:
        _look_at(jonas, path.format(ref=reference))


def test_pages_of_staff_are_accessible(live_stack: Stack, visit):
    dpo = visit(live_stack.url)
    sign_in(dpo, "dpo", to="/admin/")

    for path in STAFF:
        _look_at(dpo, path, narrow=False)
    dpo.page.goto("/admin/requests_app/request/")
    dpo.page.locator("#result_list a[href$='/change/']").first.click()
    dpo.check_accessibility()
    dpo.page.goto("/admin/subjects/subject/")
    dpo.page.locator("#result_list a[href$='/change/']").first.click()
    dpo.check_accessibility()
    dpo.page.get_by_role("link", name="Choices of this person").click()
    dpo.page.get_by_label("The person asked us for something").check()
    dpo.page.get_by_role("button", name="Show once").click()
    dpo.page.get_by_role("heading", name="What the person chose").wait_for()
    dpo.check_accessibility()


def test_pages_of_marketing_are_accessible(live_stack: Stack, visit, tmp_path):
    marketing = visit(live_stack.url)
    sign_in(marketing, "marketing", to="/admin/")

    for path in MARKETING_PAGES:
        _look_at(marketing, path, narrow="/campaign/1/" in path or path.endswith(("figures/", "upload/")))
    page = marketing.page
    page.goto("/admin/preferences/addresslist/upload/")
    page.get_by_label("Topic").select_option("product_news")
    page.get_by_label("List").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": b"email\nnobody@people.example\nbroken\n"}
    )
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("heading", name="Ready").wait_for()
    marketing.check_accessibility()
    with page.expect_download() as download:
        page.get_by_role("button", name="Fetch the answer").click()
    assert b"nobody@people.example,no," in download.value.path().read_bytes()


def test_the_main_pages_work_without_javascript(live_stack: Stack, visit):
    visitor = visit(live_stack.url, java_script_enabled=False)

    sign_in(visitor, "lan")
    for path in (
        "/dashboard/",
        "/dashboard/data/",
        "/dashboard/consents/",
        "/dashboard/sharing/",
        "/requests/",
        "/preferences/",
        "/accounts/profile/",
    ):
        answer = visitor.page.goto(path)
        assert answer is not None
        assert answer.status == 200
        assert visitor.page.locator("h1").is_visible()
    visitor.page.goto("/requests/new/?kind=access")
    visitor.page.get_by_role("button", name="Send the request").click()
    visitor.page.wait_for_url("**/requests/PR-*/")
