"""The preferences of a signed-in person: what is shown, what a save writes, and what it says."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from privacycenter.datamap.models import Recipient
from privacycenter.kernel import clock
from privacycenter.mail import kinds
from privacycenter.preferences import gate
from privacycenter.preferences.domain import choose, set_delivery, suppress
from privacycenter.preferences.enums import Channel, DeliveryKind, EventKind, LinkKind, Method, SuppressionReason
from privacycenter.preferences.links import make_link
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Suppression, Topic
from privacycenter.preferences.own_choices import choices_of
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.queries import delivery_of
from privacycenter.preferences.scopes import PARTNERS, Scope
from privacycenter.subjects.domain import add_identifier, set_locale
from privacycenter.subjects.models import PushDevice
from tests.factories.accounts import make_account, signed_in
from tests.factories.preferences import PERSON, SYSTEM, make_topic, presented

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("H-01", "D-05")]

PATH = "/preferences/"


@pytest.fixture(autouse=True)
def topics() -> None:
    Topic.objects.all().update(is_active=False)
    for key, channels in (("product_news", ["email", "sms"]), ("events", ["email", "push", "post"])):
        made = make_topic(key, channels=channels)
        Topic.objects.filter(pk=made.pk).update(title=f"Title of {key}", description=f"About {key}.", is_active=True)


@pytest.fixture
def account() -> Any:
    return make_account(email="ada@example.com")


@pytest.fixture
def client(account: Any) -> Client:
    return signed_in(account)


def page(client: Client) -> str:
    answer = client.get(PATH)
    assert answer.status_code == 200
    return answer.content.decode()


def form_data(client: Client, account: Any, **changes: Any) -> dict[str, Any]:
    """The form as the page shows it, with changes."""
    answer = client.get(PATH)
    form = answer.context["form"]
    data: dict[str, Any] = {"words": choices_of(account.subject).digest, "seen": form.seen}
    for field in form:
        value = field.value()
        if value in (None, False, ""):
            continue
        data[field.html_name] = value.isoformat() if isinstance(value, date | time) else ("on" if value is True else value)
    data |= changes
    return {name: value for name, value in data.items() if value is not None}


def save(client: Client, account: Any, **changes: Any) -> str:
    answer = client.post(PATH, form_data(client, account, **changes), follow=True)
    assert answer.redirect_chain == [(PATH, 302)]
    return answer.content.decode()


def make_device(subject: Any, label: str) -> PushDevice:
    return PushDevice.objects.create(
        subject=subject, label=label, endpoint="https://push.example", endpoint_digest=label, created_at=clock.now()
    )


def is_allowed(account: Any, topic: str, channel: str = "email", *, at: datetime | None = None) -> bool:
    return gate.may(account.subject, "news_and_offers", topic=topic, channel=channel, at=at).allowed


def _noon() -> datetime:
    """Tomorrow at noon, when nobody has quiet hours: a test that asks about them must not depend on when it runs."""
    return (timezone.localtime(clock.now()) + timedelta(days=1)).replace(hour=12)


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_signed_out_there_are_ways_in_and_nothing_about_anybody() -> None:
    answer = Client().get(PATH)
    text = answer.content.decode()

    assert answer.status_code == 200
    assert "/accounts/login/?next=/preferences/" in text
    assert 'action="/preferences/link/"' in text
    assert "/preferences/subscribe/" in text
    assert "Title of" not in text


def test_each_topic_has_the_ways_that_reach_this_person(client: Client, account: Any) -> None:
    text = page(client)

    assert "Title of product_news" in text
    assert "About product_news." in text
    assert re.findall(r'name="topic_product_news" value="(\w+)"', text) == ["email"]
    assert re.findall(r'name="topic_events" value="(\w+)"', text) == ["email", "post"]
    assert "we have no number of yours" in text
    assert "there is none" in text
    assert "checked" not in text.split("partner_")[0]


def test_with_a_number_and_a_device_there_are_more_ways(client: Client, account: Any) -> None:
    add_identifier(account.subject, kind="phone", value="+60321234567", source="test", actor=SYSTEM)
    make_device(account.subject, "Phone")
    text = page(client)

    assert re.findall(r'name="topic_product_news" value="(\w+)"', text) == ["email", "sms"]
    assert re.findall(r'name="topic_events" value="(\w+)"', text) == ["email", "push", "post"]
    assert "we have no number" not in text
    assert "Devices with push messages" in text


def test_what_is_on_is_ticked_also_while_it_waits(client: Client, account: Any) -> None:
    choose(party_of(account.subject), on=[Scope("news_and_offers", "events", "email")], presented=presented(), actor=PERSON)
    save(client, account, pause_until=(clock.now() + timedelta(days=20)).date().isoformat())

    assert not is_allowed(account, "events")
    assert choices_of(account.subject).topics[1].on | choices_of(account.subject).topics[0].on == {Channel.EMAIL}


def test_essential_kinds_are_listed_as_locked_with_the_reason(client: Client) -> None:
    text = page(client)
    essential = [kind for kind in kinds.all_kinds().values() if kind.essential]

    assert len(essential) > 10
    for kind in essential:
        assert str(kind.label).replace("'", "&#x27;") in text
    assert "can&#x27;t be switched off" in text or "can't be switched off" in text


def test_the_signal_of_the_browser_is_shown_as_honoured(account: Any) -> None:
    assert "signal is honoured" in signed_in(account).get(PATH, headers={"sec-gpc": "1"}).content.decode()
    assert "signal is honoured" not in signed_in(account).get(PATH).content.decode()


def test_the_page_costs_the_same_for_one_topic_and_for_many(client: Client, account: Any) -> None:
    page(client)
    with CaptureQueriesContext(connection) as few:
        page(client)
    for number in range(10):
        make_topic(f"more_{number}")
    with CaptureQueriesContext(connection) as many:
        page(client)

    assert len(many) == len(few)


# --- what a save writes ----------------------------------------------------------------------------------------------


def test_switching_on_and_off_is_an_event_each_bound_to_the_words_beside_the_box(client: Client, account: Any) -> None:
    text = save(client, account, topic_product_news=["email"], topic_events=["email", "post"])
    assert "You will get Title of product_news by e-mail." in text
    assert "You will get Title of events by letter." in text
    assert is_allowed(account, "product_news")

    text = save(client, account, topic_product_news=None)
    assert "You will no longer get Title of product_news by e-mail." in text
    assert "Title of events by" not in text
    assert not is_allowed(account, "product_news")
    assert is_allowed(account, "events", "post")
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.method, event.page, event.control) == (EventKind.WITHDRAWN, Method.PREFERENCE_PAGE, PATH, "off")
    assert event.text.text == "Title of product_news. About product_news. (E-mail)"
    assert (event.actor_kind, event.actor_ref) == ("person", str(account.pk))


def test_what_was_switched_off_outlives_the_person(client: Client, account: Any) -> None:
    save(client, account, topic_product_news=["email"])
    save(client, account, topic_product_news=None)

    address = party_of(("email", "ada@example.com")).writes_to.digest
    assert Suppression.objects.filter(party_hash=address, topic="product_news", channel="email", lifted_at=None).exists()
    assert not Suppression.objects.filter(is_notice_due=True).exists()  # the page itself confirms


def test_saving_unchanged_writes_nothing(client: Client, account: Any) -> None:
    save(client, account, topic_events=["email"], frequency="1-7", quiet_from="22:00", quiet_until="07:00")
    counts = [model.objects.count() for model in (ConsentEvent, Suppression, DeliveryChoice)]

    assert "Nothing was changed." in save(client, account)
    assert [model.objects.count() for model in (ConsentEvent, Suppression, DeliveryChoice)] == counts


def test_a_link_opts_out_and_the_page_knows_then_opts_in_again(client: Client, account: Any) -> None:
    save(client, account, topic_events=["email"])
    suppress(party_of(("email", "ada@example.com")), topic="events", channel="email", reason=SuppressionReason.CHOICE, actor=SYSTEM)
    assert "checked" not in page(client).split("partner_")[0]

    save(client, account, topic_events=["email"])
    assert is_allowed(account, "events")


def test_pause_quiet_hours_and_limit_are_kept_in_the_persons_time_zone(client: Client, account: Any) -> None:
    set_locale(account.subject, time_zone="Asia/Kuala_Lumpur", language="", actor=SYSTEM)
    day = (clock.now() + timedelta(days=40)).date()
    text = save(client, account, pause_until=day.isoformat(), quiet_from="22:00", quiet_until="07:00", frequency="1-7")

    delivery = delivery_of(party_of(account.subject))
    assert delivery.pause_until is not None
    assert delivery.pause_until.isoformat() == f"{day - timedelta(days=1)}T16:00:00+00:00"
    assert (delivery.quiet_from, delivery.quiet_until) == (time(22), time(7))
    assert tuple(delivery.frequency or ()) == (1, 7)
    assert "is paused until" in text
    assert "Quiet hours are from 22:00 to 07:00." in text
    assert "You get at most 1 message in 7 days." in text
    assert "Asia/Kuala_Lumpur" in text

    text = save(client, account, pause_until=None, quiet_from=None, quiet_until=None, frequency=None)
    assert "The pause is over." in text
    assert "You have no quiet hours any more." in text
    assert "no limit" in text
    delivery = delivery_of(party_of(account.subject))
    assert (delivery.pause_until, delivery.quiet_from, delivery.frequency) == (None, None, None)


def test_a_partner_can_be_declined_and_dealt_with_again(client: Client, account: Any) -> None:
    partner = Recipient.objects.filter(is_partner=True).first()
    assert partner is not None
    field = f"partner_{partner.key}"
    assert f"{partner.name} gets no more of your data." in save(client, account, **{field: None})
    event = ConsentEvent.objects.latest("pk")
    assert (event.purpose, event.recipient, event.kind) == (PARTNERS, partner.key, EventKind.REFUSED)

    assert f"{partner.name} may get your data again." in save(client, account, **{field: "on"})


def test_a_device_is_switched_off_and_forgotten(client: Client, account: Any) -> None:
    devices = [
        PushDevice.objects.create(
            subject=account.subject, label=label, endpoint="https://push", endpoint_digest=label, created_at=clock.now()
        )
        for label in ("Phone", "Tablet")
    ]
    other = PushDevice.objects.create(
        subject=make_account().subject, label="Theirs", endpoint="x", endpoint_digest="y", created_at=clock.now()
    )
    text = save(client, account, **{f"device_{devices[0].public_id}": None, f"device_{other.public_id}": "on"})

    assert "no more push messages on “Phone”" in text
    first, second, theirs = PushDevice.objects.order_by("pk")
    assert (first.endpoint, bool(first.disabled_at)) == ("", True)
    assert second.disabled_at is theirs.disabled_at is None


def test_all_marketing_in_one_press(client: Client, account: Any) -> None:
    save(client, account, topic_events=["email", "post"], topic_product_news=["email"])
    answer = client.post(PATH, {"action": "all"}, follow=True)

    assert "You get no more marketing from us" in answer.content.decode()
    assert not is_allowed(account, "events")
    assert not is_allowed(account, "events", "post")
    assert ConsentEvent.objects.latest("pk").method == Method.PREFERENCE_PAGE


def test_staff_choose_for_themselves_as_the_person_they_are(topics: None) -> None:
    staff = make_account(is_staff=True)
    save(signed_in(staff), staff, topic_events=["email"])

    assert ConsentEvent.objects.get().actor_kind == "person"


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pause_until": "yesterday"}, "Enter the pause as a date"),
        ({"pause_until": "2020-01-01"}, "within a year"),
        ({"pause_until": "9999-12-31"}, "within a year"),
        ({"quiet_from": "22:00"}, "both times, or neither"),
        ({"quiet_until": "07:00"}, "both times, or neither"),
        ({"quiet_from": "25:00", "quiet_until": "07:00"}, "Enter a time such as"),
        ({"quiet_from": "07:00", "quiet_until": "07:00"}, "a start and an end that differ"),
        ({"frequency": "1000-1"}, "Select a valid choice"),
        ({"topic_product_news": ["email", "pigeon"]}, "Select a valid choice"),
        ({"topic_product_news": ["sms"]}, "Select a valid choice"),
        ({"words": "0" * 64}, "The words on this page have changed"),
        ({"words": None}, "The words on this page have changed"),
    ],
)
def test_bad_input_keeps_what_was_typed_and_changes_nothing(client: Client, account: Any, changes: dict[str, Any], says: str) -> None:
    data = form_data(client, account, **({"topic_events": ["post"], "frequency": "1-14"} | changes))
    answer = client.post(PATH, data)
    text = answer.content.decode()

    assert answer.status_code == 422
    assert says in text
    assert "error-summary" in text
    assert re.search(r'value="post"[^>]*checked', text)
    if "frequency" not in changes:
        assert 'value="1-14" selected' in text
    for name in ("pause_until", "quiet_from", "quiet_until"):
        if changes.get(name):
            assert f'name="{name}" value="{changes[name]}"' in text
    assert not ConsentEvent.objects.exists()
    assert not DeliveryChoice.objects.exists()


def test_words_that_changed_while_the_page_was_open_are_shown_before_they_count(client: Client, account: Any) -> None:
    data = form_data(client, account, topic_events=["email"])
    Topic.objects.filter(key="events").update(description="Something else.")
    answer = client.post(PATH, data)

    assert answer.status_code == 422
    assert "Something else." in answer.content.decode()
    assert re.search(r'name="topic_events" value="email"[^>]*checked', answer.content.decode())
    digest = re.search(r'name="words" value="(\w+)"', answer.content.decode())
    assert digest is not None
    assert client.post(PATH, data | {"words": digest[1]}).status_code == 302
    assert is_allowed(account, "events")


# --- a page that was opened earlier -----------------------------------------------------------------------------------


def again(text: str, client: Client, account: Any) -> Any:
    """Save what is on the page that came back, as it stands there."""
    hidden = {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(words|seen)" value="([^"]*)"', text)}
    ticked = {name: re.findall(rf'name="{name}" value="(\w+)"[^>]*checked', text) for name in ("topic_events", "topic_product_news")}
    typed = dict(re.findall(r'name="(quiet_\w+|pause_until)" value="([^"]*)"', text))
    boxes = dict.fromkeys(re.findall(r'name="((?:partner|device)_[^"]+)"[^>]*checked', text), "on")
    return client.post(PATH, hidden | {name: values for name, values in ticked.items() if values} | typed | boxes)


def test_a_page_opened_earlier_switches_nothing_on_again(client: Client, account: Any) -> None:
    save(client, account, topic_events=["email", "post"])
    data = form_data(client, account, quiet_from="22:00", quiet_until="07:00", topic_product_news=["email"])
    Client().post(make_link(party_of(("email", "ada@example.com")), kind=LinkKind.UNSUBSCRIBE, topic="events"))
    events = ConsentEvent.objects.count()
    answer = client.post(PATH, data)
    text = answer.content.decode()

    assert answer.status_code == 422
    assert "has changed since you opened this page" in text
    assert ConsentEvent.objects.count() == events
    assert not is_allowed(account, "events")
    assert not re.search(r'name="topic_events" value="email"[^>]*checked', text)
    assert re.search(r'name="topic_events" value="post"[^>]*checked', text)
    assert re.search(r'name="topic_product_news" value="email"[^>]*checked', text)  # what the person did change stays
    assert 'name="quiet_from" value="22:00"' in text

    assert again(text, client, account).status_code == 302
    assert not is_allowed(account, "events")
    assert is_allowed(account, "events", "post")
    assert is_allowed(account, "product_news", at=_noon())
    assert delivery_of(party_of(account.subject)).quiet_from == time(22)


def test_a_pause_set_meanwhile_by_a_link_is_not_ended_by_an_older_page(client: Client, account: Any) -> None:
    data = form_data(client, account, topic_events=["email"])
    Client().post(make_link(party_of(("email", "ada@example.com")), kind=LinkKind.UNSUBSCRIBE), {"action": "pause-30"})
    answer = client.post(PATH, data)

    assert answer.status_code == 422
    assert again(answer.content.decode(), client, account).status_code == 302
    assert delivery_of(party_of(account.subject)).pause_until is not None
    assert choices_of(account.subject).topics[0].on | choices_of(account.subject).topics[1].on == {Channel.EMAIL}


def test_a_partner_declined_meanwhile_stays_declined(client: Client, account: Any) -> None:
    partner = Recipient.objects.filter(is_partner=True).first()
    assert partner is not None
    data = form_data(client, account)
    save(client, account, **{f"partner_{partner.key}": None})
    answer = client.post(PATH, data)

    assert answer.status_code == 422
    assert f"partner_{partner.key}" not in re.findall(r'name="(partner_[^"]+)"[^>]*checked', answer.content.decode())
    assert ConsentEvent.objects.latest("pk").kind == EventKind.REFUSED


def test_a_device_added_meanwhile_is_not_switched_off(client: Client, account: Any) -> None:
    make_topic("events", channels=["email", "push", "post"], title="Title of events", description="About events.")
    make_device(account.subject, "Phone")
    data = form_data(client, account)
    make_device(account.subject, "Tablet")

    assert client.post(PATH, data).status_code == 422
    assert PushDevice.objects.filter(disabled_at=None).count() == 2


@pytest.mark.parametrize("seen", [None, "", "{", "[]", "1", '{"topic_events": [1, {}]}', '{"topic_events": {}}', "[" * 100_000])
def test_a_page_that_does_not_say_what_it_showed_saves_nothing(client: Client, account: Any, seen: str | None) -> None:
    answer = client.post(PATH, form_data(client, account, seen=seen, topic_events=["email"]))

    assert answer.status_code == 422
    assert not ConsentEvent.objects.exists()
    assert not re.search(r'name="topic_events" value="email"[^>]*checked', answer.content.decode())


def test_a_forged_form_is_refused(account: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(account)

    assert client.post(PATH, {"action": "all"}).status_code == 403


@pytest.mark.parametrize("more", [0, 4])
def test_the_page_takes_the_same_queries_for_few_and_many(
    client: Client, account: Any, more: int, django_assert_max_num_queries: Any
) -> None:
    """Session, account, person; reach, topics, suppressions, events, settings, partners, devices; the notice."""
    party = party_of(account.subject)
    for number in range(more):
        topic = make_topic(f"more_{number}", channels=["email", "push"])
        scope = Scope(topic.purpose_id, topic.key, Channel.EMAIL)
        choose(party, on=[scope], presented=presented(), actor=PERSON)
        Recipient.objects.create(key=f"partner_{number}", name=f"P{number}", receives="R", why="W", safeguards="S", is_partner=True)
        make_device(account.subject, f"Phone {number}")
        suppress(party, topic=topic.key, channel=Channel.PUSH, reason=SuppressionReason.CHOICE, actor=SYSTEM)
    set_delivery(party, DeliveryKind.FREQUENCY, {"messages": 1, "days": 7}, method=Method.PREFERENCE_PAGE, page=PATH, actor=PERSON)
    page(client)  # what is kept in memory is read once

    with django_assert_max_num_queries(11):
        shown = page(client)

    assert shown.count("Phone ") >= more
