"""Restriction, objection, withdrawal and a child's account, from filing to proof: as the person, as the desk, as somebody else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import PASSWORD, heading, mail_text, register, send, sign_in
from tests.services.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIST = "/admin/requests_app/request/"
# The days between telling and ending are not waited for. The job itself runs by the hand of the test.
END = """
from datetime import timedelta
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from requests_app.models import Lift
[lift] = Lift.objects.filter(request__ref="{reference}", ended_at=None)
assert lift.told_at is not None
lift.ends_at = clock.now() - timedelta(minutes=1)
lift.save(update_fields=["ends_at"])
enqueue("requests.end_limits", key="browser-{reference}")
"""


def _ticket(staff: Visitor, reference: str) -> None:
    staff.page.goto(f"{LIST}?q={reference}")
    staff.page.locator("#result_list").get_by_role("link", name=reference).click()
    staff.page.wait_for_load_state()


def _press(staff: Visitor, name: str) -> None:
    staff.page.get_by_role("button", name=name, exact=True).click()
    staff.page.wait_for_load_state()


def _file(person: Visitor, button: str = "Send the request") -> str:
    """Send the form that stands there, and show once more who one is. Answers the reference."""
    person.check_accessibility()
    send(person, button)
    person.page.fill("[name=password]", PASSWORD)
    send(person, "Confirm")
    person.page.wait_for_url("**/requests/PR-*/")
    person.check_accessibility()
    return person.page.url.rstrip("/").rpartition("/")[2]


def _own_page(person: Visitor, reference: str) -> str:
    person.page.goto(f"/requests/{reference}/")
    return person.page.inner_text("main")


def _wait_for(person: Visitor, reference: str, words: str) -> None:
    wait_until(lambda: words in _own_page(person, reference), seconds=60, what=words)
    person.check_accessibility()


@pytest.fixture
def newcomer(live_stack: Stack, visit) -> Callable[[str], tuple[Visitor, str]]:
    def make(username: str) -> tuple[Visitor, str]:
        person = visit(live_stack.url)
        return person, register(person, username, mail_text(live_stack))

    return make


@pytest.fixture
def dpo(live_stack: Stack, visit) -> Visitor:
    staff = visit(live_stack.url)
    sign_in(staff, "dpo", to="/admin/")
    return staff


@pytest.mark.obligation("R-04", "D-07")
def test_a_restriction_is_filed_granted_masked_and_lifted_after_its_person_was_told(live_stack: Stack, newcomer, dpo: Visitor):
    mail = mail_text(live_stack)
    rita, address = newcomer("ritarestricts")
    rita.page.goto("/requests/new/?kind=restriction")
    rita.page.get_by_label("Something you hold about me is wrong").check()
    rita.page.get_by_label("In your words").fill("The invoice of May was paid.")
    reference = _file(rita)
    assert "Everything we hold about you" in rita.page.inner_text("main")

    _ticket(dpo, reference)
    dpo.check_accessibility()
    masked = dpo.page.inner_text("main")
    assert "The invoice of May was paid." not in masked
    assert address not in masked
    assert "What does the law allow you to use it for?" in masked
    look = dpo.page.locator("form[action$='/look/']")
    look.locator("[name=reason]").first.check()
    look.locator("[name=note]").fill("their words, to check the invoice")
    look.locator("[name=use][value=consent]").check()
    _press(dpo, "Show personal data for 15 minutes")
    dpo.check_accessibility()
    assert "The invoice of May was paid." in dpo.page.inner_text("main")
    dpo.page.locator("form[action$='/restrict/'] [name=letter]").fill("We keep it locked while we ask our bank.")
    _press(dpo, "Grant the restriction")
    assert mail(address, f"nswer.*{reference}|decided.*{reference}|{reference}")
    assert "We keep it locked while we ask our bank." in _own_page(rita, reference)
    rita.check_accessibility()
    rita.page.goto("/dashboard/activity/")
    assert "The person agreed to this use" in rita.page.inner_text("main")

    _ticket(dpo, reference)
    dpo.page.get_by_text("End the restriction", exact=True).click()
    dpo.page.locator("form[action$='/lift/'] [name=reason]").select_option("verified")
    dpo.check_accessibility()
    _press(dpo, "Tell the person and end it")
    assert "This ends on" in mail(address, "restriction of your data ends")
    assert "It ends on" in _own_page(rita, reference)
    rita.check_accessibility()
    _end(live_stack, reference)
    _wait_for(rita, reference, "Nothing is restricted by this request any more.")


def _end(stack: Stack, reference: str) -> None:
    """Let the announced day come, once the mail has left."""

    def has_ended() -> bool:
        return stack.manage("shell", "--command", END.format(reference=reference), check=False).returncode == 0

    wait_until(has_ended, seconds=60, what="the mail about the end")


@pytest.mark.obligation("R-06")
def test_an_objection_stops_marketing_at_once_and_the_rest_is_weighed(live_stack: Stack, newcomer, dpo: Visitor):
    mail = mail_text(live_stack)
    olga, address = newcomer("olgaobjects")
    olga.page.goto("/requests/new/?kind=objection")
    olga.page.get_by_label("Direct marketing, all of it").check()
    boxes = olga.page.locator("[name=asked-to]")
    assert boxes.count() > 2
    boxes.nth(1).check()
    boxes.nth(2).check()
    olga.page.get_by_label("Why, in your situation").fill("I work at night, and the figures are wrong about me.")
    reference = _file(olga)
    stopped = olga.page.inner_text("main")
    assert "It has stopped for good." in stopped
    assert "It has stopped while a colleague weighs your reasons against ours." in stopped

    _ticket(dpo, reference)
    dpo.check_accessibility()
    assert "I work at night" not in dpo.page.inner_text("main")
    form = dpo.page.locator("form[action$='/balance/']")
    form.locator("[value=upheld]").first.check()
    form.locator("[value=compelling]").last.check()
    form.locator("[name=letter]").fill("The first stays stopped. Without the second, fraud would go unseen.")
    form.get_by_role("button", name="Decide").click()
    dpo.page.wait_for_load_state()
    dpo.check_accessibility()
    assert "goes on from" in dpo.page.inner_text("main")

    decided = _own_page(olga, reference)
    olga.check_accessibility()
    for words in ("Your objection stands: it stays stopped.", "We go on with it from", "Without the second, fraud would go unseen."):
        assert words in decided
    assert "until then it stays stopped" in mail(address, "What you objected to goes on")
    _end(live_stack, reference)
    _wait_for(olga, reference, "We go on with it. Why stands below.")


@pytest.mark.obligation("L-02")
def test_a_consent_is_taken_back_at_once_with_a_receipt_that_anybody_can_check(live_stack: Stack, newcomer, visit, tmp_path):
    wanda, _address = newcomer("wandawithdraws")
    page = wanda.page
    page.goto("/requests/new/?kind=withdrawal")
    wanda.check_accessibility()
    assert "No consent of yours stands at present" in page.inner_text("main")

    page.goto("/preferences/")
    page.locator("input[name^=topic_]").first.check()
    page.get_by_role("main").get_by_role("button", name=re.compile("^Save")).first.click()
    page.wait_for_load_state()
    page.goto("/requests/new/?kind=withdrawal")
    page.locator("[name=asked-records]").first.check()
    reference = _file(wanda)
    assert "What we did before, while you agreed, stays lawful." in page.inner_text("main")
    page.get_by_role("link", name=re.compile("^Receipt")).first.click()
    page.wait_for_load_state()
    wanda.check_accessibility()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the receipt").click()
    receipt = download.value.path().read_bytes()
    anybody = visit(live_stack.url, java_script_enabled=False)
    anybody.page.goto(f"/receipts/{hashlib.sha256(receipt).hexdigest()}/")
    assert anybody.page.locator("h1").count() == 1

    page.goto("/preferences/")
    assert not page.locator("input[name^=topic_]").first.is_checked()
    dpo = visit(live_stack.url)
    sign_in(dpo, "dpo", to="/admin/")
    _ticket(dpo, reference)
    dpo.check_accessibility()
    assert "1 consent ended at once." in dpo.page.inner_text("main")


@pytest.mark.obligation("G-01")
def test_a_childs_account_is_reported_restricted_decided_and_erased_first(live_stack: Stack, newcomer, dpo: Visitor, visit):
    mail = mail_text(live_stack)
    kid, address = newcomer("kimiseleven")
    reporter = visit(live_stack.url, java_script_enabled=False)
    _report(reporter, account="kimiseleven", words="She is in my class.")

    reference = _reference_in(mail(address, "account"))
    _wait_for(kid, reference, "Somebody told us that this account may be that of a person under 16.")
    kid.page.get_by_label("How is it?").fill("I am eleven.")
    send(kid, "Send")
    assert "I am eleven." in kid.page.inner_text("main")
    kid.check_accessibility()

    _ticket(dpo, reference)
    dpo.check_accessibility()
    assert "I am eleven." not in dpo.page.inner_text("main")
    form = dpo.page.locator("form[action$='/child/']")
    form.locator("[value=child]").check()
    form.locator("[name=letter]").fill("You told us that you are eleven. We delete everything.")
    form.get_by_role("button", name="Decide").click()
    dpo.page.wait_for_load_state()
    assert "We delete everything." in _own_page(kid, reference)
    kid.check_accessibility()

    kid.page.goto("/requests/")
    kid.check_accessibility()
    kid.page.get_by_role("main").get_by_role("link", name=re.compile("Erasure|Delet")).first.click()
    kid.page.wait_for_load_state()
    erasure = kid.page.url.rstrip("/").rpartition("/")[2]
    assert erasure != reference
    dpo.page.goto(LIST)
    first = dpo.page.locator("#result_list tbody tr").first.inner_text()
    assert erasure in first, "what protects a child is due before everything else"


@pytest.mark.obligation("G-01")
def test_a_report_that_names_no_account_is_tied_to_one_and_found_unfounded(live_stack: Stack, newcomer, dpo: Visitor, visit):
    mail = mail_text(live_stack)
    adult, address = newcomer("petralooksyoung")
    reporter = visit(live_stack.url)
    _report(reporter, account="the girl with the red bicycle", words="I saw her picture.")

    def is_waiting() -> bool:
        dpo.page.goto("/admin/requests_app/childreport/?state__exact=unknown")
        return dpo.page.locator("#result_list tbody tr").count() > 0

    wait_until(is_waiting, seconds=60, what="the report at the desk")
    dpo.check_accessibility()
    dpo.page.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    dpo.page.wait_for_load_state()
    dpo.check_accessibility()
    assert "red bicycle" not in dpo.page.inner_text("main")
    _press(dpo, "Show once")
    assert "the girl with the red bicycle" in dpo.page.inner_text("main")
    dpo.page.locator("[name=account]").fill("petralooksyoung")
    _press(dpo, "Restrict it and open a request")
    dpo.check_accessibility()

    reference = _reference_in(mail(address, "account"))
    assert "is not used" in _own_page(adult, reference)
    form = dpo.page.locator("form[action$='/child/']")
    form.locator("[value=no_child]").check()
    form.locator("[name=letter]").fill("Your contract shows that you are thirty.")
    form.get_by_role("button", name="Decide").click()
    dpo.page.wait_for_load_state()
    dpo.check_accessibility()
    assert "Your contract shows that you are thirty." in _own_page(adult, reference)
    assert "It ends on" in adult.page.inner_text("main")
    mail(address, "restriction of your data ends")
    _end(live_stack, reference)
    _wait_for(adult, reference, "Nothing is restricted by this request any more.")


@pytest.mark.obligation("R-04")
def test_a_restriction_by_letter_is_entered_confirmed_by_its_person_and_read_by_both(live_stack: Stack, newcomer, dpo: Visitor):
    mail = mail_text(live_stack)
    lena, address = newcomer("lenawrites")
    page = dpo.page
    page.goto(LIST)
    page.get_by_role("link", name="Enter a request").click()
    dpo.check_accessibility()
    page.get_by_label("Right", exact=True).select_option("restriction")
    _press(dpo, "Next")
    page.get_by_label("By letter").check()
    page.get_by_label("What they asked, in their words").fill("Leave my forms alone.")
    page.get_by_label("Their e-mail address").fill(address)
    page.get_by_label("We no longer need the data").check()
    page.get_by_label("Forms you filled in").check()
    _press(dpo, "Enter the request")
    dpo.check_accessibility()
    assert "Forms you filled in" in page.inner_text("main")
    reference = heading(dpo)

    link = re.search(r"https?://\S+(/requests/confirm/\S+)", mail(address, reference))
    assert link is not None
    lena.page.goto(link[1])
    lena.check_accessibility()
    assert "Forms you filled in" in lena.page.inner_text("main")
    send(lena, "Yes, it is mine")
    lena.page.fill("[name=password]", PASSWORD)
    send(lena, "Confirm")
    lena.page.wait_for_load_state()
    if "/requests/PR-" not in lena.page.url:  # back at the question, now with a fresh sign-in
        send(lena, "Yes, it is mine")
    assert "Nothing is restricted yet." in _own_page(lena, reference)
    _ticket(dpo, reference)
    page.locator("form[action$='/restrict/'] [name=letter]").fill("You need them for your claim.")
    _press(dpo, "Grant the restriction")
    assert "You need them for your claim." in _own_page(lena, reference)
    lena.check_accessibility()


def _report(reporter: Visitor, *, account: str, words: str) -> None:
    """Without signing in: the page says the same whatever is typed."""
    page = reporter.page
    page.goto("/requests/child/")
    page.get_by_label("Whose account?").fill(account)
    page.get_by_label("What makes you think so?").fill(words)
    send(reporter, "Send the report")
    assert "hank" in heading(reporter)


def _reference_in(text: str) -> str:
    found = re.search(r"PR-[A-Z0-9]{4}-[A-Z0-9]{4}", text)
    assert found is not None
    return found[0]
