"""Who gets personal data: the register as a person reads it, and declining a partner."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacycenter.datamap.domain import save_recipient
from privacycenter.datamap.models import Recipient
from privacycenter.kernel.sources import registry
from privacycenter.preferences.domain import Choice, choose, record_choice
from privacycenter.preferences.enums import EventKind, Method
from privacycenter.preferences.gate import Rule, may
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.own_choices import Wanted, choices_of, save_choices
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import GPC, PARTNERS, Scope
from tests.factories.accounts import make_account, signed_in
from tests.factories.preferences import PERSON, STAFF, SYSTEM, make_topic, presented

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/sharing/"


@pytest.fixture
def user():
    return make_account()


@pytest.fixture
def browser(user) -> Client:
    return signed_in(user)


def text(answer) -> str:
    return answer.content.decode()


@pytest.mark.obligation("S-01", "S-02")
def test_the_page_says_who_gets_what_why_under_which_safeguards_and_that_nothing_is_sold(browser):
    page = text(browser.get(PAGE))

    assert "Personal data is never sold" in page
    recipients = Recipient.objects.all()
    assert recipients.count() == 6
    for recipient in recipients:
        for words in (recipient.name, recipient.receives, recipient.why):
            assert words in page, words


def test_countries_are_named(browser):
    recipient = Recipient.objects.get(key="service_providers")
    recipient.countries = "MY, de"
    save_recipient(recipient, changed=("countries",), actor=STAFF)

    assert "Malaysia, Germany" in text(browser.get(PAGE))


@pytest.mark.obligation("S-03")
def test_a_partner_is_declined_and_allowed_again_and_each_is_an_event(user, browser):
    url = reverse("portal:partner", args=["resale_partners"])

    declined = text(browser.post(url, {}, follow=True))
    decision = may(user.subject, "support", recipient="resale_partners")
    allowed = text(browser.post(url, {"allowed": "1"}, follow=True))

    assert "Nothing of you goes to Resale partners." in declined
    assert "Allow again" in declined
    assert (decision.allowed, decision.rule) == (False, Rule.PARTNER)
    assert "Resale partners may get your data when you deal with it." in allowed
    assert may(user.subject, "support", recipient="resale_partners").allowed
    events = ConsentEvent.objects.filter(purpose=PARTNERS).order_by("id")
    assert [(event.kind, event.recipient) for event in events] == [("refused", "resale_partners"), ("given", "resale_partners")]
    assert "Your contact details and what you ask about" in events[0].text.text


@pytest.mark.obligation("S-03", "L-01")
def test_a_choice_about_a_partner_is_bound_to_the_same_words_on_whichever_page_it_is_made(user, browser):
    browser.post(reverse("portal:partner", args=["resale_partners"]))
    choices = choices_of(user.subject)
    save_choices(choices, Wanted(topics={}, partners={"resale_partners": True}), page="/preferences/", actor=PERSON)

    here, there = ConsentEvent.objects.filter(purpose=PARTNERS).order_by("id")
    assert (here.kind, there.kind) == ("refused", "given")
    assert here.text == there.text
    assert here.text.key == "preferences.partner.resale_partners"
    for page in (PAGE, "/preferences/"):
        shown = text(browser.get(page))
        assert all(words in shown for words in (choices.partners[0].recipient.receives, choices.partners[0].recipient.why)), page


@pytest.mark.parametrize("partners", [1, 4])
def test_the_dashboard_costs_one_query_more_for_who_declined_partners(user, browser, partners, django_assert_num_queries):
    for number in range(partners):
        partner = Recipient(key=f"partner_{number}", name=f"P{number}", receives="R", why="W", safeguards="S", is_partner=True)
        save_recipient(partner, changed=("name",), actor=STAFF)
        browser.post(reverse("portal:partner", args=[partner.key]))
    browser.get("/dashboard/")

    with registry.temporarily(only=True), django_assert_num_queries(13):
        shown = text(browser.get("/dashboard/"))

    assert f"Declined: {', '.join(f'P{number}' for number in range(partners))}" in shown


def test_declining_twice_is_one_event(browser):
    url = reverse("portal:partner", args=["resale_partners"])

    browser.post(url)
    browser.post(url)

    assert ConsentEvent.objects.filter(purpose=PARTNERS).count() == 1


@pytest.mark.parametrize("key", ["payment_processors", "nobody"])
def test_only_a_partner_can_be_declined(browser, key):
    assert browser.post(reverse("portal:partner", args=[key])).status_code == 404


def test_a_link_declines_nothing(browser):
    assert browser.get(reverse("portal:partner", args=["resale_partners"])).status_code == 405


@pytest.mark.obligation("S-02", "G-03")
def test_the_signal_of_the_browser_is_shown_as_honoured(user, browser):
    assert "Global Privacy Control is honoured" not in text(browser.get(PAGE))

    record_choice(party_of(user.subject), Choice(Scope(GPC), EventKind.OBJECTED), presented=presented(Method.SIGNAL), actor=SYSTEM)

    assert "Global Privacy Control is honoured" in text(browser.get(PAGE))


def test_the_page_promises_no_list_that_it_does_not_have(browser):
    assert "does not keep a list yet" in text(browser.get(PAGE))


def test_the_page_costs_the_same_with_more_partners(browser):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            browser.get(PAGE)
        return len(seen)

    queries()  # what is kept in memory is read once
    few = queries()
    for number in range(3):
        partner = Recipient(key=f"partner_{number}", name=f"P{number}", receives="R", why="W", safeguards="S", is_partner=True)
        save_recipient(partner, changed=("name",), actor=STAFF)

    assert queries() == few


@pytest.mark.obligation("H-01", "S-03")
def test_the_dashboard_tells_choices_in_one_glance(user, browser):
    before = text(browser.get("/dashboard/"))
    topic = make_topic(title="Product news")
    choose(party_of(user.subject), on=[Scope(topic.purpose_id, topic.key, "email")], presented=presented(), actor=PERSON)
    browser.post(reverse("portal:partner", args=["resale_partners"]))

    after = text(browser.get("/dashboard/"))

    assert "Nothing optional" in before
    assert "None declined" in before
    assert "Product news (E-mail)" in after
    assert "Declined: Resale partners" in after


@pytest.mark.obligation("L-01")
def test_a_category_of_data_tells_the_basis_of_each_purpose_with_its_balancing_note(browser):
    page = text(browser.get("/dashboard/data/security/"))

    assert "Legitimate interests" in page
    assert "we weighed that against your interests" in page
    assert "You and we share the interest that nobody misuses your account." in page
