"""Unsubscribing by a mailed link (RFC 8058): a POST acts, always; nothing else changes anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.client import Client as Browser
from accounts.domain.closing import close_account
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences import gate
from privacycenter.preferences import one_click as statements
from privacycenter.preferences.domain import choose, set_delivery, suppress
from privacycenter.preferences.enums import Channel, DeliveryKind, EventKind, LinkKind, Method, SuppressionReason
from privacycenter.preferences.links import link_with, make_link, token_digest
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, LinkToken, Suppression, Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.queries import delivery_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.unsubscribe import way_out
from privacycenter.subjects.domain import add_identifier
from tests.factories.accounts import make_account, signed_in
from tests.factories.preferences import NOBODY, PERSON, SYSTEM, make_person, make_topic, presented

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("D-05")]

ADA = "ada@example.com"
NEWS = Scope("news_and_offers", "product_news", Channel.EMAIL)


@pytest.fixture
def topic() -> Topic:
    made = make_topic()
    made.title = "Product news"
    made.save()
    return made


@pytest.fixture
def subscriber(topic: Topic) -> Any:
    subject = make_person(ADA)
    choose(party_of(subject), on=[NEWS], presented=presented(), actor=PERSON)
    return subject


def link(topic: str = "product_news", address: str = ADA, **fields: Any) -> str:
    return make_link(party_of(("email", address)), kind=LinkKind.UNSUBSCRIBE, topic=topic, **fields)


def is_allowed(address: str = ADA, topic: str | None = "product_news") -> bool:
    return gate.may(party_of(("email", address)), "news_and_offers", topic=topic, channel="email").allowed


def one_click(path: str, **extra: Any) -> Any:
    return Client().post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded", **extra)


# --- a POST acts -----------------------------------------------------------------------------------------------------


def test_one_post_is_enough_and_takes_three_statements(subscriber: Any) -> None:
    path = link()
    one_click(link())
    Suppression.objects.all().delete()
    before = ConsentEvent.objects.count()
    with CaptureQueriesContext(connection) as captured:
        answer = one_click(path)

    assert answer.status_code == 200
    assert not is_allowed()
    assert ConsentEvent.objects.count() == before + 1
    # Words that were shown before are remembered once they are committed, which nothing is in a test.
    assert len([query for query in captured if not re.search("SAVEPOINT|preferences_consenttext", query["sql"])]) <= 3


@pytest.mark.postgresql_only  # SQLite has no plan that counts what it read
def test_a_link_is_found_without_reading_the_suppressions_of_others(subscriber: Any) -> None:
    address = party_of(("email", ADA)).writes_to
    shared = {"party_kind": address.kind, "party_key_id": address.key_id, "channel": "email", "topic": "product_news"}
    rows = [Suppression(**shared, party_hash=f"{each:064x}", reason="choice", created_at=clock.now()) for each in range(3_000)]
    Suppression.objects.bulk_create(rows)
    wanted = token_digest(link().removeprefix("/u/"))
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        assert statements.find(wanted)
    [(sql, params)] = asked
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        [[plan]] = cursor.fetchall()
    read = str(json.loads(plan) if isinstance(plan, str) else plan)

    # The tables were never looked over (ANALYZE), as after a large import: the plan must be right all the same. It may look through a
    # table of some rows.
    assert "Actual Rows" in read
    assert (
        max(int(each) for each in re.findall(r"'(?:Actual Rows|Rows Removed by [\w ]+)': (\d+)", read)) < 100
    )  # a look through a table of some rows is all right


def test_it_writes_an_event_bound_to_the_words_and_a_suppression_of_the_topic(subscriber: Any) -> None:
    one_click(link())

    event = ConsentEvent.objects.latest("pk")
    row = Suppression.objects.get()
    assert (event.kind, event.purpose, event.topic, event.channel) == (
        EventKind.WITHDRAWN,
        "news_and_offers",
        "product_news",
        "email",
    )
    assert (event.method, event.page, event.control, event.text.text) == (
        Method.ONE_CLICK,
        "/u/",
        "one-click",
        "Unsubscribe from Product news",
    )
    assert (row.topic, row.channel, row.reason, row.source_event_id) == ("product_news", "email", SuppressionReason.CHOICE, event.pk)
    assert row.party_hash == party_of(("email", ADA)).writes_to.digest
    assert row.is_notice_due


BODIES: dict[str, Callable[[str, Client], Any]] = {
    "urlencoded": lambda path, client: client.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"),
    "multipart": lambda path, client: client.post(path, {"List-Unsubscribe": "One-Click"}),
    "empty": lambda path, client: client.post(path, "", content_type="application/x-www-form-urlencoded"),
    "no type": lambda path, client: client.generic("POST", path, b"", content_type=""),
    "unknown type": lambda path, client: client.post(path, b"\x00\xff", content_type="application/octet-stream"),
    "json": lambda path, client: client.post(path, "{", content_type="application/json"),
    "broken multipart": lambda path, client: client.post(path, b"--x\r\nhello", content_type="multipart/form-data"),
    "wrong boundary": lambda path, client: client.post(path, b"--x--", content_type="multipart/form-data; boundary=\xe4"),
    "too many fields": lambda path, client: client.post(path, "a=1&" * 2_000, content_type="application/x-www-form-urlencoded"),
    "too long": lambda path, client: client.post(path, "a" * 6_000_000, content_type="application/x-www-form-urlencoded"),
    "unknown encoding": lambda path, client: client.generic(
        "POST", path, b"List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded; charset=klingon"
    ),
    "strange action": lambda path, client: client.post(path, {"action": "delete everything"}),
    "with a slash": lambda path, client: client.post(f"{path}/", {"List-Unsubscribe": "One-Click"}),
    "strict about forgery": lambda path, client: Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_post_with_any_body_acts_without_cookie_or_redirect(subscriber: Any, body: str) -> None:
    assert is_allowed()
    answer = BODIES[body](link(), Client())

    assert answer.status_code == 200
    assert not is_allowed()
    assert answer.cookies == {}
    assert "Set-Cookie" not in answer.headers


def test_a_repeated_post_is_answered_alike_and_writes_nothing_more(subscriber: Any) -> None:
    path = link()
    first = one_click(path)
    events, rows = ConsentEvent.objects.count(), Suppression.objects.count()
    with CaptureQueriesContext(connection) as captured:
        second = one_click(path)

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert (ConsentEvent.objects.count(), Suppression.objects.count()) == (events, rows)
    assert len(captured) == 2
    assert all(query["sql"].startswith("SELECT") for query in captured)


@pytest.mark.parametrize("topic", ["product_news", ""])
def test_the_same_link_stops_again_after_a_yes_by_another_address_of_the_person(subscriber: Any, topic: str) -> None:
    bea = "bea@example.com"
    add_identifier(subscriber, kind="email", value=bea, source="test", proven=True, actor=SYSTEM)
    path = link(topic)
    one_click(path)
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        choose(party_of(("email", bea)), on=[NEWS], presented=presented(Method.MAILED_CONFIRMATION), actor=NOBODY)
        assert is_allowed(bea)
    with clock.stopped_at(clock.now() + timedelta(minutes=2)):
        assert b"You get no more" in one_click(path).content

        assert not is_allowed(ADA)
        assert not is_allowed(bea)


def test_all_marketing_stops_although_the_e_mail_service_reported_it_before(subscriber: Any) -> None:
    suppress(party_of(("email", ADA)), channel=Channel.EMAIL, reason=SuppressionReason.CHOICE, actor=SYSTEM)
    one_click(link(topic="", subject_key=str(subscriber.public_id)))

    assert Suppression.objects.filter(topic="", channel="", lifted_at=None).exists()
    assert ConsentEvent.objects.filter(purpose="news_and_offers", topic="", kind=EventKind.WITHDRAWN).exists()


def test_what_is_not_read_of_a_link_at_first_is_right_when_it_is_asked_for(subscriber: Any) -> None:
    token = link(subject_key=str(subscriber.public_id), campaign="spring").removeprefix("/u/")
    found, stored = way_out(token), link_with(token)

    assert found is not None
    assert stored is not None
    assert isinstance(found.link.created_at, datetime)
    for field in LinkToken._meta.concrete_fields:
        assert getattr(found.link, field.attname) == getattr(stored, field.attname), field.attname


def test_after_a_new_yes_the_old_link_stops_again(subscriber: Any) -> None:
    path = link()
    one_click(path)
    choose(party_of(subscriber), on=[NEWS], presented=presented(), actor=PERSON)
    assert is_allowed()

    one_click(path)
    assert not is_allowed()


def test_it_works_years_later_after_a_key_rotation_and_under_a_new_title(subscriber: Any, topic: Topic, settings: Any) -> None:
    path = link()
    settings.HASH_KEYS = {"newer": b"n" * 32, **settings.HASH_KEYS}
    Topic.objects.filter(pk=topic.pk).update(title="What is new")
    assert is_allowed()
    with clock.stopped_at(clock.now() + timedelta(days=2_000)):
        answer = one_click(path)

        assert "You get no more What is new by e-mail" in answer.content.decode()
        assert not is_allowed()
    assert ConsentEvent.objects.latest("pk").text.text == "Unsubscribe from What is new"


def test_it_works_when_the_topic_is_gone(subscriber: Any) -> None:
    path = link()
    Topic.objects.all().delete()

    assert one_click(path).status_code == 200
    assert Suppression.objects.get().topic == "product_news"
    assert Client().get(path).status_code == 200


def test_it_works_after_the_account_is_closed_and_whoever_is_signed_in(topic: Topic) -> None:
    account = make_account(email=ADA)
    choose(party_of(account.subject), on=[NEWS], presented=presented(), actor=PERSON)
    path = link(subject_key=str(account.subject.public_id))
    somebody_else = signed_in(make_account())
    close_account(account, client=Browser(), actor=Actor.for_user(account))

    answer = somebody_else.post(path)
    assert answer.status_code == 200
    assert not is_allowed()
    assert ConsentEvent.objects.latest("pk").actor_kind == "anonymous"


def test_a_session_that_is_over_does_not_stand_in_the_way(subscriber: Any) -> None:
    client, path = signed_in(make_account()), link()
    client.get("/preferences/")
    with clock.stopped_at(clock.now() + timedelta(hours=2)):
        answer = client.post(path)

    assert answer.status_code == 200
    assert not is_allowed()


def test_a_frozen_account_can_still_opt_out(subscriber: Any) -> None:
    account = make_account()
    client = signed_in(account)
    account.frozen_at = clock.now()
    account.save()

    assert client.post(link()).status_code == 200
    assert not is_allowed()


def test_the_address_means_the_same_in_every_spelling(topic: Topic) -> None:
    make_person("zoe+news@bücher.example")
    choose(party_of(("email", "zoe+news@xn--bcher-kva.example")), on=[NEWS], presented=presented(), actor=PERSON)
    assert is_allowed("Zoe+News@BÜCHER.example")

    one_click(link(address="ZOE+NEWS@Bücher.Example"))
    assert not is_allowed("zoe+news@xn--bcher-kva.example")


# --- the scope -------------------------------------------------------------------------------------------------------


def test_one_topic_stops_and_the_others_go_on(subscriber: Any) -> None:
    make_topic("events")
    choose(party_of(subscriber), on=[Scope("news_and_offers", "events", "email")], presented=presented(), actor=PERSON)
    one_click(link())

    assert not is_allowed()
    assert is_allowed(topic="events")


def test_all_marketing_stops_topics_that_come_later_too(subscriber: Any) -> None:
    answer = Client().post(link(), {"action": "all"})
    make_topic("later")

    assert "You get no more marketing from us" in answer.content.decode()
    assert not is_allowed()
    assert not is_allowed(topic="later")
    assert Suppression.objects.filter(topic="", channel="").count() == 1


def test_a_link_about_no_topic_is_about_all_marketing(subscriber: Any) -> None:
    page = Client().get(link(topic=""))
    assert page.content.decode().count("Unsubscribe from all marketing") >= 2

    one_click(link(topic=""))
    assert not is_allowed()
    assert Suppression.objects.filter(topic="", channel="").count() == 1


def test_a_pause_holds_back_and_ends_by_itself(subscriber: Any) -> None:
    answer = Client().post(link(), {"action": "pause-30"})
    now = clock.now()

    assert "Paused for 30 days" in answer.content.decode()
    assert not is_allowed()
    assert DeliveryChoice.objects.get().method == Method.ONE_CLICK
    assert not Suppression.objects.exists()
    with clock.stopped_at(now + timedelta(days=31)):
        assert is_allowed()


def test_a_pause_by_a_link_never_shortens_one_that_is_set(subscriber: Any) -> None:
    until = clock.now() + timedelta(days=200)
    set_delivery(party_of(subscriber), DeliveryKind.PAUSE, {"until": until}, method=Method.PREFERENCE_PAGE, actor=PERSON)
    Client().post(link(), {"action": "pause-30"})

    assert delivery_of(party_of(subscriber)).pause_until == until
    with clock.stopped_at(clock.now() + timedelta(days=31)):
        assert not is_allowed()
        Client().post(link(), {"action": "pause-90"})
    with clock.stopped_at(clock.now() + timedelta(days=199)):
        assert not is_allowed()


def test_a_pause_by_a_link_lengthens_and_the_person_may_shorten_or_end_it(subscriber: Any) -> None:
    soon = clock.now() + timedelta(days=2)
    set_delivery(party_of(subscriber), DeliveryKind.PAUSE, {"until": soon}, method=Method.PREFERENCE_PAGE, actor=PERSON)
    Client().post(link(), {"action": "pause-30"})
    with clock.stopped_at(clock.now() + timedelta(days=3)):
        assert not is_allowed()

    set_delivery(party_of(subscriber), DeliveryKind.PAUSE, {"until": soon}, method=Method.PREFERENCE_PAGE, actor=PERSON)
    with clock.stopped_at(clock.now() + timedelta(days=3)):
        assert is_allowed()
    set_delivery(party_of(subscriber), DeliveryKind.PAUSE, {}, method=Method.PREFERENCE_PAGE, actor=PERSON)
    assert is_allowed()
    Client().post(link(), {"action": "pause-30"})
    assert not is_allowed()


def test_somebody_who_never_chose_anything_can_opt_out_in_advance(topic: Topic) -> None:
    one_click(link())

    assert Suppression.objects.count() == 1
    assert not is_allowed()


# --- nothing else changes anything -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch"])
def test_nothing_but_a_post_changes_anything(subscriber: Any, method: str) -> None:
    path = link()
    events = ConsentEvent.objects.count()
    headers = {"sec-purpose": "prefetch;prerender", "user-agent": "LinkScanner/1.0"}
    answer = getattr(Client(), method)(path, headers=headers)

    assert answer.status_code == (200 if method in {"get", "head"} else 405)
    assert is_allowed()
    assert (ConsentEvent.objects.count(), Suppression.objects.count(), DeliveryChoice.objects.count()) == (events, 0, 0)


def test_the_page_shows_the_topic_and_nobody(subscriber: Any, topic: Topic) -> None:
    answer = signed_in(make_account(username="mallory")).get(link(subject_key=str(subscriber.public_id)))
    text = answer.content.decode()

    assert "Unsubscribe from Product news" in text
    assert 'method="post"' in text
    for word in ("ada", "example.com", "mallory", "Person", str(subscriber.public_id), "<script", "csrfmiddlewaretoken", "autofocus"):
        assert word not in text.replace(f"hi@{'synorexcloud.com'}", "")
    assert answer.cookies == {}


def test_the_page_is_the_same_before_and_after(subscriber: Any) -> None:
    path = link()
    before = Client().get(path).content
    one_click(path)

    assert Client().get(path).content == before


@pytest.mark.parametrize("path", ["/u/{}", "/p/{}/"])
def test_nobody_stores_the_address_of_the_page_or_passes_it_on(subscriber: Any, path: str) -> None:
    token = link().removeprefix("/u/")
    for answer in (Client().get(path.format(token)), Client().post(path.format(token)), Client().get(path.format("A" * 22))):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]


@pytest.mark.parametrize("token", ["A" * 22, "a", "a" * 3_000, "ä" * 22, "%00" * 22, "..%2f..%2fadmin", "' OR 1=1 --", "A" * 21 + "%0a"])
@pytest.mark.parametrize("where", ["/u/", "/p/"])
def test_a_token_that_is_none_gets_a_calm_page(token: str, where: str, topic: Topic) -> None:
    for answer in (Client().get(f"{where}{token}"), Client().post(f"{where}{token}"), Client().head(f"{where}{token}")):
        assert answer.status_code == 404
    assert not Suppression.objects.exists()


def test_a_link_for_something_else_does_not_unsubscribe(subscriber: Any) -> None:
    for kind in (LinkKind.PREFERENCES, LinkKind.UNDO, LinkKind.CONFIRM):
        token = make_link(party_of(("email", ADA)), kind=kind).strip("/").removeprefix("p/")
        assert one_click(f"/u/{token}").status_code == 404
    assert is_allowed()


def test_no_limit_ever_holds_up_opting_out(subscriber: Any) -> None:
    answers = {one_click(link()).status_code for _ in range(60)}

    assert answers == {200}
