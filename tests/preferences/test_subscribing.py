"""Mails that somebody asks for by typing an address: the same answer for everybody, and nothing counts without a POST of the owner."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences import gate
from privacycenter.preferences.domain import choose, suppress
from privacycenter.preferences.domain.topics import is_in_use
from privacycenter.preferences.enums import EventKind, LinkKind, Method, SuppressionReason
from privacycenter.preferences.links import link_with
from privacycenter.preferences.models import AskedMail, ConsentEvent, LinkToken, PendingSubscription, Suppression, Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.subscribing import PER_ADDRESS_A_DAY, PER_CLIENT_AN_HOUR, purge_asked
from privacycenter.subjects.domain import add_identifier, create_subject
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import subject_with
from tests.factories.preferences import PERSON, SYSTEM, make_person, make_topic, presented
from tests.mail.helpers import delivered, link_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("H-01")]

ADA, NEW = "ada@example.com", "new@example.com"
NEWS = Scope("news_and_offers", "product_news", "email")


@pytest.fixture(autouse=True)
def topics() -> list[Topic]:
    made = [make_topic("product_news"), make_topic("events")]
    Topic.objects.filter(key="product_news").update(title="Product news", description="What is new, once a month.")
    return made


def subscribe(address: str = NEW, topics: tuple[str, ...] = ("product_news",), **extra: Any) -> Any:
    return Client().post("/preferences/subscribe/", {"address": address, "topics": list(topics)}, **extra)


def ask(address: str, **extra: Any) -> Any:
    return Client().post("/preferences/link/", {"address": address}, **extra)


def is_allowed(address: str = NEW, topic: str = "product_news") -> bool:
    return gate.may(party_of(("email", address)), "news_and_offers", topic=topic, channel="email").allowed


def verbs(captured: CaptureQueriesContext) -> list[str]:
    """What the database was asked to do, and about which table."""
    words = [query["sql"].split() for query in captured]
    return [each[0] if "SAVEPOINT" in each[:2] else " ".join(each[:3]) for each in words]


def path_in(address: str) -> str:
    return link_in(delivered(address)[-1]).removeprefix("http://localhost:8000")


# --- the link to the preferences -------------------------------------------------------------------------------------


def known_as_person() -> None:
    make_person(ADA)


def known_unproven() -> None:
    add_identifier(create_subject(actor=SYSTEM), kind="email", value=ADA, source="import", actor=SYSTEM)


def known_by_a_suppression() -> None:
    suppress(party_of(("email", ADA)), reason=SuppressionReason.STAFF, actor=SYSTEM)


def known_by_a_choice() -> None:
    choose(party_of(("email", ADA)), off=[NEWS], presented=presented(), actor=PERSON)


@pytest.mark.parametrize("make_known", [known_as_person, known_unproven, known_by_a_suppression, known_by_a_choice])
def test_somebody_whom_we_know_gets_a_link_that_works(make_known: Any) -> None:
    make_known()
    answer = ask(" Ada@EXAMPLE.com ")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/preferences/link/sent/")
    [message] = delivered(ADA)

    assert message["Subject"] == "Your link to stop or pause our mails"
    path = link_in(message).removeprefix("http://localhost:8000")
    found = link_with(path.strip("/").removeprefix("p/"))
    assert found is not None
    assert found.kind == LinkKind.PREFERENCES
    assert Client().post(path, {"action": "all"}).status_code == 200


def test_an_address_that_nobody_knows_gets_no_mail() -> None:
    ask(NEW)
    subscribe(ADA)  # an unconfirmed wish makes nobody known
    ask(ADA)
    run_until_idle()

    assert OutboxMessage.objects.filter(kind="preferences.link").count() == 0


def test_the_answer_and_the_work_are_the_same_for_everybody() -> None:
    make_person(ADA)
    costs, answers = [], []
    for address in (ADA, NEW):
        with CaptureQueriesContext(connection) as captured:
            answer = ask(address)
        costs.append(verbs(captured))
        answers.append((answer.status_code, answer.headers["Location"], answer.content, sorted(answer.cookies)))

    assert costs[0] == costs[1]
    assert answers[0] == answers[1]


def test_the_address_is_encrypted_until_it_is_answered_and_gone_after_a_day() -> None:
    make_person(ADA)
    ask(ADA)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM preferences_askedmail")
        assert b"ada" not in bytes(cursor.fetchone()[0])
    assert AskedMail.objects.get().address == ADA

    run_until_idle()
    assert AskedMail.objects.get().address == ""
    assert AskedMail.objects.get().answered_at is not None
    with clock.stopped_at(clock.now() + timedelta(hours=25)):
        assert purge_asked() == 1


def test_one_address_gets_a_few_mails_a_day_and_the_page_says_the_same() -> None:
    make_person(ADA)
    answers = {ask(ADA, REMOTE_ADDR=f"10.0.0.{number}").headers["Location"] for number in range(PER_ADDRESS_A_DAY + 3)}

    assert answers == {"/preferences/link/sent/"}
    assert len(delivered(ADA)) == PER_ADDRESS_A_DAY
    with clock.stopped_at(clock.now() + timedelta(hours=25)):
        ask(ADA)
        assert len(delivered(ADA)) == PER_ADDRESS_A_DAY + 1


def test_one_client_asks_so_many_times_an_hour_whatever_the_addresses() -> None:
    statuses = [ask(f"p{number}@example.com").status_code for number in range(PER_CLIENT_AN_HOUR)]
    refused = ask(NEW)

    assert set(statuses) == {302}
    assert refused.status_code == 429
    assert "asked too often" in refused.content.decode()
    assert f'value="{NEW}"' in refused.content.decode()  # what was typed stays
    assert ask(NEW, REMOTE_ADDR="10.1.1.1").status_code == 302


@pytest.mark.parametrize(
    "address",
    ["", "ada", "ada@", "@example.com", "ada@example.com\nBcc: eve@example.com", "a b@example.com", "ada@exa mple.com", "x" * 400],
)
@pytest.mark.parametrize("path", ["/preferences/link/", "/preferences/subscribe/"])
def test_what_is_no_address_is_shown_again_with_what_was_typed(path: str, address: str) -> None:
    answer = Client().post(path, {"address": address, "topics": ["events"]})

    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    assert not OutboxMessage.objects.exists()
    if path.endswith("subscribe/"):
        assert re.search(r'value="events"[^>]*checked', answer.content.decode())


# --- subscribing -----------------------------------------------------------------------------------------------------


def test_only_a_post_of_the_confirmation_counts() -> None:
    answer = subscribe()
    assert (answer.status_code, answer.headers["Location"]) == (302, "/preferences/subscribe/sent/")
    assert not is_allowed()
    path = path_in(NEW)
    shown = Client().get(path)
    Client().head(path)
    assert "Product news" in shown.content.decode()
    assert NEW not in shown.content.decode()
    assert not is_allowed()

    answer = Client(enforce_csrf_checks=True).post(path)
    assert answer.status_code == 200
    assert is_allowed()
    assert not is_allowed(topic="events")
    assert answer.cookies == {}


def test_the_ledger_says_that_it_was_asked_for_and_then_given_with_the_words_of_the_form() -> None:
    asked_at = clock.now()
    with clock.stopped_at(asked_at):
        subscribe()
    assert not ConsentEvent.objects.exists()  # it can't be taken out again, and anybody may have typed that address
    with clock.stopped_at(asked_at + timedelta(hours=2)):
        Client().post(path_in(NEW))

    requested, given = ConsentEvent.objects.order_by("pk")
    assert (requested.kind, requested.method, requested.page) == (EventKind.REQUESTED, Method.FORM, "/preferences/subscribe/")
    assert (given.kind, given.method, given.topic, given.channel) == (
        EventKind.GIVEN,
        Method.MAILED_CONFIRMATION,
        "product_news",
        "email",
    )
    assert (requested.at, given.at) == (asked_at, asked_at + timedelta(hours=2))
    assert requested.text_id == given.text_id
    assert "Product news: What is new, once a month." in given.text.text


def test_a_person_comes_into_being_with_a_proven_address() -> None:
    subscribe("New+Plus@EXAMPLE.com")
    assert not Subject.objects.exists()
    Client().post(path_in("new+plus@example.com"))

    assert subject_with("email", "new+plus@example.com") is not None
    assert not PendingSubscription.objects.exists()


def test_somebody_we_know_stays_the_same_person() -> None:
    subject = make_person(ADA)
    subscribe(ADA)
    Client().post(path_in(ADA))

    assert Subject.objects.get() == subject
    assert is_allowed(ADA)


def test_a_confirmation_works_once_and_opening_it_again_is_calm() -> None:
    subscribe()
    path = path_in(NEW)
    Client().post(path)
    events = ConsentEvent.objects.count()

    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code == 200
        assert "confirmed before" in answer.content.decode()
    assert ConsentEvent.objects.count() == events


def test_what_nobody_confirmed_is_purged_after_a_week() -> None:
    subscribe()
    path = path_in(NEW)
    assert purge_asked() == 0
    with clock.stopped_at(clock.now() + timedelta(days=8)):
        assert Client().post(path).status_code == 404
        assert purge_asked() > 0
        assert not PendingSubscription.objects.exists()
        assert not LinkToken.objects.exists()
        assert not ConsentEvent.objects.exists()
        assert Client().get(path).status_code == 404
    assert not is_allowed()


def test_the_answer_and_the_work_are_the_same_whether_subscribed_suppressed_or_unknown() -> None:
    for _ in range(2):  # the words of the form are known from now on
        subscribe("warm-up@example.com")
    choose(party_of(make_person(ADA)), on=[NEWS], presented=presented(), actor=PERSON)
    suppress(party_of(("email", "eve@example.com")), reason=SuppressionReason.CHOICE, actor=SYSTEM)
    costs, answers = [], []
    for address in (ADA, "eve@example.com", NEW):
        with CaptureQueriesContext(connection) as captured:
            answer = subscribe(address)
        costs.append(verbs(captured))
        answers.append((answer.status_code, answer.headers["Location"], answer.content, sorted(answer.cookies)))
        assert len(delivered(address)) == 1

    assert costs[0] == costs[1] == costs[2]
    assert answers[0] == answers[1] == answers[2]


def test_asking_for_somebody_else_changes_nothing_for_them() -> None:
    choose(party_of(make_person(ADA)), on=[NEWS], presented=presented(), actor=PERSON)
    subscribe(ADA, topics=("product_news", "events"))

    assert is_allowed(ADA)
    assert not is_allowed(ADA, topic="events")


def test_a_confirmation_lifts_the_persons_own_opting_out_but_not_what_the_law_put_there() -> None:
    own, law = party_of(("email", NEW)), party_of(("email", "law@example.com"))
    suppress(own, topic="product_news", channel="email", reason=SuppressionReason.CHOICE, actor=SYSTEM)
    suppress(law, reason=SuppressionReason.LAW, actor=Actor.system("test"))
    for address in (NEW, "law@example.com"):
        subscribe(address)
        Client().post(path_in(address))

    assert is_allowed()
    assert not is_allowed("law@example.com")
    assert Suppression.objects.filter(reason=SuppressionReason.LAW, lifted_at=None).count() == 1


def test_an_address_gets_a_few_confirmations_a_day_and_the_page_says_the_same() -> None:
    answers = {subscribe(REMOTE_ADDR=f"10.0.0.{number}").headers["Location"] for number in range(PER_ADDRESS_A_DAY + 2)}

    assert answers == {"/preferences/subscribe/sent/"}
    assert len(delivered(NEW)) == PER_ADDRESS_A_DAY


def test_nothing_is_ticked_beforehand_and_a_topic_must_be() -> None:
    page = Client().get("/preferences/subscribe/").content.decode()
    assert "checked" not in page
    assert "Product news: What is new, once a month." in page

    answer = Client().post("/preferences/subscribe/", {"address": NEW})
    assert answer.status_code == 422
    assert "Tick at least one topic" in answer.content.decode()
    assert NEW in answer.content.decode()


def test_a_topic_that_ended_meanwhile_is_left_out() -> None:
    subscribe(topics=("product_news", "events"))
    Topic.objects.filter(key="events").delete()
    answer = Client().post(path_in(NEW))

    assert answer.status_code == 200
    assert is_allowed()


def test_when_no_topic_is_left_the_link_says_so_and_is_not_used_up() -> None:
    subscribe()
    path = path_in(NEW)
    kept = Topic.objects.filter(key="product_news").values()[0]
    Topic.objects.filter(key="product_news").delete()
    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code == 200
        assert "There is nothing to confirm" in answer.content.decode()
        assert "<form" not in answer.content.decode()
    assert not Subject.objects.exists()

    Topic.objects.create(**kept)
    assert "Subscription confirmed" in Client().post(path).content.decode()
    assert is_allowed()


def test_a_topic_that_somebody_is_asked_to_confirm_is_in_use() -> None:
    topic = Topic.objects.get(key="product_news")
    assert not is_in_use(topic)
    subscribe()

    assert is_in_use(topic)
    assert not is_in_use(Topic.objects.get(key="events"))


def test_somebody_elses_subscribing_uses_up_nobodys_links_to_the_preferences() -> None:
    make_person(ADA)
    for number in range(PER_ADDRESS_A_DAY):
        subscribe(ADA, REMOTE_ADDR=f"10.0.0.{number}")
    ask(ADA, REMOTE_ADDR="10.9.9.9")

    assert delivered(ADA)[-1]["Subject"] == "Your link to stop or pause our mails"


def test_without_topics_the_page_says_so() -> None:
    Topic.objects.update(is_active=False)

    assert "There is nothing to subscribe to" in Client().get("/preferences/subscribe/").content.decode()


def test_the_mails_say_in_both_parts_what_to_do_and_name_nobody() -> None:
    subscribe()
    [message] = delivered(NEW)

    assert message["Subject"] == "Please confirm your subscription"
    assert "- Product news" in text_of(message)
    assert "press the button" in text_of(message)
    assert message["List-Unsubscribe"] is None
