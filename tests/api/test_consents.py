"""Consents that other systems record and ask about: exact words, once only, in order, at any moment."""

from __future__ import annotations

import hashlib

import pytest

from privacycenter.preferences import gate
from privacycenter.preferences.api.views import consents
from privacycenter.preferences.domain import choose, stop_all_marketing
from privacycenter.preferences.enums import Method
from privacycenter.preferences.models import ApiAnswer, ConsentEvent, ConsentText, Suppression
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from tests.api.conftest import Caller, email, queries_of
from tests.factories.preferences import NOBODY, PERSON, make_person, make_topic, presented

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("L-02")]

ADA, BOB = "ada@example.com", "bob@example.com"
NEWS = {"purpose": "news_and_offers", "topic": "product_news", "channel": "email"}
NEWS_SCOPE = Scope("news_and_offers", "product_news", "email")
WORDS = {"key": "checkout", "language": "en", "text": "Yes, send me news about products."}


@pytest.fixture(autouse=True)
def topic(db):
    return make_topic()


# consents/


def consent(address: str, kind: str = "given", **more):
    return {"identifier": email(address), **NEWS, "kind": kind, "text": WORDS, **more}


def test_a_consent_is_recorded_with_the_exact_words(caller):
    answer = caller.post("consents/", {"consents": [consent(ADA, control="Subscribe", page="/checkout")]}).json()["consents"][0]

    event = ConsentEvent.objects.get()
    assert answer["event_id"] == str(event.event_id)
    assert answer["receipt_sha256"] == event.receipt_sha256
    assert answer["text"] == {
        "key": "client.checkout",
        "version": 1,
        "language": "en",
        "sha256": hashlib.sha256(WORDS["text"].encode()).hexdigest(),
    }
    assert (event.method, event.actor_kind, event.actor_ref) == ("api", "api_client", caller.client.pk)
    assert (event.control, event.page) == ("Subscribe", "/checkout")
    assert gate.may(("email", ADA), **NEWS).allowed


def test_words_that_are_known_are_named_by_their_hash(caller):
    first = caller.post("consents/", {"consents": [consent(ADA)]}).json()["consents"][0]["text"]
    by_hash = {name: first[name] for name in ("key", "language", "sha256", "version")}

    answers = caller.post(
        "consents/",
        {
            "consents": [
                {**consent(BOB), "text": by_hash},
                {**consent(BOB), "text": {**by_hash, "key": "checkout"}},
                {**consent(BOB), "text": {**by_hash, "version": 9}},
                {**consent(BOB), "text": {**by_hash, "sha256": "0" * 64}},
                {**consent(BOB), "text": {**WORDS, "sha256": "0" * 64}},
                {**consent(BOB), "text": {"key": "checkout", "language": "en"}},
                {**consent(BOB), "text": {**by_hash, "language": "<b>"}},
            ]
        },
    ).json()["consents"]

    assert [each.get("error", {}).get("code", "") for each in answers] == [
        "",
        "",
        "unknown_consent_text",
        "unknown_consent_text",
        "wrong_hash",
        "required",
        "invalid_choice",
    ]
    assert answers[3]["error"]["pointer"] == "#/consents/3/text"
    assert ConsentText.objects.filter(key="client.checkout").count() == 1


def test_another_system_adds_no_version_to_words_of_ours(caller):
    caller.post("consents/", {"consents": [{**consent(ADA), "text": {**WORDS, "key": "tests.choice"}}]})

    assert not ConsentText.objects.filter(key="tests.choice").exists()


def test_a_no_from_another_system_takes_effect_at_once_and_survives(caller):
    caller.post("consents/", {"consents": [consent(ADA)]})

    answer = caller.post("consents/", {"consents": [consent(ADA, "withdrawn")]}).json()["consents"][0]

    row = Suppression.objects.get()
    assert (row.reason, row.topic, row.channel) == ("choice", "product_news", "email")
    assert str(row.source_event.event_id) == answer["event_id"]
    assert not gate.may(("email", ADA), **NEWS).allowed


