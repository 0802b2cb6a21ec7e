"""The ledger: events that nobody can change, receipts that can be made again, keys that rotate, consents that run out."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from privacycenter.kernel import clock
from privacycenter.preferences import domain, gate, queries, texts
from privacycenter.preferences.checks import check_hash_keys, check_ledger
from privacycenter.preferences.enums import EventKind, Method, SuppressionReason
from privacycenter.preferences.errors import EvidenceMissing
from privacycenter.preferences.models import ConsentEvent, ConsentText, DeliveryChoice, Suppression
from privacycenter.preferences.parties import CONTEXT, party_of
from privacycenter.preferences.receipts import STATUS, canonical, kept_receipt, sha256_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.triggers import ledger
from tests.factories.preferences import PERSON, STAFF, make_person, make_topic, presented

pytestmark = pytest.mark.django_db
NEWS = Scope("news_and_offers", "product_news")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def event(db):
    make_topic()
    with clock.stopped_at(START):
        ada = party_of(make_person("ada@example.com"))
        domain.set_delivery(ada, "frequency", {"messages": 1, "days": 7}, method=Method.PREFERENCE_PAGE, actor=PERSON)
        shown = presented(control="yes", page="/preferences/")
        return domain.record_choice(ada, domain.Choice(NEWS, EventKind.GIVEN), presented=shown, actor=PERSON)


@pytest.mark.obligation("L-02")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE preferences_consentevent SET kind = 'withdrawn'",
        "UPDATE preferences_consentevent SET at = at, party_hash = 'x'",
        "DELETE FROM preferences_consentevent",
        "UPDATE preferences_consenttext SET text = 'something else'",
        "DELETE FROM preferences_consenttext WHERE key = 'tests.choice'",
        "UPDATE preferences_deliverychoice SET method = 'form'",
        "DELETE FROM preferences_deliverychoice",
    ],
)
def test_what_was_chosen_and_shown_can_not_be_changed(event, statement):
    assert DeliveryChoice.objects.exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert queries.history_of(party_of(("email", "ada@example.com"))).get() == event


@pytest.mark.sqlite_only
def test_replacing_an_event_is_refused_too(event):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT OR REPLACE INTO preferences_consentevent SELECT * FROM preferences_consentevent")


@pytest.mark.postgresql_only
def test_truncating_the_ledger_is_refused(event):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # foreign keys are checked at the end otherwise, and wait for it
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE preferences_consentevent CASCADE")


def test_missing_triggers_are_an_error_at_start():
    assert check_ledger(None, databases=["default"]) == []

    ledger.drop()

    assert [message.id for message in check_ledger(None, databases=["default"])] == ["privacycenter.E021"]
    ledger.install()
    assert ledger.missing() == set()


def test_a_receipt_says_what_happened_and_not_to_whom(event, settings):
    receipt = kept_receipt(ConsentEvent.objects.select_related("text").get())

    assert receipt == {
        "schema_version": "urn:privacycenter:consent-receipt:1",
        "record_id": str(event.record_id),
        "event_id": str(event.event_id),
        "pii_controllers": [
            {"name": settings.OPERATOR_NAME, "contact": settings.OPERATOR_CONTACT, "country": settings.OPERATOR_COUNTRY},
        ],
        "purpose": "news_and_offers",
        "scope": {"topic": "product_news"},
        "privacy_notice": {
            "key": "tests.choice",
            "version": 1,
            "language": "en",
            "sha256": hashlib.sha256(b"Do you want this?").hexdigest(),
        },
        "collection_method": {"method": "preference_page", "control": "yes", "page": "/preferences/"},
        "event_type": "given",
        "event_state": "dpv:ConsentGiven",
        "privacy_right": None,
        "event_time": "2026-03-01T12:00:00.000000Z",
        "validity_duration": None,
        "entity_id": "person",
        "evidence_sha256": None,
    }
    assert sha256_of(receipt) == event.receipt_sha256
    assert canonical(json.loads(canonical(receipt))) == canonical(receipt)
    assert event.party_hash not in canonical(receipt).decode()


def test_every_kind_of_event_has_a_receipt(event):
    ada = party_of(("email", "ada@example.com"))
    for kind in EventKind:
        written = domain.record_choice(ada, domain.Choice(NEWS, kind, START + timedelta(days=1)), presented=presented(), actor=PERSON)
        receipt = kept_receipt(ConsentEvent.objects.select_related("text").get(pk=written.pk))
        assert receipt is not None
        assert receipt["event_state"] == STATUS[kind]
        assert (receipt["privacy_right"] == "eu-gdpr:A21") == (kind in {EventKind.OBJECTED, EventKind.OBJECTION_LIFTED})
        assert receipt["validity_duration"].endswith("/2026-03-02T12:00:00.000000Z")
    assert set(STATUS) == set(EventKind)


def test_evidence_is_bound_by_the_receipt_and_may_be_sealed_anew(event, settings):
    ada = party_of(("email", "ada@example.com"))
    said = domain.Choice(NEWS, EventKind.WITHDRAWN, None, "by_phone", "Call of 1 March")
    written = domain.record_choice(ada, said, presented=presented(Method.STAFF), actor=STAFF)
    settings.DATA_KEYS = {"newer": b"n" * 32, **settings.DATA_KEYS}

    call_command("rotate_keys", verbosity=0)

    kept = ConsentEvent.objects.select_related("text").get(pk=written.pk)
    assert kept.evidence == "Call of 1 March"
    assert kept_receipt(kept)["evidence_sha256"] == hashlib.sha256(b"Call of 1 March").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT evidence FROM preferences_consentevent WHERE id = %s", [written.pk])
        assert b"newer" in bytes(cursor.fetchone()[0])
    ConsentEvent.objects.filter(pk=written.pk).update(evidence="Something else")
    assert kept_receipt(ConsentEvent.objects.select_related("text").get(pk=written.pk)) is None


@pytest.mark.obligation("K-02")
def test_what_stands_under_an_older_hash_key_is_still_found(event, settings):
    person = make_person("bob@example.com")
    domain.choose(party_of(person), off=[NEWS], presented=presented(), actor=PERSON)
    old = dict(settings.HASH_KEYS)

    settings.HASH_KEYS = {"newer": b"n" * 32, **old}

    bob = party_of(type(person).objects.get(pk=person.pk))
    assert bob.writes_to.key_id == "newer"
    assert queries.is_on(bob, NEWS) is False
    assert gate.may(("email", "bob@example.com"), *NEWS[:1], topic=NEWS.topic, channel="email").rule is gate.Rule.SUPPRESSION
    domain.choose(bob, on=[NEWS], presented=presented(), actor=PERSON)
    assert gate.may(("email", "bob@example.com"), *NEWS[:1], topic=NEWS.topic, channel="email").allowed
    assert set(queries.history_of(bob).values_list("party_key_id", flat=True)) == {"newer", *list(old)[:1]}
    person.delete()
    assert gate.may(("email", "bob@example.com"), *NEWS[:1], topic=NEWS.topic, channel="email").allowed is False


def test_the_context_of_hashes_is_fixed():
    """Rows outlive releases: another context would lose every opt-out."""
    assert CONTEXT == "preferences.party"


def test_staff_need_reason_and_evidence_for_each_event(event):
    ada = party_of(("email", "ada@example.com"))
    for choice in (domain.Choice(NEWS, EventKind.GIVEN), domain.Choice(NEWS, EventKind.GIVEN, None, "by_phone", "")):
        with pytest.raises(EvidenceMissing):
            domain.record_choices(ada, [choice], presented=presented(), actor=STAFF)


def test_consents_that_ran_out_are_noted_once(event):
    ada, bob = party_of(make_person()), party_of(make_person())
    until = START + timedelta(days=180)
    with clock.stopped_at(START):
        domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON, valid_until=until)
        domain.choose(bob, on=[NEWS], presented=presented(), actor=PERSON, valid_until=until)
    with clock.stopped_at(START + timedelta(days=100)):
        domain.choose(bob, on=[NEWS], presented=presented(), actor=PERSON, valid_until=until + timedelta(days=100))

    with clock.stopped_at(until - timedelta(seconds=1)):
        assert domain.note_expired() == 0
    with clock.stopped_at(until + timedelta(hours=1)):
        assert domain.note_expired() == 1
        assert domain.note_expired() == 0

    expired = queries.history_of(ada).first()
    assert (expired.kind, expired.method, expired.actor_kind, queries.scope_of(expired)) == ("expired", "system", "system", NEWS)
    assert queries.states_of(bob)[NEWS].kind == EventKind.RENEWED
    assert Suppression.objects.count() == 0
    assert kept_receipt(ConsentEvent.objects.select_related("text").get(pk=expired.pk)) is not None


def test_a_consent_that_was_withdrawn_does_not_run_out(event):
    ada = party_of(make_person())
    with clock.stopped_at(START):
        domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON, valid_until=START + timedelta(days=10))
        domain.choose(ada, off=[NEWS], presented=presented(), actor=PERSON)

    with clock.stopped_at(START + timedelta(days=11)):
        assert domain.note_expired() == 0


def test_suppression_reasons_are_all_handled():
    assert set(SuppressionReason) == set(gate.rules._SUPPRESSED)


def test_a_text_whose_transaction_is_rolled_back_is_not_remembered():
    with transaction.atomic():
        texts.shown("test.lost", "One", language="en")
        texts.shown("test.lost", "One", language="en")
        transaction.set_rollback(True)

    other = texts.shown("test.other", "Quite another", language="en")
    again = texts.shown("test.lost", "One", language="en")

    assert ConsentText.objects.get(pk=again.id).text == "One"
    assert again.id != other.id


@pytest.mark.django_db(transaction=True)
def test_a_text_that_stands_is_looked_up_once(django_assert_num_queries):
    texts.shown("test.kept", "One", language="en")
    ConsentText.objects.create(
        key="test.others", version=1, language="en", sha256=hashlib.sha256(b"Two").hexdigest(), text="Two", created_at=clock.now()
    )
    with transaction.atomic():
        texts.shown("test.others", "Two", language="en")

    with django_assert_num_queries(0):
        texts.shown("test.kept", "One", language="en")
        texts.shown("test.others", "Two", language="en")


@pytest.mark.obligation("H-01")
def test_a_key_that_rows_bear_and_nobody_configured_is_reported(event, settings):
    domain.suppress(party_of(("email", "ada@example.com")), reason=SuppressionReason.CHOICE, actor=PERSON)
    assert check_hash_keys(None, databases=["default"]) == []

    settings.HASH_KEYS = {"another": b"x" * 32}

    [message] = check_hash_keys(None, databases=["default"])
    assert message.id == "privacycenter.E026"
    assert all(used in message.msg for used in set(Suppression.objects.values_list("party_key_id", flat=True)))
    settings.HASH_KEYS = {}
    assert [message.id for message in check_hash_keys(None, databases=["default"])] == ["privacycenter.E026"]
