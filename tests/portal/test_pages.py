"""Home and dashboard: who sees what, in words, with how many queries."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.sources import registry
from privacycenter.subjects.models import Subject
from requests_app.clock import due_date
from requests_app.models import Request
from tests.portal.test_holdings import Broken, Shelf

MOMENT = dt.datetime(2026, 2, 3, 4, 5, tzinfo=dt.UTC)
STAFF = Actor(ActorKind.STAFF, "999")
SIGNED_IN_PAGES = ("/dashboard/", "/dashboard/data/", "/dashboard/data/identity/", "/dashboard/activity/")


@pytest.fixture
def person(db) -> User:
    return User.objects.create_user("anna", "anna@example.com", "correct horse battery", full_name="Anna Weber")


@pytest.fixture
def browser(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def words(response) -> str:
    """The text of the page's main part."""
    text = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()


def answered(person: User, *, hours: int, number: int) -> None:
    received = clock.now() - dt.timedelta(days=20 + number)
    Request.objects.create(
        kind="access",
        status="closed",
        outcome="fulfilled",
        subject=person.subject,
        channel="account",
        received_at=received,
        verified_at=received,
        due_at=received + dt.timedelta(days=21),
        answered_at=received + dt.timedelta(hours=hours),
        closed_at=clock.now(),
    )


def look(person: User, *, number: int = 1) -> None:
    subject = str(person.subject.public_id)
    for _ in range(number):
        record("requests.personal_data_opened", actor=STAFF, subject=subject, ticket="PR-7K3M-Q9XA", reason="prepare_answer")


@pytest.mark.django_db
def test_home_names_the_tasks_as_links(client: Client):
    response = client.get("/")

    assert response.status_code == 200
    for address in (f"{reverse('requests:new')}?kind=access", f"{reverse('requests:new')}?kind=portability", reverse("requests:list")):
        assert f'href="{address}"' in response.content.decode()
    assert "Right away, without an account" in words(response)


@pytest.mark.django_db
def test_home_says_nothing_about_answers_while_there_are_too_few(client: Client, person: User):
    for number in range(4):
        answered(person, hours=5, number=number)

    assert "Over the last 12 months" not in words(client.get("/"))


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "said"), [(5, "within 5 hours ."), (24 * 9, "within 9 days .")])
def test_home_says_how_quickly_requests_were_answered(client: Client, person: User, hours, said):
    for number in range(5):
        answered(person, hours=hours, number=number)

    assert f"half of the 5 requests were answered {said}" in words(client.get("/"))


def test_home_leads_a_signed_in_person_to_the_dashboard(browser: Client):
    response = browser.get("/")

    assert (response.status_code, response.headers["Location"]) == (302, "/dashboard/")


@pytest.mark.django_db
@pytest.mark.parametrize("address", SIGNED_IN_PAGES)
def test_pages_about_a_person_need_a_sign_in(client: Client, address):
    response = client.get(address)

    assert (response.status_code, response.headers["Location"]) == (302, f"{reverse('account_login')}?next={address}")


@pytest.mark.parametrize("address", SIGNED_IN_PAGES)
def test_pages_about_a_person_are_stored_nowhere(browser: Client, address):
    response = browser.get(address)

    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("address", SIGNED_IN_PAGES)
def test_every_page_has_one_heading_and_a_title_of_its_own(browser: Client, address):
    page = browser.get(address).content.decode()

    assert page.count("<h1>") == 1
    assert re.search(r"<title>\s*\S", page)


@pytest.mark.obligation("R-01")
def test_the_dashboard_counts_what_is_held(browser: Client):
    with registry.temporarily(Shelf("x.forms", "forms", count=1234), Shelf("x.none", "purchases", count=0), only=True):
        shown = words(browser.get("/dashboard/"))

    assert "Forms you filled in 1,234 records newest: 5 Jan 2026" in shown
    assert "Purchases" not in shown
    assert "Nobody of our staff has opened your data." in shown


def test_a_source_that_can_not_be_reached_is_named_and_the_page_stands(browser: Client):
    with registry.temporarily(Broken("x.shop", "purchases", in_database=False), only=True):
        overview, category = browser.get("/dashboard/"), browser.get("/dashboard/data/purchases/")

    assert "could not be reached now" in words(overview)
    assert "could not be counted just now" in words(category)
    assert "secret address" not in overview.content.decode() + category.content.decode()


def test_what_was_looked_for_and_not_found_is_named_too(browser: Client):
    with registry.temporarily(Shelf("x.none", "purchases", count=0), only=True):
        shown = words(browser.get("/dashboard/data/"))

    assert "Looked for, and not found" in shown
    assert "Purchases" in shown


@pytest.mark.obligation("R-01", "U-01", "L-01")
def test_a_category_says_five_facts_per_source_before_anything_else(browser: Client):
    with registry.temporarily(Shelf("x.calls", "interactions", count=3), only=True):
        shown = words(browser.get("/dashboard/data/interactions/"))

    facts = ["Where it comes from", "What it is for", "On what basis", "Until when", "Who gets it", "How much"]
    positions = [shown.index(fact) for fact in facts]
    assert positions == sorted(positions)
    assert "From you" in shown
    assert "Contract" in shown
    assert "Nobody besides us." in shown
    assert "3 records" in shown