def test_a_yes_from_another_system_does_not_undo_the_persons_no_without_evidence(caller):
    choose(party_of(make_person(ADA)), off=[NEWS_SCOPE], presented=presented(), actor=PERSON)
    stop_all_marketing(party_of(("email", BOB)), presented=presented(), actor=PERSON)
    events = ConsentEvent.objects.count()

    refused = caller.post("consents/", {"consents": [consent(ADA), consent(BOB)]}).json()["consents"]

    assert [each["error"]["code"] for each in refused] == ["opted_out", "opted_out"]
    assert ConsentEvent.objects.count() == events
    assert not gate.may(("email", ADA), **NEWS).allowed

    taken = caller.post("consents/", {"consents": [consent(ADA, evidence="Order 4711, box ticked")]}).json()["consents"][0]

    event = ConsentEvent.objects.get(event_id=taken["event_id"])
    assert event.evidence == "Order 4711, box ticked"
    assert gate.may(("email", ADA), **NEWS).allowed


def test_a_no_and_a_yes_in_one_call_count_in_their_order(caller):
    answers = caller.post("consents/", {"consents": [consent(ADA), consent(ADA, "withdrawn"), consent(ADA)]}).json()["consents"]

    assert [each.get("error", {}).get("code", "") for each in answers] == ["", "", "opted_out"]
    assert not gate.may(("email", ADA), **NEWS).allowed


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"kind": "expired"}, "invalid_choice", "/kind"),
        ({"kind": "invalidated"}, "invalid_choice", "/kind"),
        ({"kind": "objection_lifted"}, "invalid_choice", "/kind"),
        ({"purpose": "nothing", "topic": ""}, "unknown_purpose", ""),
        ({"topic": "nothing"}, "unknown_topic", ""),
        ({"purpose": "surveys_and_feedback"}, "unknown_topic", ""),
        ({"page": "/x?email=ada@example.com"}, "not_a_path", "/page"),
        ({"valid_until": "2001-01-01T00:00:00Z"}, "in_the_past", "/valid_until"),
        ({"valid_until": "2099-01-01"}, "invalid_moment", "/valid_until"),
        ({"valid_until": "2099-13-01T00:00:00Z"}, "invalid_moment", "/valid_until"),
        ({"text": None}, "required", "/text"),
    ],
)
def test_what_can_not_be_recorded_is_said(caller, change, code, at):
    answer = caller.post("consents/", {"consents": [consent(ADA) | change]}).json()["consents"][0]

    assert (answer["error"]["code"], answer["error"]["pointer"]) == (code, f"#/consents/0{at}")
    assert not ConsentEvent.objects.exists()


def test_a_repeated_call_is_not_a_second_event(caller):
    body = {"consents": [consent(ADA, idempotency_key="order-4711"), consent(BOB)]}

    first, second = caller.post("consents/", body).json()["consents"], caller.post("consents/", body).json()["consents"]

    assert first[0]["is_repeat"] is False
    assert second[0] == {**first[0], "is_repeat": True}
    assert second[1]["event_id"] != first[1]["event_id"]
    assert ConsentEvent.objects.count() == 3
    assert "order-4711" not in str(ApiAnswer.objects.values())
    assert ADA not in str(ApiAnswer.objects.values())


def test_a_key_is_for_one_thing_of_one_client(caller):
    key = {"idempotency_key": "k"}
    answers = caller.post("consents/", {"consents": [consent(ADA, **key), consent(ADA, **key), consent(BOB, **key)]}).json()["consents"]
    later = caller.post("consents/", {"consents": [consent(BOB, **key)]}).json()["consents"]
    of_another = Caller().post("consents/", {"consents": [consent(BOB, **key)]}).json()["consents"]

    assert answers[1] == {**answers[0], "is_repeat": True}
    assert answers[2]["error"]["code"] == later[0]["error"]["code"] == "idempotency_key_reused"
    assert of_another[0]["is_repeat"] is False
    assert ConsentEvent.objects.count() == 2


