"""The confirmation after opting out by a link, and its undo: one plain mail, one POST, only what was undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from privacycenter.kernel import clock
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences import gate
from privacycenter.preferences.domain import choose, object_to, stop_all_marketing, suppress
from privacycenter.preferences.enums import EventKind, LinkKind, Method, SuppressionReason
from privacycenter.preferences.links import make_link, owner_keys
from privacycenter.preferences.mail_headers import address_party
from privacycenter.preferences.models import ConsentEvent, LinkToken, Suppression, Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.queries import is_on
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.undo import confirm_opt_outs
from privacycenter.subjects.domain import add_identifier, merge_subjects
from privacycenter.subjects.models import Subject
from tests.factories.preferences import PERSON, STAFF, SYSTEM, make_person, make_topic, presented
from tests.mail.helpers import delivered, link_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("D-05")]

ADA = "ada@example.com"
KEYS = ("product_news", "events")
LATER = timedelta(minutes=5)


@pytest.fixture
def subject() -> Any:
    for key in KEYS:
        made = make_topic(key)
        Topic.objects.filter(pk=made.pk).update(title=f"Title of {key}")
    person = make_person(ADA)
    choose(party_of(person), on=[Scope("news_and_offers", key, "email") for key in KEYS], presented=presented(), actor=PERSON)
    return person


def link(subject: Any, topic: str = "product_news") -> str:
    key = str(subject.public_id) if subject else ""
    return make_link(address_party(ADA), kind=LinkKind.UNSUBSCRIBE, topic=topic, subject_key=key)


def is_allowed(topic: str = "product_news", purpose: str = "news_and_offers") -> bool:
    return gate.may(party_of(("email", ADA)), purpose, topic=topic, channel="email").allowed


def undo_path(offset: timedelta = LATER) -> str:
    """Opting out is confirmed by mail; the path of the link in it."""
    with clock.stopped_at(clock.now() + offset):
        assert confirm_opt_outs() == 1
        [message] = delivered()
    mail.outbox.clear()
    return link_in(message).removeprefix("http://localhost:8000")


def test_one_plain_confirmation_tells_what_was_stopped(subject: Any) -> None:
    Client().post(link(subject))
    with clock.stopped_at(clock.now() + LATER):
        assert confirm_opt_outs() == 1
        assert confirm_opt_outs() == 0
        [message] = delivered()

    assert message["To"] == ADA
    assert message["Subject"] == "You opted out"
    assert "- Title of product_news" in text_of(message)
    assert message["List-Unsubscribe"] is None
    assert "Title of product_news" in str(message.get_body(("html",)).get_content())
    row = LinkToken.objects.get(kind=LinkKind.UNDO)
    assert row.takes_back == [Suppression.objects.get().pk]


def test_several_at_once_give_one_confirmation_and_it_waits_until_they_are_done(subject: Any) -> None:
    for key in KEYS:
        Client().post(link(subject, key))
    assert confirm_opt_outs() == 0

    with clock.stopped_at(clock.now() + LATER):
        assert confirm_opt_outs() == 1
        [message] = delivered()
    assert "- Title of product_news\n- Title of events" in text_of(message)


def test_nobody_is_written_to_whom_nobody_knows_and_the_note_goes_away(subject: Any) -> None:
    Client().post(link(None))
    with clock.stopped_at(clock.now() + LATER):
        assert confirm_opt_outs() == 0

    assert not OutboxMessage.objects.exists()
    assert not Suppression.objects.filter(is_notice_due=True).exists()
    assert not is_allowed()


def test_an_address_that_is_no_longer_theirs_gets_nothing(subject: Any) -> None:
    Client().post(link(subject))
    subject.identifiers.all().delete()
    with clock.stopped_at(clock.now() + LATER):
        assert confirm_opt_outs() == 0

    assert not OutboxMessage.objects.exists()


def test_who_was_merged_into_somebody_gets_the_confirmation(subject: Any) -> None:
    path = link(subject)
    merge_subjects(make_person("bea@example.com"), subject, reason="same person", actor=STAFF)
    Client().post(path)

    assert Client().post(undo_path()).status_code == 200
    assert is_allowed()


def test_a_link_notes_whose_address_it_is_without_being_told(subject: Any) -> None:
    make_link(party_of(("email", ADA)), kind=LinkKind.UNSUBSCRIBE)
    make_link(party_of(("email", "nobody@example.com")), kind=LinkKind.UNSUBSCRIBE)

    assert list(LinkToken.objects.order_by("pk").values_list("subject_key", flat=True)) == [str(subject.public_id), ""]
    assert owner_keys("email", [ADA, "nobody@example.com"]) == {ADA: str(subject.public_id)}


def test_after_a_key_rotation_the_confirmation_still_finds_its_address(subject: Any, settings: Any) -> None:
    path = link(subject)
    settings.HASH_KEYS = {"newer": b"n" * 32, **settings.HASH_KEYS}
    Client().post(path, {"action": "all"})

    assert Client().post(undo_path()).status_code == 200
    assert is_allowed()


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_changes_nothing(subject: Any, method: str) -> None:
    Client().post(link(subject))
    path = undo_path()
    answer = getattr(Client(), method)(path)

    assert answer.status_code == 200
    assert not is_allowed()
    assert LinkToken.objects.get(kind=LinkKind.UNDO).used_at is None


def test_a_post_lifts_it_and_records_it(subject: Any) -> None:
    Client().post(link(subject))
    path = undo_path()
    assert b"Title of product_news" in Client().get(path).content
    answer = Client(enforce_csrf_checks=True).post(path)

    assert answer.status_code == 200
    assert is_allowed()
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.topic, event.channel, event.method) == (EventKind.GIVEN, "product_news", "email", Method.MAILED_CONFIRMATION)
    assert event.text.text == "Send me again: Title of product_news"
    row = Suppression.objects.get()
    assert row.lift_reason == "undo"
    assert answer.cookies == {}


def test_the_link_works_once_and_thirty_days(subject: Any) -> None:
    Client().post(link(subject))
    path = undo_path()
    assert Client().post(path).status_code == 200
    Client().post(link(subject))

    assert Client().post(path).status_code == Client().get(path).status_code == 404
    assert not is_allowed()

    late = undo_path(timedelta(hours=1))
    with clock.stopped_at(clock.now() + timedelta(days=31)):
        assert Client().get(late).status_code == Client().post(late).status_code == 404
    assert not is_allowed()


def test_it_lifts_only_what_it_is_for(subject: Any) -> None:
    Client().post(link(subject))
    path = undo_path()
    Client().post(link(subject, "events"))
    Client().post(path)

    assert is_allowed("product_news")
    assert not is_allowed("events")


def test_what_was_said_again_since_stays_stopped(subject: Any) -> None:
    first = link(subject)
    Client().post(first)
    path = undo_path()
    with clock.stopped_at(clock.now() + timedelta(hours=1)):
        choose(party_of(subject), on=[Scope("news_and_offers", "product_news", "email")], presented=presented(), actor=PERSON)
    with clock.stopped_at(clock.now() + timedelta(hours=2)):
        Client().post(first)

        assert Client().post(path).status_code == 404
        assert not is_allowed()


def test_undoing_all_marketing_brings_back_what_was_on_and_nothing_else(subject: Any) -> None:
    make_topic("tips", purpose="marketing_improvement")
    make_topic("surveys", purpose="surveys_and_feedback")
    Client().post(link(subject, ""))
    assert not is_allowed("events")
    assert not is_allowed("tips", "marketing_improvement")

    Client().post(undo_path())

    assert is_allowed("product_news")
    assert is_allowed("events")
    assert is_allowed("tips", "marketing_improvement")  # a legitimate interest: nobody had objected
    assert not is_allowed("surveys", "surveys_and_feedback")  # needs a consent that was never given


def test_an_earlier_objection_survives_the_undo(subject: Any) -> None:
    object_to(party_of(subject), "news_and_offers", presented=presented(), actor=PERSON)
    Client().post(link(subject))
    Client().post(undo_path())

    assert not is_allowed()


# --- what an undo must never do --------------------------------------------------------------------------------------


def objects_to_the_purpose(subject: Any) -> None:
    object_to(party_of(subject), "news_and_offers", presented=presented(), actor=PERSON)


def stops_all_marketing(subject: Any) -> None:
    stop_all_marketing(party_of(subject), presented=presented(), actor=PERSON)


def objects_to_all_marketing(subject: Any) -> None:
    stop_all_marketing(party_of(subject), presented=presented(), reason=SuppressionReason.OBJECTION, actor=PERSON)


def says_no_to_the_topic(subject: Any) -> None:
    choose(party_of(subject), off=[Scope("news_and_offers", "product_news")], presented=presented(), actor=PERSON)


def reports_from_another_system(subject: Any) -> None:
    suppress(party_of(("email", ADA)), channel="email", reason=SuppressionReason.COMPLAINT, actor=SYSTEM)


LATER_NOS = [objects_to_the_purpose, stops_all_marketing, objects_to_all_marketing, says_no_to_the_topic, reports_from_another_system]


@pytest.mark.parametrize("say_no", LATER_NOS)
@pytest.mark.parametrize("is_confirmed_first", [True, False])
def test_a_later_no_beats_an_older_undo(subject: Any, say_no: Any, is_confirmed_first: bool) -> None:
    Client().post(link(subject))
    path = undo_path() if is_confirmed_first else ""
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        say_no(Subject.objects.get(pk=subject.pk))
    path = path or undo_path()
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        shown, answer = Client().get(path), Client().post(path)

        assert (shown.status_code, answer.status_code) == (404, 404)
        assert not is_allowed()
    assert ConsentEvent.objects.filter(kind__in=[EventKind.GIVEN, EventKind.OBJECTION_LIFTED]).count() == len(KEYS)  # those from before


def test_a_later_no_to_a_part_stands_when_all_marketing_is_undone(subject: Any) -> None:
    make_topic("tips", purpose="marketing_improvement")
    Client().post(link(subject, ""))
    path = undo_path()
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        choose(party_of(subject), off=[Scope("news_and_offers", "events", "email")], presented=presented(), actor=PERSON)
        object_to(party_of(subject), "marketing_improvement", presented=presented(), actor=PERSON)
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        assert Client().post(path).status_code == 200

        assert is_allowed("product_news")
        assert not is_allowed("events")
        assert not is_allowed("tips", "marketing_improvement")


def test_a_no_under_another_address_of_the_same_person_counts_too(subject: Any) -> None:
    add_identifier(subject, kind="email", value="bea@example.com", source="test", proven=True, actor=SYSTEM)
    Client().post(link(subject))
    path = undo_path()
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        Client().post(make_link(party_of(("email", "bea@example.com")), kind=LinkKind.UNSUBSCRIBE, topic="product_news"))
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        assert Client().post(path).status_code == 404
        assert not is_allowed()


def test_an_undo_makes_no_consent_that_never_was() -> None:
    make_topic("product_news")
    person = make_person(ADA)
    assert not is_allowed()
    Client().post(link(person))
    assert Client().post(undo_path()).status_code == 200

    assert not is_allowed()
    assert not ConsentEvent.objects.filter(kind=EventKind.GIVEN).exists()
    assert not Suppression.objects.filter(lifted_at=None).exists()


def test_a_topic_of_legitimate_interest_comes_again_without_a_consent() -> None:
    make_topic("tips", purpose="marketing_improvement")
    person = make_person(ADA)
    assert is_allowed("tips", "marketing_improvement")
    Client().post(link(person, "tips"))
    assert not is_allowed("tips", "marketing_improvement")
    Client().post(undo_path())

    assert is_allowed("tips", "marketing_improvement")
    assert is_on(party_of(person), Scope("marketing_improvement", "tips", "email")) is None
    assert not ConsentEvent.objects.filter(kind=EventKind.GIVEN).exists()


def test_what_stood_on_the_list_alone_before_stays_off(subject: Any) -> None:
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        suppress(party_of(("email", ADA)), channel="email", reason=SuppressionReason.CHOICE, actor=SYSTEM)
        assert not is_allowed()
    with clock.stopped_at(clock.now() + timedelta(minutes=2)):
        Client().post(link(subject))
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        Client().post(undo_path())
        assert not is_allowed()


@pytest.mark.parametrize(("days", "is_back"), [(5, True), (15, False)])
def test_a_consent_comes_back_for_as_long_as_it_was_given(days: int, is_back: bool) -> None:
    make_topic("product_news")
    person, ends = make_person(ADA), clock.now() + timedelta(days=10)
    scope = Scope("news_and_offers", "product_news", "email")
    choose(party_of(person), on=[scope], presented=presented(), actor=PERSON, valid_until=ends)
    Client().post(link(person))
    path = undo_path()
    with clock.stopped_at(clock.now() + timedelta(days=days)):
        Client().post(path)
        assert is_allowed() is is_back
    with clock.stopped_at(ends + timedelta(days=1)):
        assert not is_allowed()
    assert set(ConsentEvent.objects.filter(kind=EventKind.GIVEN).values_list("valid_until", flat=True)) == {ends}