@pytest.mark.parametrize("category", ["no-such", "purchases"])
def test_a_category_that_does_not_exist_or_has_no_source_is_not_found(browser: Client, category):
    with registry.temporarily(Shelf("x.calls", "interactions"), only=True):
        assert browser.get(f"/dashboard/data/{category}/").status_code == 404


@pytest.mark.parametrize("sources", [1, 3])
def test_the_dashboard_asks_as_much_however_many_sources_there_are(browser: Client, django_assert_num_queries, sources):
    """Session, account, subject, requests, looks, what happened lately; of choices: by what the person is reached, topics,
    events, suppressions, settings. These shelves ask none."""
    browser.get("/dashboard/")  # the session's own notes are made now

    with registry.temporarily(*(Shelf(f"x.{number}", "forms") for number in range(sources)), only=True), django_assert_num_queries(12):
        browser.get("/dashboard/")


@pytest.mark.parametrize("sources", [1, 3])
def test_a_category_asks_the_data_map_once_however_many_sources(browser: Client, django_assert_num_queries, sources):
    """Session, account, subject, purposes, retention rules. These shelves name no recipients."""
    browser.get("/dashboard/")

    with registry.temporarily(*(Shelf(f"x.{number}", "forms") for number in range(sources)), only=True), django_assert_num_queries(5):
        browser.get("/dashboard/data/forms/")


@pytest.mark.parametrize("looks", [1, 3])
def test_activity_asks_five_queries_for_any_number_of_lines(browser: Client, person: User, django_assert_num_queries, looks):
    look(person, number=looks)
    browser.get("/dashboard/")

    with django_assert_num_queries(5):
        browser.get("/dashboard/activity/")


@pytest.mark.obligation("D-07")
def test_the_person_sees_who_looked_and_why(browser: Client, person: User):
    with clock.stopped_at(MOMENT):
        look(person)

    for address in ("/dashboard/", "/dashboard/activity/"):
        shown = words(browser.get(address))
        assert "Staff opened your data Reason given: Prepare or check the answer to this request" in shown
        assert "Tuesday, 3 February 2026" in shown
        assert "04:05 UTC · A member of our staff · PR-7K3M-Q9XA" in shown


@pytest.mark.parametrize(
    ("zone", "shown_as"),
    [("", "04:05 UTC"), ("Asia/Kuala_Lumpur", "12:05 UTC+08"), ("America/New_York", "23:05 EST"), ("Nowhere/Gone", "04:05 UTC")],
)
def test_times_are_shown_in_the_zone_the_person_chose(browser: Client, person: User, zone, shown_as):
    Subject.objects.filter(pk=person.subject_id).update(time_zone=zone)
    with clock.stopped_at(MOMENT):
        look(person)

    assert f"{shown_as} · A member of our staff" in words(browser.get("/dashboard/activity/"))


def test_what_a_person_did_themselves_says_you(browser: Client, person: User):
    record("subjects.locale_changed", actor=Actor.for_user(person), subject=str(person.subject.public_id))

    assert "Time zone or language changed" in words(browser.get("/dashboard/activity/"))
    assert "· You" in words(browser.get("/dashboard/activity/"))


def test_activity_can_be_narrowed_to_who_looked(browser: Client, person: User):
    look(person)
    record("subjects.locale_changed", actor=Actor.for_user(person), subject=str(person.subject.public_id))

    shown = words(browser.get("/dashboard/activity/?only=looks"))

    assert "Staff opened your data" in shown
    assert "Time zone or language changed" not in shown


def test_activity_of_others_is_never_shown(browser: Client):
    other = User.objects.create_user("berta", "berta@example.com", "correct horse battery")
    look(other)

    assert "Staff opened your data" not in words(browser.get("/dashboard/activity/"))


def test_activity_is_paged_and_a_wild_page_number_is_tamed(browser: Client, person: User):
    look(person, number=30)

    assert "Page 1 of 2" in words(browser.get("/dashboard/activity/?only=looks"))
    assert "Page 2 of 2" in words(browser.get("/dashboard/activity/?only=looks&page=999"))
    assert "Page 1 of 2" in words(browser.get("/dashboard/activity/?only=looks&page=x"))


def test_a_request_that_is_late_stands_on_the_dashboard_with_its_date(browser: Client, person: User):
    due = due_date(MOMENT, time_zone="Asia/Kuala_Lumpur", country="MY")
    Request.objects.create(
        kind="access",
        status="collecting",
        subject=person.subject,
        channel="account",
        received_at=MOMENT,
        verified_at=MOMENT,
        due_at=due.due_at,
        due_explanation=due.to_json(),
    )

    shown = words(browser.get("/dashboard/"))

    assert "Collecting your data" in shown
    assert "Late, and we are sorry: our answer was due on Tuesday, 3 March 2026" in shown


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "status", "heading"), [("/no/such/page/", 404, "There is no such page")])
def test_an_unknown_address_is_answered_calmly(client: Client, address, status, heading):
    response = client.get(address)

    assert response.status_code == status
    assert heading in words(response)


def test_pages_for_broken_moments_need_no_context():
    for name in ("400.html", "500.html", "429.html"):
        page = get_template(name).render()
        assert "<h1>" in page
        assert "center" not in re.sub(r"<[^>]+>|privacy center|Privacy center", "", page)


def test_a_refused_form_says_what_to_do(person: User):
    strict = Client(enforce_csrf_checks=True)

    response = strict.post(reverse("account_login"), {"login": "anna"})

    assert response.status_code == 403
    assert "Reload it. " in words(response)
