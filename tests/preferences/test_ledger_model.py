"""The ledger against a model of it that knows nothing of hashes, tables or queries: any history, asked at any time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from privacycenter.kernel import clock
from privacycenter.preferences import domain, gate, queries, texts
from privacycenter.preferences.enums import Method, SuppressionReason
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from tests.factories.preferences import NOBODY, PERSON, STAFF, make_person, make_topic, presented

START = datetime(2026, 1, 1, tzinfo=UTC)
PURPOSE = "news_and_offers"
TOPICS = ("product_news", "events")
CHANNELS = ("email", "sms")
SCOPES = [(topic, channel) for topic in ("", *TOPICS) for channel in ("", *CHANNELS)]

scopes = st.sampled_from(SCOPES)
# what is done, to which topic and channel, by which door (the account, or a link to the one or the other address), and what for
steps = st.tuples(
    st.sampled_from(["on", "on_for_a_while", "off", "stop_all", "staff_suppress", "staff_lift", "invalidate", "expire"]),
    scopes,
    st.sampled_from(["account", "first", "second"]),
)


@dataclass
class Said:
    """A yes or no of the person: about what, from when, until when."""

    topic: str
    channel: str
    is_yes: bool
    at: int
    ends: int | None = None


@dataclass
class Model:
    """What somebody wants, told the slow way: every word ever said, in order, and read anew for each question."""

    words: list[Said] = field(default_factory=list)

    def word(self, topic: str, channel: str, now: int) -> Said | None:
        """The last word on exactly this, none where it ran out."""
        said = [word for word in self.words if (word.topic, word.channel) == (topic, channel) and word.at <= now]
        last = said[-1] if said else None
        return None if last is not None and last.ends is not None and last.ends <= now else last

    def wants(self, topic: str, channel: str, now: int) -> bool:
        """Whether some yes stands that no other word about it is against."""
        wider = [(t, c) for t in {"", topic} for c in {"", channel}]
        words = [word for word in (self.word(t, c, now) for t, c in wider) if word is not None]
        return any(word.is_yes and not any(self._is_against(other, word) for other in words) for word in words)

    @staticmethod
    def _is_against(other: Said, word: Said) -> bool:
        is_wider = other.topic in ("", word.topic) and other.channel in ("", word.channel)
        return not other.is_yes and (other.at > word.at or not is_wider)


def test_the_model_knows_what_it_is_for():
    model = Model([Said("", "", False, 1), Said("events", "", True, 2)])

    assert [model.wants("events", "email", now) for now in (0, 1, 2)] == [False, False, True]
    assert not model.wants("product_news", "email", 2)


@pytest.mark.obligation("L-02")
@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=st.lists(steps, max_size=9), asked=st.lists(st.integers(0, 40), min_size=1, max_size=4))
@example(history=[("off", ("", ""), "account"), ("on", ("", ""), "first")], asked=[0])  # a no to all is listed topic by topic
@example(history=[("off", ("events", ""), "account"), ("on", ("", ""), "first")], asked=[0])  # but a narrower no stands
@example(
    history=[("off", ("", ""), "account"), ("on", ("", "email"), "account"), ("off", ("product_news", ""), "account")], asked=[0]
)  # a yes for a channel reaches into a topic
def test_any_history_asked_at_any_time_answers_as_the_model_does(history, asked):
    texts.forget()  # each example is rolled back
    with transaction.atomic():
        _compare(history, sorted(asked))
        transaction.set_rollback(True)
    texts.forget()


def _compare(history, asked):
    for topic in TOPICS:
        make_topic(topic, channels=list(CHANNELS))
    person = make_person("ada@example.com", "ada@example.org", phones=("+60321234567",))
    doors = {
        "account": party_of(person),
        "first": party_of(("email", "ada@example.com")),
        "second": party_of(("email", "ada@example.org")),
    }
    model, firm = Model(), []
    for number, (deed, (topic, channel), door) in enumerate(history):
        now = 4 * number + 2
        with clock.stopped_at(START + timedelta(hours=now)):
            _do(deed, topic, channel, doors[door], door, now, model, firm)
    party = doors["account"]
    for hour in asked:
        at = START + timedelta(hours=hour)
        for topic, channel in SCOPES:
            expected = model.wants(topic, channel, hour)
            assert bool(queries.is_on(party, Scope(PURPOSE, topic, channel), at)) == expected, (hour, topic, channel)
    # a no is a no for every address, a yes too: they are one person
    now = START + timedelta(hours=4 * len(history) + 4)
    for topic in TOPICS:
        for channel in CHANNELS:
            who = person if channel == "sms" else doors["second"]
            is_listed = any(t in ("", topic) and c in ("", channel) for t, c in firm)
            expected = model.wants(topic, channel, 4 * len(history) + 4) and not is_listed
            decision = gate.may(who, PURPOSE, topic=topic, channel=channel, at=now)
            assert decision.allowed == expected, (topic, channel, decision)


def _do(deed, topic, channel, party, door, now, model, firm):
    scope = Scope(PURPOSE, topic, channel)
    if deed in ("on", "on_for_a_while"):
        ends = now + 7 if deed == "on_for_a_while" else None
        by_link = door != "account"
        method, actor = (Method.MAILED_CONFIRMATION, NOBODY) if by_link else (Method.PREFERENCE_PAGE, PERSON)
        until = START + timedelta(hours=ends) if ends else None
        written = domain.choose(party, on=[scope], presented=presented(method), actor=actor, valid_until=until)
        if written:
            model.words.append(Said(topic, channel, True, now, ends))
        else:
            assert model.wants(topic, channel, now)
    elif deed == "off":
        written = domain.choose(party, off=[scope], presented=presented(Method.ONE_CLICK), actor=NOBODY)
        if written:
            model.words.append(Said(topic, channel, False, now))
        else:
            assert not model.wants(topic, channel, now)
    elif deed == "stop_all":
        if domain.stop_all_marketing(party, presented=presented(Method.ONE_CLICK), actor=NOBODY):
            model.words.append(Said("", "", False, now))
        assert not any(model.wants(t, c, now) for t in TOPICS for c in CHANNELS)
    elif deed == "staff_suppress":
        domain.suppress(party_of(party.subject), channel=channel, topic=topic, reason=SuppressionReason.STAFF, actor=STAFF)
        firm.append((topic, channel))
    elif deed == "staff_lift":
        domain.lift(party_of(party.subject), channel=channel, topic=topic, reason="mistake", evidence="note", actor=STAFF)
        firm[:] = [each for each in firm if each != (topic, channel)]
    elif deed == "invalidate":
        last = model.word(topic, channel, now)
        whole = party_of(party.subject)
        wrong = domain.invalidate(whole, [scope], presented=presented(Method.STAFF), reason="broken", evidence="note", actor=STAFF)
        assert wrong == (last is not None and last.is_yes)
        if wrong:
            model.words.append(Said(topic, channel, True, now, now))  # as if it had just run out
    elif deed == "expire":
        domain.note_expired()
