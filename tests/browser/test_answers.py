"""Refused, looked at again, granted; and a complaint to its answer: as the person and as two colleagues."""

from __future__ import annotations

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import heading, send, sign_in
from tests.services.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIST = "/admin/requests_app/request/"


def _open_ticket(staff: Visitor, reference: str) -> None:
    staff.page.goto(f"{LIST}?q={reference}")
    staff.page.locator("#result_list").get_by_role("link", name=reference).click()
    staff.page.wait_for_load_state()


def _write(staff: Visitor, reference: str, link: str) -> None:
    _open_ticket(staff, reference)
    staff.check_accessibility()
    staff.page.get_by_role("link", name=link, exact=True).click()
    staff.page.wait_for_load_state()
    staff.check_accessibility()


def _press(staff: Visitor, name: str) -> None:
    staff.page.get_by_role("button", name=name, exact=True).click()
    staff.page.wait_for_load_state()


def _complain(person: Visitor, words: str) -> str:
    """From the page about complaining to the ticket. Answers its reference."""
    page = person.page
    page.goto("/complain/")
    page.get_by_role("link", name="Write to us").click()
    person.check_accessibility()
    page.get_by_label("How my data is used").check()
    page.get_by_label("Your complaint or question").fill(words)
    send(person, "Send it")
    page.wait_for_url("**/requests/PR-*/")
    person.check_accessibility()
    return page.url.rstrip("/").rpartition("/")[2]


@pytest.mark.obligation("R-07")
def test_a_refusal_is_looked_at_again_by_somebody_else_and_lifted(live_stack: Stack, visit):
    oksana, dpo, agent = visit(live_stack.url, java_script_enabled=True), visit(live_stack.url), visit(live_stack.url)
    sign_in(oksana, "oksana")
    sign_in(agent, "agent", to="/admin/")
    sign_in(dpo, "dpo", to="/admin/")
    reference = _complain(oksana, "You used my number for a survey.")

    _write(agent, reference, "Refuse the request")
    agent.page.get_by_label("Manifestly unfounded").check()
    agent.page.get_by_label("Reasoning").fill("No survey was made this year.")
    _press(agent, "See the letter")
    preview = agent.page.inner_text(".desk-letter")
    _press(agent, "Refuse")
    assert "The request was refused." in agent.page.inner_text("body")

    live_stack.wait_for_mail("oksana@people.example", subject=reference)
    oksana.page.goto(f"/requests/{reference}/")
    oksana.check_accessibility()
    letter = oksana.page.inner_text("main")
    for words in ("No survey was made this year.", "You can complain to an authority", "You can go to court"):
        assert words in preview
        assert words in letter
    with oksana.page.expect_download() as download:
        oksana.page.get_by_role("link", name="Download the letter (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")

    oksana.page.get_by_role("link", name="Ask for a review", exact=True).click()
    oksana.check_accessibility()
    oksana.page.get_by_label("What did we get wrong?").fill("It was in March, I have the mail.")
    send(oksana, "Ask for the review")
    oksana.check_accessibility()
    review = oksana.page.url.rstrip("/").rpartition("/")[2]

    _open_ticket(agent, review)
    assert "Somebody else has to decide this review" in agent.page.inner_text("main")
    _write(dpo, review, "Decide the review")
    dpo.page.get_by_label("Lift the first decision").check()
    dpo.page.get_by_label("Reasoning").fill("You are right, there was one.")
    _press(dpo, "Decide")

    oksana.page.goto(f"/requests/{reference}/")
    assert "The first decision was lifted" in oksana.page.inner_text("main")
    _write(dpo, reference, "Answer")
    dpo.page.get_by_role("textbox", name="Answer").fill("It was a mistake. Your number is out of that list.")
    _press(dpo, "Send the answer")
    oksana.page.goto(f"/requests/{reference}/")
    assert "Your number is out of that list." in oksana.page.inner_text("main")


