"""Bulk calls: same order, each item by itself, a handful of queries, and the same rules as for one person's page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.preferences import gate
from privacycenter.preferences.domain import choose, suppress
from privacycenter.preferences.enums import Channel
from privacycenter.preferences.links import link_with
from privacycenter.preferences.models import ConsentEvent, LinkToken, Suppression
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.undo import confirm_opt_outs
from tests.api.conftest import Caller, email, queries_of
from tests.factories.preferences import PERSON, make_person, make_topic, presented

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("L-02")]

ADA, BOB = "ada@example.com", "bob@example.com"
NEWS = {"purpose": "news_and_offers", "topic": "product_news", "channel": "email"}
NEWS_SCOPE = Scope("news_and_offers", "product_news", "email")


@pytest.fixture(autouse=True)
def topic(db):
    return make_topic()


# decisions/


def test_the_gate_answers_in_the_order_of_the_questions(caller):
    person = make_person(ADA)
    choose(party_of(person), on=[NEWS_SCOPE], presented=presented(), actor=PERSON)

    answer = caller.post(
        "decisions/",
        {
            "questions": [
                {"identifier": email("Ada@EXAMPLE.com "), **NEWS},
                {"identifier": email(BOB), **NEWS},
                {"identifier": email("not an address"), **NEWS},
                {"identifier": email(BOB), "purpose": "nothing"},
                {"identifier": email(BOB), "purpose": "service_messages", "topic": None, "channel": ""},
            ]
        },
    )

    decisions = answer.json()["decisions"]
    assert [each.get("allowed") for each in decisions] == [True, False, None, False, True]
    assert [each.get("rule") for each in decisions] == ["consent", "consent", None, "unknown", "legal_basis"]
    assert decisions[0] == {"allowed": True, "rule": "consent", "reason": "The person agreed to this.", "until": None}
    assert decisions[2]["error"]["code"] == "invalid_identifier"
    assert decisions[2]["error"]["pointer"] == "#/questions/2/identifier/value"
    assert "not an address" not in answer.content.decode()


@pytest.mark.parametrize(
    ("item", "code", "at"),
    [
        ("text", "not_an_object", ""),
        (None, "not_an_object", ""),
        ({**NEWS}, "required", "/identifier"),
        ({"identifier": "ada@example.com", **NEWS}, "not_an_object", "/identifier"),
        ({"identifier": {"kind": "email"}, **NEWS}, "required", "/identifier/value"),
        ({"identifier": {"kind": "subject", "value": "x"}, **NEWS}, "invalid_choice", "/identifier/kind"),
        ({"identifier": {"kind": "phone", "value": "0123"}, **NEWS}, "invalid_identifier", "/identifier/value"),
        ({"identifier": {**email(ADA), "note": "x"}, **NEWS}, "unknown_field", "/identifier/note"),
        ({"identifier": email(ADA)}, "required", "/purpose"),
        ({"identifier": email(ADA), **NEWS, "purpose": 7}, "not_a_text", "/purpose"),
        ({"identifier": email(ADA), **NEWS, "purpose": "x" * 41}, "too_long", "/purpose"),
        ({"identifier": email(ADA), **NEWS, "topic": "a\x00b"}, "unfit_character", "/topic"),
        ({"identifier": email(ADA), **NEWS, "channel": "pigeon"}, "invalid_choice", "/channel"),
        ({"identifier": email(ADA), **NEWS, "chanel": "email"}, "unknown_field", "/chanel"),
    ],
)
def test_an_item_that_is_wrong_spoils_nothing_else(caller, item, code, at):
    good = {"identifier": email(BOB), **NEWS}

    decisions = caller.post("decisions/", {"questions": [good, item, good]}).json()["decisions"]

    assert decisions[0] == decisions[2]
    assert decisions[0]["allowed"] is False
    assert decisions[1]["error"]["code"] == code
    assert decisions[1]["error"]["pointer"] == f"#/questions/1{at}"


def test_many_questions_take_as_many_queries_as_few(caller):
    def body(count):
        return {"questions": [{"identifier": email(f"p{number}@example.com"), **NEWS} for number in range(count)]}

    few, many = queries_of(caller, "decisions/", body(2)), queries_of(caller, "decisions/", body(2_000))

    assert many == few
    assert few < 20


# suppressions/


def test_what_is_put_on_the_list_stops_mail_at_once_also_when_said_twice(caller):
    choose(party_of(make_person(ADA)), on=[NEWS_SCOPE], presented=presented(), actor=PERSON)
    assert gate.may(("email", ADA), **NEWS).allowed
    item = {"identifier": email(ADA), "reason": "hard_bounce", "channel": "email"}

    first = caller.post("suppressions/", {"suppressions": [item, item]})
    second = caller.post("suppressions/", {"suppressions": [item]})

    assert first.json() == {"suppressions": [{"status": "suppressed"}, {"status": "suppressed"}]}
    assert second.json() == {"suppressions": [{"status": "suppressed"}]}
    assert Suppression.objects.count() == 1
    assert Suppression.objects.get().actor_ref == caller.client.pk
    assert not gate.may(("email", ADA), **NEWS).allowed


@pytest.mark.parametrize(
    ("item", "code", "at"),
    [
        ({"identifier": email(ADA)}, "required", "/reason"),
        ({"identifier": email(ADA), "reason": "because"}, "invalid_choice", "/reason"),
        ({"identifier": email(ADA), "reason": "law"}, "evidence_missing", "/evidence"),
        ({"identifier": email(ADA), "reason": "staff"}, "evidence_missing", "/evidence"),
        ({"identifier": email(ADA), "reason": "choice", "topic": "nothing"}, "unknown_topic", "/topic"),
        ({"identifier": email(ADA), "action": "lift"}, "evidence_missing", "/evidence"),
        ({"identifier": email(ADA), "action": "remove", "reason": "choice"}, "invalid_choice", "/action"),
    ],
)
def test_an_entry_needs_a_reason_and_some_reasons_need_evidence(caller, item, code, at):
    answer = caller.post("suppressions/", {"suppressions": [item]}).json()["suppressions"][0]

    assert (answer["error"]["code"], answer["error"]["pointer"]) == (code, f"#/suppressions/0{at}")
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("order", [("lift", "add"), ("add", "lift")])
def test_a_no_outweighs_a_lift_in_the_same_call_and_the_answer_says_so(caller, order):
    suppress(party_of(("email", ADA)), channel="email", reason="choice", actor=PERSON)
    scope = {"identifier": email(ADA), "channel": "email"}
    items = {"lift": {**scope, "action": "lift", "evidence": "Order 4711"}, "add": {**scope, "action": "add", "reason": "choice"}}

    answer = caller.post("suppressions/", {"suppressions": [items[each] for each in order]}).json()

    said = {"lift": "lifted", "add": "suppressed"}
    assert [each["status"] for each in answer["suppressions"]] == [said[each] for each in order]
    assert Suppression.objects.filter(lifted_at__isnull=True).count() == 1
    assert not gate.may(("email", ADA), NEWS["purpose"], topic=NEWS["topic"], channel="email").allowed


def test_lifting_needs_evidence_and_takes_away_only_what_the_person_said(caller):
    ada, bob = party_of(("email", ADA)), party_of(("email", BOB))
    suppress(ada, channel="email", topic="product_news", reason="choice", actor=PERSON)
    suppress(bob, channel="email", topic="product_news", reason="hard_bounce", actor=PERSON)
    lift = {"action": "lift", "channel": "email", "topic": "product_news", "evidence": "Order 4711, box ticked"}

    answer = caller.post(
        "suppressions/",
        {"suppressions": [{"identifier": email(ADA), **lift}, {"identifier": email(BOB), **lift}, {"identifier": email(ADA), **lift}]},
    )

    assert [each["status"] for each in answer.json()["suppressions"]] == ["lifted", "nothing_to_lift", "nothing_to_lift"]
    row = Suppression.objects.get(reason="choice")
    assert (row.lifted_by_kind, row.lifted_by_ref, row.lift_evidence) == ("api_client", caller.client.pk, "Order 4711, box ticked")
    assert Suppression.objects.get(reason="hard_bounce").lifted_at is None


def test_the_list_says_what_stands_for_what_is_asked(caller):
    suppress(party_of(make_person(ADA)), reason="objection", actor=PERSON)
    suppress(party_of(("email", BOB)), channel="email", topic="product_news", reason="choice", actor=PERSON)

    checks = caller.post(
        "suppressions/check/",
        {
            "checks": [
                {"identifier": email(ADA), "channel": "sms"},
                {"identifier": email(BOB)},
                {"identifier": email(BOB), "channel": "sms"},
                {"identifier": email("carol@example.com")},
                {"identifier": email("")},
            ]
        },
    ).json()["checks"]

    assert [each.get("is_suppressed") for each in checks] == [True, True, False, False, None]
    assert [(entry["reason"], entry["channel"], entry["topic"]) for entry in checks[0]["entries"]] == [("objection", "", "")]
    assert [(entry["reason"], entry["channel"], entry["topic"]) for entry in checks[1]["entries"]] == [("choice", "email", "product_news")]
    assert checks[4]["error"]["code"] == "required"


def test_many_entries_take_few_queries(caller):
    def body(count, **more):
        return [{"identifier": email(f"p{number}@example.com"), "channel": "email", **more} for number in range(count)]

    adding = [queries_of(caller, "suppressions/", {"suppressions": body(count, reason="complaint")}) for count in (2, 900)]
    checking = [queries_of(caller, "suppressions/check/", {"checks": body(count)}) for count in (2, 900)]
    lifting = [queries_of(caller, "suppressions/", {"suppressions": body(n, action="lift", evidence="Asked again")}) for n in (2, 900)]

    # SQLite takes a thousand values in one statement; each complaint is an event of every purpose of direct marketing, too
    assert adding[1] - adding[0] < 120
    assert checking[0] == checking[1]
    assert lifting[1] - lifting[0] < 60
    assert max(adding[0], *checking) < 40


def test_what_the_person_said_stands_in_the_ledger_and_every_call_on_the_trail(caller):
    entry = {"identifier": email(ADA), "channel": "email"}

    for reason in ("complaint", "objection", "choice", "hard_bounce"):
        caller.post("suppressions/", {"suppressions": [entry | {"reason": reason}]})

    events = ConsentEvent.objects.filter(purpose="news_and_offers")
    assert list(events.order_by("id").values_list("kind", "method", "channel")) == [
        ("refused", "api", "email"),
        ("objected", "api", "email"),
    ]
    assert AuditEntry.objects.filter(verb="preferences.suppressed").count() == 4


# unsubscribe-links/


def test_links_come_with_the_headers_that_a_mail_needs(caller, client):
    answer = caller.post(
        "unsubscribe-links/",
        {
            "links": [
                {"identifier": email(ADA), "topic": "product_news", "campaign": "november"},
                {"identifier": {"kind": "phone", "value": "+60 3-2123 4567"}},
                {"identifier": {"kind": "username", "value": "ada"}},
                {"identifier": email(ADA), "topic": "nothing"},
            ]
        },
    )

    links = answer.json()["links"]
    url = links[0]["unsubscribe_url"]
    assert url.startswith("http://localhost:8000/u/")
    assert links[0]["preferences_url"].startswith("http://localhost:8000/p/")
    assert links[0]["headers"]["List-Unsubscribe"] == f"<{url}>"
    assert links[0]["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert links[0]["headers"]["List-Id"].startswith("<product_news.")
    assert "headers" not in links[1]
    assert links[2]["error"]["code"] == "not_an_address"
    assert links[3]["error"]["code"] == "unknown_topic"
    assert ADA not in answer.content.decode()
    stored = link_with(url.rpartition("/")[2])
    assert (stored.topic, stored.campaign, stored.channel) == ("product_news", "november", Channel.EMAIL)
    assert LinkToken.objects.count() == 4


def test_a_link_that_an_outside_mailer_sent_unsubscribes(caller, client):
    choose(party_of(make_person(ADA)), on=[NEWS_SCOPE], presented=presented(), actor=PERSON)
    links = caller.post("unsubscribe-links/", {"links": [{"identifier": email(ADA), "topic": "product_news"}]}).json()["links"]

    client.post(links[0]["unsubscribe_url"].removeprefix("http://localhost:8000"), {"List-Unsubscribe": "One-Click"})

    assert not gate.may(("email", ADA), **NEWS).allowed
    with clock.stopped_at(clock.now() + timedelta(minutes=5)):
        assert confirm_opt_outs() == 1


def test_many_links_take_few_queries(caller):
    def body(count):
        return {"links": [{"identifier": email(f"p{number}@example.com"), "topic": "product_news"} for number in range(count)]}

    few, many = queries_of(caller, "unsubscribe-links/", body(2)), queries_of(caller, "unsubscribe-links/", body(400))

    assert many - few < 40  # bulk inserts come in batches


# scopes


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("decisions/", "gate:read"),
        ("suppressions/", "suppression"),
        ("suppressions/check/", "suppression"),
        ("unsubscribe-links/", "links"),
        ("consents/", "consents"),
        ("consents/query/", "consents"),
    ],
)
def test_each_call_needs_its_scope(path, scope):
    others = {"gate:read", "suppression", "links", "consents"} - {scope}

    answer = Caller(*others).post(path, {})

    assert answer.status_code == 403
    assert f'scope="{scope}"' in answer["WWW-Authenticate"]
    assert Caller(scope).post(path, {}).status_code == 400
