"""Choosing: what is written, what follows, and what stands at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from privacycenter.audit.queries import entries_about
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences import domain, gate, queries
from privacycenter.preferences.enums import EventKind, Method, SuppressionReason
from privacycenter.preferences.errors import EvidenceMissing, OnlyOptOut, UnfitDelivery, UnknownPurpose
from privacycenter.preferences.models import ConsentEvent, Suppression
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import PARTNERS, Scope
from privacycenter.subjects.domain import merge_subjects, split_subject
from privacycenter.subjects.errors import StaffOnly
from tests.factories.preferences import NOBODY, PERSON, STAFF, make_person, make_topic, presented

pytestmark = pytest.mark.django_db

NEWS = Scope("news_and_offers", "product_news")
ALL_NEWS = Scope("news_and_offers")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def topic(db):
    return make_topic(channels=["email", "sms"])


def kinds(party):
    return [event.kind for event in queries.history_of(party).order_by("id")]


@pytest.mark.obligation("L-02")
def test_what_was_chosen_stands_until_it_is_chosen_otherwise():
    ada = party_of(make_person("ada@example.com"))

    assert queries.is_on(ada, NEWS) is None
    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)
    assert queries.is_on(ada, NEWS) is True
    domain.choose(ada, off=[NEWS], presented=presented(), actor=PERSON)
    assert queries.is_on(ada, NEWS) is False
    assert kinds(ada) == [EventKind.GIVEN, EventKind.WITHDRAWN]
    assert [event.text.text for event in ConsentEvent.objects.select_related("text")] == ["Do you want this?"] * 2


def test_choosing_what_stands_already_writes_nothing():
    ada = party_of(make_person())
    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)

    assert domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON) == []
    domain.choose(ada, off=[NEWS], presented=presented(), actor=PERSON)
    assert domain.choose(ada, off=[NEWS], presented=presented(), actor=PERSON) == []
    assert kinds(ada) == [EventKind.GIVEN, EventKind.WITHDRAWN]


def test_a_no_that_nothing_came_before_is_a_refusal():
    ada = party_of(make_person())

    domain.choose(ada, off=[NEWS], presented=presented(), actor=PERSON)

    assert kinds(ada) == [EventKind.REFUSED]
    assert queries.is_on(ada, NEWS) is False


@pytest.mark.obligation("H-01")
def test_an_opt_out_is_kept_for_every_address_and_outlives_the_person():
    person = make_person("ada@example.com", "ada@example.org", phones=("+60321234567",))
    domain.choose(party_of(person), off=[NEWS], presented=presented(), actor=PERSON)

    person.delete()

    for address in ("ada@example.com", "ADA@example.org"):
        assert gate.may(("email", address), "news_and_offers", topic="product_news", channel="email").rule is gate.Rule.SUPPRESSION
    assert gate.may(("phone", "+60321234567"), "news_and_offers", topic="product_news", channel="sms").rule is gate.Rule.SUPPRESSION


def test_an_opt_out_of_one_channel_stands_for_the_identifiers_it_reaches():
    ada = party_of(make_person("ada@example.com", phones=("+60321234567",)))

    domain.choose(ada, off=[NEWS._replace(channel="sms")], presented=presented(), actor=PERSON)

    assert {row.party_kind for row in Suppression.objects.all()} == {"subject", "phone"}


def test_opting_in_lifts_what_the_person_said_and_leaves_the_rows_as_evidence():
    ada = party_of(make_person())
    domain.choose(ada, off=[NEWS], presented=presented(), actor=PERSON)
    count = Suppression.objects.count()

    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)

    assert queries.active_suppressions(ada) == []
    assert Suppression.objects.filter(lift_reason="preference_page", lifted_by_kind="person").count() == count == 2
    assert gate.may(ada, "news_and_offers", topic="product_news", channel="email").allowed


def test_opting_in_does_not_lift_what_others_put_there():
    person = make_person()
    ada = party_of(person)
    domain.suppress(ada, channel="email", reason=SuppressionReason.STAFF, actor=STAFF)

    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)

    assert gate.may(person, "news_and_offers", topic="product_news", channel="email").rule is gate.Rule.SUPPRESSION


def test_a_yes_to_one_topic_after_a_no_to_all_is_for_that_topic_only():
    make_topic("events")
    ada = party_of(make_person())
    with clock.stopped_at(START):
        domain.stop_all_marketing(ada, presented=presented(), actor=PERSON)
    with clock.stopped_at(START + timedelta(days=1)):
        domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)

    assert gate.may(ada, "news_and_offers", topic="product_news", channel="email").allowed
    assert gate.may(ada, "news_and_offers", topic="events", channel="email").rule is gate.Rule.SUPPRESSION
    assert gate.may(ada, "marketing_improvement").allowed is False
    # ... and a further no to all ends that yes too, whoever it comes from.
    with clock.stopped_at(START + timedelta(days=2)):
        domain.suppress(ada, reason=SuppressionReason.CHOICE, actor=NOBODY)
    assert gate.may(ada, "news_and_offers", topic="product_news", channel="email").rule is gate.Rule.SUPPRESSION


def test_a_yes_after_a_spam_report_counts():
    ada = party_of(make_person())
    with clock.stopped_at(START):
        domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)
    with clock.stopped_at(START + timedelta(days=1)):
        domain.suppress(ada, channel="email", reason=SuppressionReason.COMPLAINT, actor=NOBODY)
        assert gate.may(ada, "news_and_offers", topic="product_news", channel="email").rule is gate.Rule.SUPPRESSION
    with clock.stopped_at(START + timedelta(days=2)):
        email = NEWS._replace(channel="email")
        domain.choose(ada, on=[email], presented=presented(), actor=PERSON)
        assert gate.may(ada, "news_and_offers", topic="product_news", channel="email").allowed
        assert kinds(ada) == [EventKind.GIVEN, EventKind.RENEWED]


@pytest.mark.parametrize(
    ("method", "actor"),
    [(Method.ONE_CLICK, PERSON), (Method.PREFERENCE_PAGE, NOBODY), (Method.FORM, NOBODY), (Method.ONE_CLICK, NOBODY)],
)
def test_a_link_can_not_switch_anything_on(method, actor):
    ada = party_of(("email", "ada@example.com"))

    with pytest.raises(OnlyOptOut):
        domain.choose(ada, on=[NEWS], presented=presented(method), actor=actor)
    with pytest.raises(OnlyOptOut):
        domain.lift_objection(ada, "news_and_offers", presented=presented(method), actor=actor)

    assert not ConsentEvent.objects.exists()


def test_a_mailed_confirmation_switches_on_without_a_sign_in():
    ada = party_of(("email", "ada@example.com"))

    domain.choose(ada, on=[NEWS], presented=presented(Method.MAILED_CONFIRMATION), actor=NOBODY)

    assert gate.may(("email", "ada@example.com"), "news_and_offers", topic="product_news", channel="email").allowed


def test_choices_by_link_and_after_signing_in_meet():
    person = make_person("ada@example.com")
    by_link = party_of(("email", "ada@example.com"))
    domain.choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)

    domain.choose(by_link, off=[NEWS], presented=presented(Method.ONE_CLICK), actor=NOBODY)

    assert queries.is_on(party_of(person), NEWS) is False
    domain.choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)
    assert gate.may(by_link, "news_and_offers", topic="product_news", channel="email").allowed


def test_a_narrower_choice_wins_over_an_older_broader_one_and_yields_to_a_newer_no():
    ada = party_of(make_person())
    domain.choose(ada, off=[ALL_NEWS], presented=presented(), actor=PERSON)
    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)

    assert queries.is_on(ada, NEWS) is True
    assert queries.is_on(ada, ALL_NEWS) is False
    domain.choose(ada, off=[ALL_NEWS], presented=presented(), actor=PERSON)
    assert queries.is_on(ada, NEWS) is False
    assert kinds(ada) == [EventKind.REFUSED, EventKind.GIVEN, EventKind.WITHDRAWN]


def test_no_texts_at_all_stands_against_yes_to_a_topic():
    ada = party_of(make_person())
    domain.choose(ada, off=[ALL_NEWS._replace(channel="sms")], presented=presented(), actor=PERSON)
    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)

    assert queries.is_on(ada, NEWS._replace(channel="email")) is True
    assert queries.is_on(ada, NEWS._replace(channel="sms")) is False


@pytest.mark.obligation("L-02")
def test_the_state_at_any_past_time_can_be_asked():
    ada = party_of(make_person())
    with clock.stopped_at(START):
        domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)
    with clock.stopped_at(START + timedelta(days=10)):
        domain.choose(ada, off=[NEWS], presented=presented(), actor=PERSON)

    assert queries.is_on(ada, NEWS, at=START - timedelta(seconds=1)) is None
    assert queries.is_on(ada, NEWS, at=START + timedelta(days=5)) is True
    assert queries.is_on(ada, NEWS, at=START + timedelta(days=10)) is False
    asked = {"topic": "product_news", "channel": "email"}
    assert gate.may(ada, "news_and_offers", **asked, at=START + timedelta(days=5)).allowed
    assert not gate.may(ada, "news_and_offers", **asked, at=START + timedelta(days=11)).allowed


def test_a_consent_that_has_run_out_is_none():
    ada = party_of(make_person())
    until = START + timedelta(days=180)
    with clock.stopped_at(START):
        domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON, valid_until=until)

    assert queries.is_on(ada, NEWS, at=until - timedelta(seconds=1)) is True
    assert queries.is_on(ada, NEWS, at=until) is False
    assert gate.may(ada, "news_and_offers", topic="product_news", at=until).rule is gate.Rule.CONSENT


def test_asking_changes_nothing():
    ada = party_of(make_person())
    asked = domain.Choice(NEWS, EventKind.REQUESTED)
    domain.record_choice(ada, asked, presented=presented(), actor=PERSON)

    assert queries.is_on(ada, NEWS) is None
    assert queries.states_of(ada)[NEWS].kind == EventKind.REQUESTED
    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)
    domain.record_choice(ada, asked, presented=presented(), actor=PERSON)
    assert queries.is_on(ada, NEWS) is True


@pytest.mark.obligation("R-06")
def test_an_objection_stops_direct_marketing_at_once_and_can_be_taken_back():
    person = make_person("ada@example.com")
    ada = party_of(person)
    make_topic("tips", purpose="marketing_improvement")
    assert gate.may(ada, "marketing_improvement", topic="tips", channel="email").allowed

    domain.object_to(ada, "marketing_improvement", presented=presented(), actor=PERSON)

    assert gate.may(ada, "marketing_improvement", topic="tips", channel="email").rule is gate.Rule.OBJECTION
    assert domain.object_to(ada, "marketing_improvement", presented=presented(), actor=PERSON) is None
    domain.lift_objection(ada, "marketing_improvement", presented=presented(), actor=PERSON)
    assert gate.may(ada, "marketing_improvement", topic="tips", channel="email").allowed
    assert domain.lift_objection(ada, "marketing_improvement", presented=presented(), actor=PERSON) is None


def test_an_objection_outlives_the_person():
    person = make_person("ada@example.com")
    make_topic("tips", purpose="marketing_improvement")
    domain.object_to(party_of(person), "marketing_improvement", presented=presented(), actor=PERSON)

    person.delete()

    decision = gate.may(("email", "ada@example.com"), "marketing_improvement", topic="tips", channel="email")
    assert decision.rule is gate.Rule.SUPPRESSION


def test_objecting_to_what_is_not_in_the_data_map_is_refused():
    with pytest.raises(UnknownPurpose):
        domain.object_to(party_of(make_person()), "selling", presented=presented(), actor=PERSON)


@pytest.mark.obligation("R-06")
def test_an_objection_to_all_marketing_is_one_for_each_purpose():
    ada = party_of(make_person())

    events = domain.stop_all_marketing(ada, presented=presented(), actor=PERSON, reason=SuppressionReason.OBJECTION)

    assert {event.kind for event in events} == {EventKind.OBJECTED}
    assert domain.stop_all_marketing(ada, presented=presented(), actor=PERSON, reason=SuppressionReason.OBJECTION) == []
    assert gate.may(ada, "news_and_offers", topic="product_news", channel="email").rule is gate.Rule.OBJECTION


@pytest.mark.obligation("S-03")
def test_a_partner_can_be_declined():
    ada = party_of(make_person())
    assert gate.may(ada, "account_and_service", recipient="resale_partners").allowed

    domain.choose_partner(ada, "resale_partners", False, presented=presented(), actor=PERSON)

    assert queries.is_on(ada, Scope(PARTNERS, recipient="resale_partners")) is False
    assert gate.may(ada, "account_and_service", recipient="resale_partners").rule is gate.Rule.PARTNER
    assert gate.may(ada, "account_and_service", recipient="service_providers").allowed
    domain.choose_partner(ada, "resale_partners", True, presented=presented(), actor=PERSON)
    assert gate.may(ada, "account_and_service", recipient="resale_partners").allowed


def test_staff_choose_for_somebody_with_reason_and_evidence_and_are_on_the_trail():
    person = make_person()
    ada = party_of(person)

    with pytest.raises(EvidenceMissing):
        domain.choose(ada, on=[NEWS], presented=presented(Method.STAFF), actor=STAFF)
    domain.choose(ada, on=[NEWS], presented=presented(Method.STAFF), actor=STAFF, reason="by_phone", evidence="Call of 1 March")

    event = ConsentEvent.objects.get()
    assert (event.reason, event.evidence, event.actor_kind) == ("by_phone", "Call of 1 March", "staff")
    assert entries_about(str(person.public_id)).filter(verb="preferences.chosen_for").count() == 1


@pytest.mark.parametrize("actor", [STAFF, Actor(ActorKind.API_CLIENT, "crm")])
def test_nobody_else_lifts_a_persons_no_by_choosing_for_them_without_evidence(actor):
    ada = party_of(make_person("ada@example.com"))
    with clock.stopped_at(START):
        domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)
    # nothing is to be written to the ledger, only rows would be lifted
    domain.suppress(ada, topic="product_news", reason=SuppressionReason.CHOICE, actor=NOBODY)
    method = Method.STAFF if actor.is_staff else Method.API

    for ground in ({}, {"reason": "by_phone"}, {"evidence": "Letter"}):
        with pytest.raises(EvidenceMissing):
            domain.choose(ada, on=[NEWS], presented=presented(method), actor=actor, **ground)

    assert not Suppression.objects.filter(lifted_at__isnull=False).exists()


def test_a_no_that_comes_in_while_somebody_says_yes_stands(monkeypatch):
    ada, bare = party_of(make_person("ada@example.com")), party_of(("email", "ada@example.com"))
    moment = START
    monkeypatch.setattr(clock, "_source", lambda: moment)
    before = queries.states_of

    def slowly(*args, **kwargs):
        nonlocal moment
        found = before(*args, **kwargs)
        moment += timedelta(seconds=1)
        domain.suppress(bare, channel="email", topic="product_news", reason=SuppressionReason.CHOICE, actor=NOBODY)
        moment += timedelta(seconds=1)
        return found

    monkeypatch.setattr(queries, "states_of", slowly)
    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)

    assert gate.may(ada, "news_and_offers", topic="product_news", channel="email").rule is gate.Rule.SUPPRESSION
    assert Suppression.objects.get().lifted_at is None


def test_only_staff_declare_a_consent_invalid_and_only_one_that_stands():
    person = make_person()
    ada = party_of(person)
    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)
    wrong = {"presented": presented(Method.STAFF), "reason": "form_broken", "evidence": "The box was ticked before"}

    with pytest.raises(StaffOnly):
        domain.invalidate(ada, [NEWS], **wrong, actor=PERSON)
    with pytest.raises(EvidenceMissing):
        domain.invalidate(ada, [NEWS], **(wrong | {"evidence": ""}), actor=STAFF)
    assert domain.invalidate(ada, [NEWS, ALL_NEWS], **wrong, actor=STAFF) == 1

    assert queries.is_on(ada, NEWS) is False
    assert gate.may(ada, "news_and_offers", topic="product_news").rule is gate.Rule.CONSENT
    assert domain.invalidate(ada, [NEWS], **wrong, actor=STAFF) == 0
    assert entries_about(str(person.public_id)).filter(verb="preferences.invalidated").count() == 1
    domain.choose(ada, on=[NEWS], presented=presented(), actor=PERSON)
    assert queries.is_on(ada, NEWS) is True


def test_staff_lift_a_persons_own_no_with_evidence_only():
    person = make_person()
    ada = party_of(person)
    domain.suppress(ada, channel="email", topic="product_news", reason=SuppressionReason.CHOICE, actor=NOBODY)
    place = {"channel": "email", "topic": "product_news"}

    with pytest.raises(EvidenceMissing):
        domain.lift(ada, **place, reason="by_phone", actor=STAFF)
    with pytest.raises(EvidenceMissing):
        domain.lift(ada, **place, reason="", evidence="letter", actor=STAFF)
    assert domain.lift(ada, reason="by_phone", evidence="Letter of 1 March", actor=STAFF) == 0  # of exactly that scope
    assert domain.lift(ada, **place, reason="by_phone", evidence="Letter of 1 March", actor=STAFF) == 2

    assert Suppression.objects.filter(lift_evidence=b"").count() == 0
    assert entries_about(str(person.public_id)).filter(verb="preferences.suppression_lifted").count() == 1


@pytest.mark.parametrize("reason", [SuppressionReason.LAW, SuppressionReason.HARD_BOUNCE])
@pytest.mark.parametrize("actor", [PERSON, Actor(ActorKind.API_CLIENT, "crm"), Actor.system("x")])
def test_what_the_law_or_a_bounce_put_there_only_staff_lift(reason, actor):
    ada = party_of(make_person())
    domain.suppress(ada, reason=reason, actor=NOBODY)

    assert domain.lift(ada, reason="asked", evidence="said so", actor=actor) == 0
    with pytest.raises(EvidenceMissing):
        domain.lift(ada, reason="asked", actor=STAFF)
    assert domain.lift(ada, reason="asked", evidence="said so", actor=STAFF) == 2


def test_another_system_needs_evidence_too():
    ada = party_of(("email", "ada@example.com"))
    domain.suppress(ada, reason=SuppressionReason.CHOICE, actor=NOBODY)
    client = Actor(ActorKind.API_CLIENT, "crm")

    with pytest.raises(EvidenceMissing):
        domain.lift(ada, reason="asked", actor=client)
    assert domain.lift(ada, reason="asked", evidence="form 12", actor=client) == 1


def test_suppressing_twice_is_one_row_that_notes_the_repetition(django_assert_num_queries):
    ada = party_of(("email", "ada@example.com"))
    with clock.stopped_at(START):
        assert domain.suppress(ada, reason=SuppressionReason.CHOICE, notice=True, actor=NOBODY) == 1
    Suppression.objects.update(is_notice_due=False)
    with clock.stopped_at(START + timedelta(days=1)), django_assert_num_queries(1):
        domain.suppression.suppress_topics.__wrapped__(ada, topics=[""], reason=SuppressionReason.CHOICE, notice=True, actor=NOBODY)

    row = Suppression.objects.get()
    assert (row.created_at, row.repeated_at, row.is_notice_due) == (START, START + timedelta(days=1), False)


def test_the_confirmation_is_due_once_for_many_rows():
    ada = party_of(make_person("ada@example.com", "ada@example.org", phones=("+60321234567",)))

    domain.suppress(ada, reason=SuppressionReason.CHOICE, notice=True, actor=PERSON)

    assert list(Suppression.objects.filter(is_notice_due=True).values_list("party_kind", flat=True)) == ["email"]


def test_choices_follow_a_merge():
    keep, other = make_person("ada@example.com"), make_person("ada@example.org")
    domain.choose(party_of(other), on=[NEWS], presented=presented(), actor=PERSON)

    merge_subjects(keep, other, reason="same_person", actor=STAFF)

    keep.refresh_from_db()
    assert queries.is_on(party_of(keep), NEWS) is True
    assert gate.may(("email", "ada@example.com"), "news_and_offers", topic="product_news", channel="email").allowed


def test_after_a_split_a_no_counts_for_both_and_a_yes_for_the_one_who_stays():
    person = make_person("ada@example.com", "bob@example.com")
    other = Scope("surveys_and_feedback")
    domain.choose(party_of(person), on=[other], off=[NEWS], presented=presented(), actor=PERSON)

    new = split_subject(person, identifiers=person.identifiers.filter(value="bob@example.com"), reason="two_people", actor=STAFF)

    for subject in (type(person).objects.get(pk=person.pk), new):
        assert queries.is_on(party_of(subject), NEWS) is False
    assert queries.is_on(party_of(person), other) is True
    assert queries.is_on(party_of(new), other) is None
    assert gate.may(("email", "bob@example.com"), "news_and_offers", topic="product_news", channel="email").allowed is False


def test_delivery_settings_are_kept_and_ended():
    ada = party_of(make_person())
    page = {"method": Method.PREFERENCE_PAGE, "page": "/preferences/", "actor": PERSON}
    with clock.stopped_at(START):
        domain.set_delivery(ada, "pause", {"until": START + timedelta(days=30)}, **page)
        domain.set_delivery(ada, "quiet_hours", {"from": "22:00", "until": "07:00"}, **page)
        domain.set_delivery(ada, "frequency", {"messages": 1, "days": 7}, **page)

    found = queries.delivery_of(ada)

    assert found.pause_until == START + timedelta(days=30)
    assert (f"{found.quiet_from:%H:%M}", f"{found.quiet_until:%H:%M}") == ("22:00", "07:00")
    assert found.frequency == (1, 7)
    assert queries.delivery_of(ada, at=START - timedelta(seconds=1)) == queries.Delivery()
    domain.set_delivery(ada, "quiet_hours", {}, **page)
    assert queries.delivery_of(ada).quiet_from is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("pause", {"until": "tomorrow"}),
        ("pause", {"until": "2026-03-02T00:00:00"}),
        ("pause", {"until": "2026-02-01T00:00:00Z"}),
        ("pause", {"until": "2029-02-01T00:00:00Z"}),
        ("pause", {"soon": 1}),
        ("quiet_hours", {"from": "22:00", "until": "22:00"}),
        ("quiet_hours", {"from": "25:00", "until": "07:00"}),
        ("quiet_hours", {"from": "22:00"}),
        ("frequency", {"messages": 0, "days": 7}),
        ("frequency", {"messages": True, "days": 7}),
        ("frequency", {"messages": 1, "days": 3650}),
    ],
)
def test_settings_that_can_not_be_kept_are_refused(kind, value):
    with clock.stopped_at(START), pytest.raises(UnfitDelivery):
        domain.set_delivery(party_of(make_person()), kind, value, method=Method.PREFERENCE_PAGE, actor=PERSON)