@pytest.mark.obligation("R-07")
def test_a_refusal_stays_and_its_person_reads_why_without_javascript(live_stack: Stack, visit):
    jonas, dpo, agent = visit(live_stack.url, java_script_enabled=False), visit(live_stack.url), visit(live_stack.url)
    sign_in(jonas, "jonas")
    sign_in(agent, "agent", to="/admin/")
    sign_in(dpo, "dpo", to="/admin/")
    jonas.page.goto("/requests/new/?kind=complaint")
    jonas.page.get_by_label("Something else").check()
    jonas.page.get_by_label("Your complaint or question").fill("Why was I called?")
    send(jonas, "Send it")
    reference = jonas.page.url.rstrip("/").rpartition("/")[2]
    _write(agent, reference, "Refuse the request")
    agent.page.get_by_label("Manifestly excessive").check()
    agent.page.get_by_label("Reasoning").fill("It is the ninth this week.")
    _press(agent, "Refuse")

    jonas.page.goto(f"/requests/{reference}/")
    jonas.page.get_by_role("link", name="Ask for a review", exact=True).click()
    jonas.page.get_by_label("What did we get wrong?").fill("It is the first.")
    send(jonas, "Ask for the review")
    assert "Somebody who had no part in the decision looks at it" in jonas.page.inner_text("body")
    review = jonas.page.url.rstrip("/").rpartition("/")[2]
    _write(dpo, review, "Decide the review")
    dpo.page.get_by_label("The first decision stays").check()
    dpo.page.get_by_label("Reasoning").fill("We counted again.")
    _press(dpo, "Decide")
    assert "The review was decided." in dpo.page.inner_text("body")

    live_stack.wait_for_mail("jonas@people.example", subject=review)
    jonas.page.goto(f"/requests/{review}/")
    letter = jonas.page.inner_text("main")
    for words in ("Somebody who had no part in the first decision", "We counted again.", "You can go to court"):
        assert words in letter
    with jonas.page.expect_download() as download:
        jonas.page.get_by_role("link", name="Download the letter (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    jonas.page.goto(f"/requests/{reference}/")
    assert jonas.page.get_by_role("link", name="Ask for a review", exact=True).count() == 0, "once for each decision"


@pytest.mark.obligation("R-07", "G-10")
def test_a_complaint_is_asked_about_and_answered(live_stack: Stack, visit):
    jonas, dpo = visit(live_stack.url, java_script_enabled=False), visit(live_stack.url)
    sign_in(jonas, "jonas")
    sign_in(dpo, "dpo", to="/admin/")
    jonas.page.goto("/complain/")
    assert jonas.page.locator("#found .authority").count() > 0, "the authority of the account's country"
    jonas.page.get_by_label("Country or region").select_option("VA")
    send(jonas, "Show the authority")
    assert "We know of no data protection authority" in jonas.page.inner_text("main")
    jonas.page.goto("/requests/new/?kind=complaint")
    jonas.page.get_by_label("Something else").check()
    jonas.page.get_by_label("Your complaint or question").fill("Why did I get this letter?")
    send(jonas, "Send it")
    reference = jonas.page.url.rstrip("/").rpartition("/")[2]

    _write(dpo, reference, "Ask the person")
    dpo.page.get_by_label("Your question").fill("Which letter do you mean?")
    _press(dpo, "Ask")
    live_stack.wait_for_mail("jonas@people.example", subject=f"question.*{reference}")
    jonas.page.goto(f"/requests/{reference}/")
    assert "Which letter do you mean?" in jonas.page.inner_text("main")
    jonas.page.get_by_role("link", name="Answer", exact=True).click()
    jonas.page.get_by_label("Your answer").fill("The one of 3 May.")
    send(jonas, "Send the answer")

    _write(dpo, reference, "Answer")
    dpo.page.get_by_role("textbox", name="Answer").fill("You asked for it in April.")
    _press(dpo, "Send the answer")
    live_stack.wait_for_mail("jonas@people.example", subject=f"answer.*{reference}")
    jonas.page.goto(f"/requests/{reference}/")
    assert "You asked for it in April." in jonas.page.inner_text("main")
    assert heading(jonas) == "Complaint or question"

    _write(dpo, reference, "Write down what an authority wrote")
    dpo.page.get_by_label("Authority").select_option(
        label="Germany: Die Bundesbeauftragte für den Datenschutz und die Informationsfreiheit (BfDI)"
    )
    dpo.page.get_by_label("Received on").fill("2026-01-15")
    dpo.page.get_by_label("What they say").fill("They ask for our answer.")
    _press(dpo, "Write it down")
    dpo.check_accessibility()
    assert "BfDI" in dpo.page.inner_text("main")
