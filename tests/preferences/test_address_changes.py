"""A no outlives the address under which it was said, and reaches those that come later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from privacycenter.kernel import clock
from privacycenter.preferences import domain, gate, queries
from privacycenter.preferences.enums import EventKind, LinkKind, Method, SuppressionReason
from privacycenter.preferences.links import make_link
from privacycenter.preferences.models import ConsentEvent, Suppression
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.domain import add_identifier, remove_identifier, split_subject
from privacycenter.subjects.models import Subject
from tests.factories.preferences import NOBODY, PERSON, STAFF, SYSTEM, make_person, make_topic, presented

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("H-01")]

PURPOSE = "news_and_offers"
NEWS = Scope(PURPOSE, "product_news", "email")
EVENTS = Scope(PURPOSE, "events", "email")
A, B = "ada@example.com", "bea@example.com"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def ada():
    """Somebody who agreed to two topics in their account."""
    make_topic("product_news", channels=["email", "sms"])
    make_topic("events")
    person = make_person(A)
    with clock.stopped_at(START):
        domain.choose(party_of(person), on=[NEWS, EVENTS], presented=presented(), actor=PERSON)
    return person


def fresh(person):
    return Subject.objects.get(pk=person.pk)


def may(who, scope=NEWS):
    return gate.may(who if isinstance(who, tuple) else party_of(fresh(who)), PURPOSE, topic=scope.topic, channel="email").allowed


def by_link(topic="product_news", **said):
    assert Client().post(make_link(party_of(("email", A)), kind=LinkKind.UNSUBSCRIBE, topic=topic), said).status_code == 200


def move_to(person, new=B):
    add_identifier(fresh(person), kind="email", value=new, source="test", proven=True, actor=SYSTEM)
    remove_identifier(fresh(person).identifiers.get(value=A), actor=SYSTEM)


@pytest.mark.parametrize("said", [{}, {"action": "all"}])
def test_an_opt_out_by_link_holds_after_a_change_of_address(ada, said):
    by_link(**said)

    move_to(ada)

    assert not may(ada)
    assert not may(("email", B))
    assert not may(("email", A))
    assert may(ada, EVENTS) is not bool(said)
    kept = ConsentEvent.objects.filter(method=Method.SYSTEM)
    assert {(event.party_kind, event.reason) for event in kept} == {("subject", "identifier_removed")}


def test_what_was_said_before_a_later_yes_does_not_come_back(ada):
    with clock.stopped_at(START + timedelta(days=1)):
        by_link(action="all")
    with clock.stopped_at(START + timedelta(days=2)):
        domain.choose(party_of(fresh(ada)), on=[NEWS], presented=presented(), actor=PERSON)

    move_to(ada)

    assert may(ada)
    assert may(("email", B))
    assert not may(ada, EVENTS)


def test_a_no_that_stands_under_the_person_is_not_written_again(ada):
    domain.choose(party_of(fresh(ada)), off=[NEWS], presented=presented(), actor=PERSON)

    move_to(ada)

    assert not ConsentEvent.objects.filter(method=Method.SYSTEM).exists()
    assert not may(ada)


def test_a_consent_that_was_declared_invalid_stays_so(ada):
    party = party_of(("email", A))
    shown = {"presented": presented(Method.STAFF), "reason": "form_broken", "evidence": "The box was ticked before"}
    domain.invalidate(party, [NEWS], **shown, actor=STAFF)

    move_to(ada)

    assert queries.is_on(party_of(fresh(ada)), NEWS) is False
    assert queries.is_on(party_of(fresh(ada)), EVENTS) is True


def test_what_staff_entered_and_a_pause_go_along_a_bounce_does_not(ada):
    bare = party_of(("email", A))
    domain.suppress(bare, channel="email", topic="product_news", reason=SuppressionReason.STAFF, evidence="Letter", actor=STAFF)
    domain.suppress(bare, channel="email", reason=SuppressionReason.HARD_BOUNCE, actor=SYSTEM)
    until = clock.now() + timedelta(days=30)
    for kind, value in (
        ("pause", {"until": until}),
        ("frequency", {"messages": 1, "days": 7}),
        ("quiet_hours", {"from": "22:00", "until": "07:00"}),
    ):
        domain.set_delivery(bare, kind, value, method=Method.ONE_CLICK, actor=NOBODY)
    before = queries.delivery_of(bare)

    move_to(ada)

    party = party_of(fresh(ada))
    assert {row.reason for row in queries.active_suppressions(party)} == {SuppressionReason.STAFF}
    assert queries.delivery_of(party) == before


def test_removing_an_unproven_address_carries_nothing(ada):
    add_identifier(ada, kind="email", value=B, source="test", actor=SYSTEM)
    domain.stop_all_marketing(party_of(("email", B)), presented=presented(Method.ONE_CLICK), actor=NOBODY)

    remove_identifier(ada.identifiers.get(value=B), actor=SYSTEM)

    assert may(ada)


def test_when_an_address_is_split_off_its_no_counts_for_both(ada):
    add_identifier(fresh(ada), kind="email", value=B, source="test", proven=True, actor=SYSTEM)
    by_link()

    new = split_subject(fresh(ada), identifiers=ada.identifiers.filter(value=A), reason="two_people", actor=STAFF)

    assert not may(("email", B))
    assert not may(ada)
    assert not may(new)
    assert may(ada, EVENTS)
    assert queries.is_on(party_of(fresh(new)), EVENTS) is None


def test_what_was_refused_in_the_account_is_noted_for_an_address_proven_later(ada):
    with clock.stopped_at(START + timedelta(days=1)):
        domain.choose(party_of(fresh(ada)), off=[NEWS], presented=presented(), actor=PERSON)
        domain.suppress(party_of(fresh(ada)), channel="sms", reason=SuppressionReason.CHOICE, actor=PERSON)
    with clock.stopped_at(START + timedelta(days=2)):
        add_identifier(fresh(ada), kind="email", value=B, source="test", proven=True, actor=SYSTEM)

    rows = Suppression.objects.filter(party_hash=party_of(("email", B)).writes_to.digest)
    assert [(row.topic, row.channel, row.said_at) for row in rows] == [("product_news", "email", START + timedelta(days=1))]
    ada.delete()
    assert not may(("email", B))


def test_a_note_for_a_later_address_does_not_make_a_younger_no_older(ada):
    with clock.stopped_at(START + timedelta(days=1)):
        domain.choose(party_of(fresh(ada)), off=[NEWS], presented=presented(), actor=PERSON)
    with clock.stopped_at(START + timedelta(days=3)):
        domain.suppress(party_of(("email", B)), channel="email", topic="product_news", reason=SuppressionReason.CHOICE, actor=NOBODY)
    with clock.stopped_at(START + timedelta(days=4)):
        domain.suppress(party_of(("email", B)), channel="email", topic="product_news", reason=SuppressionReason.CHOICE, actor=NOBODY)

    add_identifier(fresh(ada), kind="email", value=B, source="test", proven=True, actor=SYSTEM)

    assert Suppression.objects.get(party_hash=party_of(("email", B)).writes_to.digest).said_at == START + timedelta(days=4)


def test_an_objection_stays_one_after_a_change_of_address(ada):
    domain.object_to(party_of(("email", A)), PURPOSE, presented=presented(), actor=PERSON)

    move_to(ada)

    assert queries.states_of(party_of(fresh(ada)))[Scope(PURPOSE)].kind == EventKind.OBJECTED
