"""The gate: each rule, their order, what it says, and that many questions cost a handful of queries."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.utils.encoding import force_str

from privacycenter.datamap.enums import LegalBasis
from privacycenter.datamap.models import Purpose
from privacycenter.kernel import clock
from privacycenter.mail import kinds
from privacycenter.mail.enums import MessageState
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.queries import address_hashes
from privacycenter.preferences import domain, gate
from privacycenter.preferences.enums import Channel, EventKind, SuppressionReason
from privacycenter.preferences.gate import Rule, rules
from privacycenter.preferences.gate.quiet import quiet_until
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import GPC, Scope
from privacycenter.subjects.domain import restrict_sources
from privacycenter.subjects.models import Subject
from tests.factories.preferences import NOBODY, PERSON, STAFF, make_person, make_topic, presented

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEWS = Scope("news_and_offers", "product_news")
BY_MAIL = {"topic": "product_news", "channel": "email"}
METHOD = {"method": "preference_page", "actor": PERSON}


@pytest.fixture
def topic(db):
    return make_topic()


@pytest.fixture
def ada(topic):
    """Somebody who wants the news, on 2 March at noon (UTC)."""
    person = make_person("ada@example.com")
    with clock.stopped_at(NOON):
        domain.choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)
        yield person


def news(person, **more):
    return gate.may(person, "news_and_offers", **(BY_MAIL | more))


@pytest.mark.django_db
class TestRules:
    def test_what_was_agreed_to_is_allowed(self, ada):
        decision = news(ada)

        assert (decision.allowed, decision.rule, decision.until) == (True, Rule.CONSENT, None)
        assert force_str(decision.reason) == "The person agreed to this."

    @pytest.mark.obligation("H-01")
    def test_without_consent_nothing_that_needs_it(self, ada):
        assert news(make_person()).rule is Rule.CONSENT
        assert news(("email", "nobody@example.com")).rule is Rule.CONSENT

    @pytest.mark.obligation("R-04")
    def test_a_restriction_stops_everything_that_asks(self, ada):
        Subject.objects.update(restricted_at=NOON)
        ada.refresh_from_db()

        assert news(ada).rule is Rule.RESTRICTION
        assert news(("email", "ada@example.com")).rule is Rule.RESTRICTION
        assert gate.may(ada, "account_and_service").rule is Rule.RESTRICTION
        assert gate.may(ada, "account_and_service", at=NOON - timedelta(days=1)).allowed

    def test_a_suppression_stops_messages_and_nothing_else(self, ada):
        domain.suppress(party_of(ada), reason=SuppressionReason.LAW, actor=STAFF)

        assert news(ada).rule is Rule.SUPPRESSION
        assert gate.may(ada, "marketing_improvement").rule is Rule.SUPPRESSION
        assert gate.may(ada, "usage_and_problem_prevention").allowed
        assert gate.may(ada, "service_messages", channel="email").allowed

    @pytest.mark.parametrize("reason", SuppressionReason.values)
    def test_every_reason_has_its_words(self, ada, reason):
        with clock.stopped_at(NOON + timedelta(minutes=1)):
            domain.suppress(party_of(("email", "ada@example.com")), channel="email", reason=reason, actor=NOBODY)
            decision = news(("email", "ada@example.com"))

        assert decision.rule is Rule.SUPPRESSION
        assert force_str(decision.reason)

    def test_a_bounce_is_about_one_address(self, topic):
        person = make_person("old@example.com", "new@example.com")
        domain.choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)
        domain.suppress(party_of(("email", "old@example.com")), channel="email", reason=SuppressionReason.HARD_BOUNCE, actor=NOBODY)

        assert news(("email", "old@example.com")).rule is Rule.SUPPRESSION
        assert news(("email", "new@example.com")).allowed
        assert news(person).allowed
        domain.suppress(party_of(("email", "new@example.com")), channel="email", reason=SuppressionReason.HARD_BOUNCE, actor=NOBODY)
        assert news(person).rule is Rule.SUPPRESSION

    @pytest.mark.obligation("U-01")
    @pytest.mark.parametrize(
        ("purpose", "more"),
        [
            ("selling", {}),
            ("", {}),
            ("news_and_offers", {"topic": "nothing"}),
            ("surveys_and_feedback", {"topic": "product_news"}),
            ("news_and_offers", {"topic": "product_news", "channel": "sms"}),
            ("news_and_offers", {"channel": "pigeon"}),
            ("account_and_service", {"recipient": "somebody"}),
            ("account_and_service", {"channel": "pigeon"}),
        ],
    )
    def test_what_is_not_known_is_not_allowed(self, ada, purpose, more):
        decision = gate.may(ada, purpose, **more)

        assert (decision.allowed, decision.rule) == (False, Rule.UNKNOWN)

    def test_a_topic_that_is_no_longer_offered_is_not_sent(self, ada, topic):
        topic.is_active = False
        topic.save()

        assert news(ada).rule is Rule.UNKNOWN

    @pytest.mark.obligation("L-01")
    @pytest.mark.parametrize("basis", [LegalBasis.CONTRACT, LegalBasis.LEGAL_OBLIGATION, LegalBasis.VITAL_INTERESTS])
    def test_what_is_essential_passes_whatever_was_chosen(self, ada, basis):
        Purpose.objects.filter(key="support").update(legal_basis=basis)
        domain.stop_all_marketing(party_of(ada), presented=presented(), actor=PERSON)
        domain.object_to(party_of(ada), "support", presented=presented(), actor=PERSON)
        domain.set_delivery(party_of(ada), "pause", {"until": NOON + timedelta(days=3)}, **METHOD)

        assert gate.may(ada, "support", channel="email").rule is Rule.LEGAL_BASIS

    def test_a_legitimate_interest_allows_until_the_person_objects(self, ada):
        assert gate.may(ada, "usage_and_problem_prevention").rule is Rule.LEGAL_BASIS

        domain.object_to(party_of(ada), "usage_and_problem_prevention", presented=presented(), actor=PERSON)

        assert gate.may(ada, "usage_and_problem_prevention").rule is Rule.OBJECTION

    @pytest.mark.obligation("S-03")
    def test_a_declined_partner_gets_nothing_but_what_the_law_wants(self, ada):
        domain.choose_partner(party_of(ada), "resale_partners", False, presented=presented(), actor=PERSON)

        assert gate.may(ada, "account_and_service", recipient="resale_partners").rule is Rule.PARTNER
        assert gate.may(ada, "usage_and_problem_prevention", recipient="resale_partners").rule is Rule.PARTNER
        Purpose.objects.filter(key="account_and_service").update(legal_basis=LegalBasis.LEGAL_OBLIGATION)
        assert gate.may(ada, "account_and_service", recipient="resale_partners").allowed

    @pytest.mark.obligation("S-02", "G-03")
    def test_the_signal_stops_targeting_and_partners_and_leaves_newsletters_alone(self, ada):
        assert gate.may(ada, "marketing_improvement").allowed
        signalled = domain.Choice(Scope(GPC), EventKind.OBJECTED)
        domain.record_choice(party_of(ada), signalled, presented=presented(), actor=PERSON)

        assert gate.may(ada, "marketing_improvement").rule is Rule.GPC
        assert gate.may(ada, "usage_and_problem_prevention", recipient="resale_partners").rule is Rule.GPC
        assert gate.may(ada, "usage_and_problem_prevention", recipient="service_providers").allowed
        assert gate.may(ada, "account_and_service", recipient="service_providers").allowed
        assert news(ada).allowed

    def test_the_end_of_the_signal_is_no_consent(self, topic):
        person = party_of(make_person())
        for kind in (EventKind.OBJECTED, EventKind.OBJECTION_LIFTED):
            domain.record_choice(person, domain.Choice(Scope(GPC), kind), presented=presented(), actor=PERSON)

        assert gate.may(person, "marketing_improvement").rule is Rule.LEGAL_BASIS
        assert news(person).rule is Rule.CONSENT

    @pytest.mark.obligation("G-01")
    def test_nothing_by_consent_and_no_marketing_to_a_child(self, ada):
        Subject.objects.update(is_child=True)
        ada.refresh_from_db()

        assert news(ada).rule is Rule.AGE
        assert gate.may(ada, "marketing_improvement").rule is Rule.AGE
        assert gate.may(ada, "account_and_service").allowed

    def test_the_order_is_that_of_the_architecture(self, ada):
        """Everything stands against it at once; each answer is that of the first rule, which is then taken away."""
        party = party_of(ada)
        Purpose.objects.filter(key="news_and_offers").update(honours_gpc=True)
        with clock.stopped_at(NOON + timedelta(hours=10)):
            domain.set_delivery(party, "pause", {"until": NOON + timedelta(days=3)}, **METHOD)
            domain.set_delivery(party, "quiet_hours", {"from": "21:00", "until": "23:00"}, **METHOD)
            domain.set_delivery(party, "frequency", {"messages": 1, "days": 7}, **METHOD)
            sent("ada@example.com", NOON)
            domain.record_choice(party, domain.Choice(Scope(GPC), EventKind.OBJECTED), presented=presented(), actor=PERSON)
            domain.choose_partner(party, "resale_partners", False, presented=presented(), actor=PERSON)
            domain.object_to(party, "news_and_offers", presented=presented(), actor=PERSON)
            Subject.objects.update(restricted_at=NOON, is_child=True)
            ada.refresh_from_db()
            seen = []

            def ask():
                ada.__dict__.pop("_proven_identifiers", None)
                seen.append(news(ada, recipient="resale_partners").rule)

            ask()
            Subject.objects.update(restricted_at=None)
            ada.refresh_from_db()
            ask()
            domain.lift_objection(party, "news_and_offers", presented=presented(), actor=PERSON)
            domain.suppress(party, reason=SuppressionReason.STAFF, actor=STAFF)
            ask()
            domain.lift(party, reason="mistake", evidence="note", actor=STAFF)
            domain.record_choice(party, domain.Choice(NEWS, EventKind.WITHDRAWN), presented=presented(), actor=PERSON)
            ask()
            domain.record_choice(party, domain.Choice(NEWS, EventKind.GIVEN), presented=presented(), actor=PERSON)
            ask()
            domain.choose_partner(party, "resale_partners", True, presented=presented(), actor=PERSON)
            ask()
            domain.record_choice(party, domain.Choice(Scope(GPC), EventKind.OBJECTION_LIFTED), presented=presented(), actor=PERSON)
            ask()
            Subject.objects.update(is_child=False)
            ada.refresh_from_db()
            ask()
            domain.set_delivery(party, "pause", {}, **METHOD)
            ask()
            domain.set_delivery(party, "quiet_hours", {}, **METHOD)
            ask()
            domain.set_delivery(party, "frequency", {}, **METHOD)
            ask()

        assert seen == [
            Rule.RESTRICTION,
            Rule.OBJECTION,
            Rule.SUPPRESSION,
            Rule.CONSENT,
            Rule.PARTNER,
            Rule.GPC,
            Rule.AGE,
            Rule.PAUSE,
            Rule.QUIET_HOURS,
            Rule.FREQUENCY,
            Rule.CONSENT,
        ]


def sent(address, moment, *, kind="portal.news", state=MessageState.SENT):
    return OutboxMessage.objects.create(
        kind=kind,
        language="en",
        message_id=f"<{uuid4()}@example.com>",
        address_key_id="x",
        address_hash=address_hashes([address])[0],
        state=state,
        queued_at=moment,
        sent_at=moment,
    )


@pytest.mark.django_db
class TestWaiting:
    def test_a_pause_ends_by_itself(self, ada):
        domain.set_delivery(party_of(ada), "pause", {"until": NOON + timedelta(days=3)}, **METHOD)

        decision = news(ada)

        assert (decision.rule, decision.until) == (Rule.PAUSE, NOON + timedelta(days=3))
        assert news(ada, at=NOON + timedelta(days=3)).allowed
        assert gate.may(ada, "usage_and_problem_prevention").allowed

    def test_quiet_hours_are_those_of_the_persons_zone(self, topic):
        person = make_person(time_zone="Asia/Tokyo")
        domain.choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)
        domain.set_delivery(party_of(person), "quiet_hours", {"from": "22:00", "until": "07:00"}, **METHOD)
        in_tokyo = datetime(2027, 3, 2, 23, 30, tzinfo=ZoneInfo("Asia/Tokyo"))

        decision = news(person, at=in_tokyo)

        assert (decision.rule, decision.until) == (Rule.QUIET_HOURS, datetime(2027, 3, 2, 22, tzinfo=UTC))
        assert news(person, at=in_tokyo + timedelta(hours=8)).allowed
        assert news(person, at=in_tokyo, channel=None).rule is Rule.QUIET_HOURS

    def test_without_a_zone_quiet_hours_are_the_operators(self, ada, settings):
        settings.TIME_ZONE = "Asia/Kuala_Lumpur"
        rules.zone_named.cache_clear()
        domain.set_delivery(party_of(ada), "quiet_hours", {"from": "22:00", "until": "07:00"}, **METHOD)

        assert news(ada, at=NOON + timedelta(hours=3)).until == datetime(2026, 3, 2, 23, tzinfo=UTC)
        rules.zone_named.cache_clear()

    def test_a_letter_wakes_nobody(self, topic):
        topic.channels = ["email", "post"]
        topic.save()
        person = make_person()
        domain.choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)
        domain.set_delivery(party_of(person), "quiet_hours", {"from": "00:00", "until": "23:59"}, **METHOD)

        assert news(person, channel=Channel.POST, at=datetime(2027, 3, 2, 12, tzinfo=UTC)).allowed
        assert news(person, channel=Channel.EMAIL, at=datetime(2027, 3, 2, 12, tzinfo=UTC)).rule is Rule.QUIET_HOURS

    def test_no_more_messages_than_wanted(self, ada):
        domain.set_delivery(party_of(ada), "frequency", {"messages": 2, "days": 7}, **METHOD)
        sent("ada@example.com", NOON - timedelta(days=8))
        sent("ada@example.com", NOON - timedelta(days=3))
        sent("ada@example.com", NOON - timedelta(days=2), kind="mail.code")
        sent("bob@example.com", NOON - timedelta(days=1))
        assert news(ada).rule is Rule.FREQUENCY  # a kind that nobody knows any more counts

        OutboxMessage.objects.filter(kind="mail.code").delete()
        assert news(ada).allowed
        sent("ada@example.com", NOON - timedelta(days=1))
        decision = news(ada)

        assert (decision.rule, decision.until) == (Rule.FREQUENCY, NOON + timedelta(days=4))
        assert news(ada, at=NOON + timedelta(days=4)).allowed

    def test_essential_messages_and_those_that_did_not_leave_do_not_count(self, ada):
        domain.set_delivery(party_of(ada), "frequency", {"messages": 1, "days": 7}, **METHOD)
        essential = next(key for key, kind in kinds.all_kinds().items() if kind.essential)
        sent("ada@example.com", NOON, kind=essential)
        sent("ada@example.com", NOON, state=MessageState.REFUSED)

        assert news(ada).allowed


LONDON, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/London"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")


class TestQuietHours:
    @pytest.mark.parametrize(
        ("zone", "moment", "begin", "end", "until"),
        [
            # an ordinary night and day
            (LONDON, "2026-01-10T23:00Z", time(22), time(7), "2026-01-11T07:00Z"),
            (LONDON, "2026-01-11T06:59Z", time(22), time(7), "2026-01-11T07:00Z"),
            (LONDON, "2026-01-11T07:00Z", time(22), time(7), None),
            (LONDON, "2026-01-11T21:59Z", time(22), time(7), None),
            (LONDON, "2026-01-11T13:00Z", time(12), time(14), "2026-01-11T14:00Z"),
            # clocks go forward at 01:00 UTC on 29 March 2026 in London: the night is an hour shorter
            (LONDON, "2026-03-28T23:00Z", time(22), time(7), "2026-03-29T06:00Z"),
            # ... and back at 01:00 UTC on 25 October: an hour longer
            (LONDON, "2026-10-24T23:00Z", time(22), time(7), "2026-10-25T07:00Z"),
            # an end that the clock skips (01:30 in London) counts when it jumps
            (LONDON, "2026-03-29T00:30Z", time(22), time(1, 30), "2026-03-29T01:00Z"),
            (LONDON, "2026-03-29T01:00Z", time(22), time(1, 30), None),
            # a begin that it skips, likewise
            (LONDON, "2026-03-29T00:59Z", time(1, 30), time(7), None),
            (LONDON, "2026-03-29T01:00Z", time(1, 30), time(7), "2026-03-29T06:00Z"),
            # hours that it skips whole never come
            (NEW_YORK, "2026-03-08T07:00Z", time(2), time(2, 59), None),
            # an end that it shows twice counts the second time: no message between the two
            (LONDON, "2026-10-25T00:45Z", time(22), time(1, 30), "2026-10-25T01:30Z"),
            (LONDON, "2026-10-25T01:15Z", time(22), time(1, 30), "2026-10-25T01:30Z"),
            # a begin that it shows twice counts the first time
            (LONDON, "2026-10-25T00:30Z", time(1, 30), time(7), "2026-10-25T07:00Z"),
            (LONDON, "2026-10-25T01:05Z", time(1, 30), time(7), "2026-10-25T07:00Z"),
            # half an hour forward, at 02:00 on 4 October 2026
            (LORD_HOWE, "2026-10-03T15:00Z", time(22), time(2, 15), "2026-10-03T15:30Z"),
        ],
    )
    def test_hours_are_kept_on_days_with_a_gap_and_a_fold(self, zone, moment, begin, end, until):
        found = quiet_until(datetime.fromisoformat(moment), zone, begin, end)

        assert found == (datetime.fromisoformat(until) if until else None)


@pytest.mark.django_db
class TestMany:
    def test_many_questions_are_answered_in_order_with_a_handful_of_queries(self, topic, django_assert_max_num_queries):
        people = [make_person(f"person{number}@example.com") for number in range(30)]
        for number, person in enumerate(people):
            if number % 3 == 0:
                domain.choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)
        questions = [
            gate.Question(who, "news_and_offers", "product_news", "email")
            for number, person in enumerate(people)
            for who in (person, ("email", f"person{number}@example.com"))
        ]
        questions = [question._replace(party=_fresh(question.party)) for question in questions]

        with django_assert_max_num_queries(9):
            decisions = gate.may_all(questions)

        assert [decision.allowed for decision in decisions] == [number % 3 == 0 for number in range(30) for _ in range(2)]
        assert gate.may_all([]) == []

    def test_one_by_one_and_all_at_once_agree(self, topic):
        people = [make_person() for _ in range(6)]
        parties = [party_of(person) for person in people]
        domain.choose(parties[0], on=[NEWS], presented=presented(), actor=PERSON)
        domain.stop_all_marketing(parties[1], presented=presented(), actor=PERSON)
        domain.choose(parties[2], on=[NEWS], presented=presented(), actor=PERSON)
        domain.set_delivery(parties[2], "pause", {"until": clock.now() + timedelta(days=2)}, **METHOD)
        domain.object_to(parties[3], "news_and_offers", presented=presented(), actor=PERSON)
        questions = [
            gate.Question(person, purpose, topic, "email", recipient, source)
            for person in people
            for purpose, topic, recipient, source in (
                ("news_and_offers", "product_news", "", "subjects.identifiers"),
                ("marketing_improvement", "", "resale_partners", ""),
                ("support", "", "", "records.interactions"),
                ("support", "", "", "records.form_submissions"),
            )
        ]
        restrict_sources(people[4], sources=["records.interactions"], reason="accuracy", actor=STAFF)

        one_by_one = [
            gate.may(who, purpose, topic=topic, channel=channel, recipient=to, source=source)
            for who, purpose, topic, channel, to, source in questions
        ]

        assert gate.may_all(questions) == one_by_one
        assert len({decision.rule for decision in one_by_one}) > 5
        assert [position for position, decision in enumerate(one_by_one) if decision.rule is Rule.RESTRICTION] == [4 * 4 + 2]

    def test_a_question_about_a_source_costs_one_query_more_and_none_where_nobody_is_known(self, topic, django_assert_num_queries):
        person = make_person()
        restrict_sources(person, sources=["records.interactions"], reason="accuracy", actor=STAFF)
        party = party_of(person)

        with django_assert_num_queries(4):
            assert gate.may(party, "support").allowed
        with django_assert_num_queries(5):
            decision = gate.may(party, "support", source="records.interactions")
        with django_assert_num_queries(5):
            gate.may(("email", "nobody@example.com"), "support", source="records.interactions")

        assert (decision.allowed, decision.rule) == (False, Rule.RESTRICTION)
        assert force_str(decision.reason) == "The use of this part of the person's data is restricted at present."
        assert gate.may(person, "support", source="records.form_submissions").allowed
        assert gate.may(person, "support", source="records.interactions", at=clock.now() - timedelta(days=1)).allowed


def _fresh(party):
    return Subject.objects.get(pk=party.pk) if isinstance(party, Subject) else party
