"""Calls of the signed-in person: what the pages show and set, for nobody else."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.test import Client

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.preferences import gate
from privacycenter.preferences.domain import choose
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import GPC, Scope
from privacycenter.subjects.models import PushDevice
from tests.factories.accounts import make_account, signed_in
from tests.factories.preferences import PERSON, make_topic, presented

pytestmark = pytest.mark.django_db

PATHS = ("", "preferences/", "delivery/", "partners/", "devices/", "cookies/", "consents/", "signals/")
JSON = {"content_type": "application/json"}


@pytest.fixture
def user():
    return make_account()


@pytest.fixture
def client(user):
    return signed_in(user)


def get(client, path: str, **headers):
    answer = client.get(f"/api/v1/me/{path}", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def patch(client, path: str, body: dict):
    return client.patch(f"/api/v1/me/{path}", body, **JSON)


@pytest.mark.parametrize("path", PATHS)
def test_nobody_but_the_signed_in_person_gets_an_answer(path, caller):
    for headers in ({}, {"Authorization": f"Bearer {caller.token}"}):
        answer = Client().get(f"/api/v1/me/{path}", headers=headers)
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_not_stored_and_no_other_method_changes_anything(client, path):
    assert client.get(f"/api/v1/me/{path}")["Cache-Control"] == "no-store"
    assert client.put(f"/api/v1/me/{path}", {}, **JSON).status_code == 405
    assert client.delete(f"/api/v1/me/{path}").status_code == 405


def test_what_is_held_is_told_with_everything_that_belongs_to_it(client):
    body = get(client, "")

    sources = {source["key"]: source for holding in body["holdings"] for source in holding["sources"]}
    profile = next(source for source in sources.values() if source["count"])
    assert profile["purposes"][0].keys() == {"key", "title", "legal_basis"}
    assert profile["retention"].keys() == {"rule", "title", "text"}
    assert profile["origin"]
    assert profile["newest_at"] is None or profile["newest_at"].endswith("Z")
    assert body["requests"] == []


def test_language_and_time_zone_are_set_and_nothing_else(client, user):
    answer = patch(client, "", {"time_zone": "Asia/Kuala_Lumpur", "language": "en"})

    user.subject.refresh_from_db()
    assert answer.status_code == 200
    assert (user.subject.time_zone, user.subject.language) == ("Asia/Kuala_Lumpur", "en")
    assert AuditEntry.objects.filter(verb="subjects.locale_changed").exists()
    for body, at in (({"time_zone": "Mars/Base"}, "#/time_zone"), ({"language": "xx"}, "#/language"), ({"full_name": "X"}, "#/full_name")):
        refused = patch(client, "", body)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["pointer"] == at
        assert "Mars" not in refused.content.decode()


@pytest.mark.obligation("L-03")
def test_topics_are_switched_by_the_same_verb_as_on_the_page(client, user):
    make_topic()
    shown = get(client, "preferences/")
    news = next(each for each in shown["topics"] if each["key"] == "product_news")
    assert [each["is_on"] for each in news["channels"] if each["channel"] == "email"] == [False]
    choice = {"topic": "product_news", "channel": "email", "is_on": True}

    without_words = patch(client, "preferences/", {"choices": [choice]})
    on = patch(client, "preferences/", {"choices": [choice], "text_sha256": shown["text_sha256"]})

    assert without_words.status_code == 400
    assert without_words.json()["errors"][0]["code"] == "other_words"
    assert on.status_code == 200
    assert on.json()["said"]
    event = ConsentEvent.objects.get(purpose="news_and_offers")
    words = next(each["text"] for each in news["channels"] if each["channel"] == "email")
    assert event.text.sha256 == hashlib.sha256(words.encode()).hexdigest()
    assert (event.page, event.actor_kind) == ("/api/v1/me/preferences/", "person")
    asked = {"purpose": "news_and_offers", "topic": "product_news", "channel": "email"}
    assert gate.may(user.subject, **asked).allowed

    off = patch(client, "preferences/", {"choices": [choice | {"is_on": False}]})

    assert off.status_code == 200
    assert not gate.may(user.subject, **asked).allowed
    assert not gate.may(("email", user.email), **asked).allowed


def test_all_marketing_is_stopped_at_once(client, user):
    make_topic()
    choose(party_of(user.subject), on=[Scope("news_and_offers", "product_news", "email")], presented=presented(), actor=PERSON)

    answer = patch(client, "preferences/", {"stop_all": True})

    assert not any(channel["is_on"] for topic in answer.json()["topics"] for channel in topic["channels"])


@pytest.mark.parametrize(
    ("path", "body", "at"),
    [
        ("preferences/", {"choices": [{"topic": "nothing", "channel": "email", "is_on": False}]}, "#/choices/0/topic"),
        ("preferences/", {"choices": [{"topic": "product_news", "channel": "pigeon", "is_on": False}]}, "#/choices/0/channel"),
        ("preferences/", {"choices": [{"topic": "product_news", "chanel": "email", "is_on": False}]}, "#/choices/0/chanel"),
        ("delivery/", {"pause_until": "tomorrow"}, "#/pause_until"),
        ("delivery/", {"quiet_hours": {"from": "25:00", "until": "07:00"}}, "#/quiet_hours/from"),
        ("delivery/", {"frequency": {"messages": 0, "days": 7}}, "#/frequency/messages"),
        ("partners/", {"partners": [{"key": "nobody", "is_allowed": False}]}, "#/partners/0/key"),
        ("devices/", {"devices": [{"id": "6f0d3c52-61a8-4b5c-9a3e-4d1f5f1c2b7a", "is_on": False}]}, "#/devices/0/id"),
        ("devices/", {"devices": [{"id": "6f0d3c52-61a8-4b5c-9a3e-4d1f5f1c2b7a", "is_on": True}]}, "#/devices/0/is_on"),
        ("cookies/", {"services": [{"key": "nothing", "is_on": False}]}, "#/services/0/key"),
    ],
)
def test_what_can_not_be_set_is_said_with_its_place(client, path, body, at):
    make_topic()

    answer = patch(client, path, body)

    assert answer.status_code == 400
    assert next(error["pointer"] for error in answer.json()["errors"]) == at


def test_pause_quiet_hours_and_limit_are_set_and_ended(client):
    day = (clock.now() + timedelta(days=10)).date().isoformat()
    wanted = {"pause_until": day, "quiet_hours": {"from": "22:00", "until": "07:00"}, "frequency": {"messages": 2, "days": 7}}

    answer = patch(client, "delivery/", wanted)

    assert answer.status_code == 200, answer.content
    assert {name: answer.json()[name] for name in wanted} == wanted
    assert get(client, "delivery/") == answer.json()
    again = patch(client, "delivery/", {"pause_until": None})
    assert again.json()["pause_until"] is None
    assert again.json()["quiet_hours"] == wanted["quiet_hours"]
    assert DeliveryChoice.objects.count() == 4


def test_a_pause_that_can_not_be_kept_is_refused(client):
    answer = patch(client, "delivery/", {"pause_until": "2001-01-01"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "unfit_delivery"


def test_a_partner_is_declined_and_taken_back(client, user):
    from privacycenter.datamap.models import Recipient

    partner = Recipient.objects.filter(is_partner=True).first()
    if partner is None:
        partner = Recipient.objects.first()
        Recipient.objects.filter(pk=partner.pk).update(is_partner=True)

    for allowed in (False, True):
        answer = patch(client, "partners/", {"partners": [{"key": partner.key, "is_allowed": allowed}]})
        assert {each["key"]: each["is_allowed"] for each in answer.json()["partners"]}[partner.key] is allowed
    assert ConsentEvent.objects.filter(recipient=partner.key).count() == 2


def test_a_device_is_registered_once_and_forgotten_when_switched_off(client, user):
    device = {"label": "Phone", "endpoint": "https://push.example/abc"}

    first = client.post("/api/v1/me/devices/", device, **JSON)
    second = client.post("/api/v1/me/devices/", device | {"label": "My phone"}, **JSON)

    assert first.status_code == second.status_code == 201
    assert [each["label"] for each in second.json()["devices"]] == ["My phone"]
    assert "push.example" not in second.content.decode()
    off = patch(client, "devices/", {"devices": [{"id": second.json()["devices"][0]["id"], "is_on": False}]})
    assert off.json() == {"devices": []}
    assert PushDevice.objects.get().endpoint == ""
    assert len(client.post("/api/v1/me/devices/", device, **JSON).json()["devices"]) == 1
    assert PushDevice.objects.count() == 1


def test_somebody_elses_device_is_not_found(client):
    other = signed_in(make_account())
    theirs = other.post("/api/v1/me/devices/", {"label": "Phone", "endpoint": "x"}, **JSON).json()["devices"][0]

    answer = patch(client, "devices/", {"devices": [{"id": theirs["id"], "is_on": False}]})

    assert answer.status_code == 400
    assert PushDevice.objects.get().disabled_at is None


def test_services_are_refused_for_this_browser_and_the_account(client):
    shown = get(client, "cookies/")
    asked = [service for service in shown["services"] if service["is_asked"]]
    body = {"services": [{"key": service["key"], "is_on": False} for service in asked]}

    answer = patch(client, "cookies/", body)

    assert answer.status_code == 200
    assert not any(service["is_on"] or service["is_open"] for service in answer.json()["services"] if service["is_asked"])
    assert get(client, "cookies/") == answer.json()


def test_the_history_comes_in_pages_with_receipts_that_can_be_checked(client, user):
    party = party_of(user.subject)
    for _ in range(30):
        for off, on in (((), [Scope("news_and_offers")]), ([Scope("news_and_offers")], ())):
            choose(party, on=on, off=off, presented=presented(), actor=PERSON)
    choose(party_of(make_account().subject), off=[Scope("news_and_offers")], presented=presented(), actor=PERSON)

    first = get(client, "consents/")
    second = client.get(first["next"]).json()

    assert (len(first["results"]), len(second["results"]), second["next"]) == (50, 10, None)
    assert first["results"][0]["kind"] == "withdrawn"
    assert first["next"].startswith("http://localhost:8000/api/v1/me/consents/?cursor=")
    receipt = client.get(first["results"][0]["receipt_url"])
    assert hashlib.sha256(receipt.content).hexdigest() == first["results"][0]["receipt_sha256"]
    assert client.get("/api/v1/me/consents/?cursor=x").status_code == 404


def test_the_signal_is_told_as_honoured(client, user):
    assert get(client, "signals/") == {"is_sent": False, "is_honoured": False, "since": None}

    sent = get(client, "signals/", **{"Sec-GPC": "1"})
    later = get(client, "signals/")

    assert (sent["is_sent"], sent["is_honoured"]) == (True, True)
    assert (later["is_sent"], later["is_honoured"]) == (False, True)
    assert later["since"]
    assert ConsentEvent.objects.filter(purpose=GPC).count() == 1


def test_a_change_needs_the_token_against_forgery(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    page = client.get("/accounts/profile/").content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    without = client.patch("/api/v1/me/", {"time_zone": "UTC"}, **JSON)
    with_it = client.patch("/api/v1/me/", {"time_zone": "UTC"}, **JSON, headers={"X-CSRFToken": token})

    assert (without.status_code, with_it.status_code) == (403, 200)