def test_many_consents_take_few_queries(caller):
    def body(start, count):
        return {"consents": [consent(f"p{number}@example.com", idempotency_key=f"k{number}") for number in range(start, start + count)]}

    few, many = queries_of(caller, "consents/", body(0, 2)), queries_of(caller, "consents/", body(2, 400))

    assert ConsentEvent.objects.count() == 402
    assert many - few < 120  # bulk inserts come in batches


def test_a_yes_to_one_topic_leaves_the_no_to_all_where_it_stands(caller):
    party = party_of(("email", ADA))
    make_topic("events")
    choose(party, on=[Scope("news_and_offers", "events", "email")], presented=presented(Method.MAILED_CONFIRMATION), actor=NOBODY)
    caller.post("suppressions/", {"suppressions": [{"identifier": email(ADA), "reason": "objection"}]})

    answer = caller.post("consents/", {"consents": [consent(ADA, evidence="Form 7")]}).json()["consents"][0]

    assert answer["is_repeat"] is False
    assert Suppression.objects.get(party_hash=party.writes_to.digest).lifted_at is None
    asked = {topic: gate.may(party, "news_and_offers", topic=topic, channel="email").allowed for topic in ("product_news", "events")}
    assert asked == {"product_news": True, "events": False}


def test_a_recipient_that_nobody_knows_is_refused(caller):
    known = caller.post("consents/", {"consents": [consent(ADA, recipient="nobody_at_all", idempotency_key="r1")]})

    assert known.json()["consents"][0]["error"]["code"] == "unknown_recipient"
    assert not ConsentEvent.objects.exists()


# consents/query/


def test_the_state_can_be_asked_for_any_moment(caller):
    first = caller.post("consents/", {"consents": [consent(ADA)]}).json()["consents"][0]
    caller.post("consents/", {"consents": [consent(ADA, "withdrawn")]})
    ask = {"identifier": email(ADA), **NEWS}

    queries = caller.post(
        "consents/query/",
        {
            "queries": [
                ask,
                {**ask, "at": first["at"]},
                {**ask, "at": "2001-01-01T00:00:00Z"},
                {**ask, "history": True},
                {**ask, "identifier": email(BOB)},
                {**ask, "history": "yes"},
            ]
        },
    ).json()["queries"]

    assert [each.get("is_on", "error") for each in queries] == [False, True, None, False, None, "error"]
    assert queries[0]["event"]["kind"] == "withdrawn"
    assert queries[1]["event"]["event_id"] == first["event_id"]
    assert queries[2]["event"] is None
    assert [event["kind"] for event in queries[3]["events"]] == ["withdrawn", "given"]
    assert "evidence" not in queries[0]["event"]


def test_a_narrow_question_is_answered_by_a_broad_choice(caller):
    choose(party_of(make_person(ADA)), off=[Scope("news_and_offers")], presented=presented(), actor=PERSON)

    answer = caller.post("consents/query/", {"queries": [{"identifier": email(ADA), **NEWS}]}).json()["queries"][0]

    assert answer == {"is_on": False, "event": None}


def test_only_so_many_histories_fit_into_one_call(caller):
    ask = {"identifier": email(ADA), **NEWS, "history": True}

    assert caller.post("consents/query/", {"queries": [ask] * 100}).status_code == 200
    assert caller.post("consents/query/", {"queries": [ask] * 101}).status_code == 413


def test_many_states_take_as_many_queries_as_few(caller):
    def body(count):
        return {"queries": [{"identifier": email(f"p{number}@example.com"), **NEWS} for number in range(count)]}

    assert queries_of(caller, "consents/query/", body(2)) == queries_of(caller, "consents/query/", body(2_000))


def test_a_key_that_another_call_was_faster_with_brings_that_calls_answer(caller, monkeypatch):
    body = {"consents": [consent(ADA, idempotency_key="k"), consent(BOB)]}
    first = caller.post("consents/", body).json()["consents"]
    looks = iter([lambda *asked: {}, consents.known_answers])  # the first look comes before the other call has written
    monkeypatch.setattr(consents, "known_answers", lambda *asked: next(looks)(*asked))

    second = caller.post("consents/", body).json()["consents"]

    assert second[0] == {**first[0], "is_repeat": True}
    assert ConsentEvent.objects.count() == 3
