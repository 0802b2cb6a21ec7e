"""Campaigns: written, tested, approved, sent in batches, paused, stopped, killed; never to somebody who does not want them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_due, run_until_idle, sweep
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Record
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences.campaigns import audience, sending
from privacycenter.preferences.campaigns.figures import chart_of, count_topics, figures_of, figures_of_topics
from privacycenter.preferences.campaigns.preview import preview_of
from privacycenter.preferences.campaigns.verbs import (
    MOVES,
    approve_campaign,
    moves_from,
    pause_campaign,
    resume_campaign,
    save_campaign,
    send_test,
    stop_campaign,
    withdraw_approval,
)
from privacycenter.preferences.domain import choose, set_delivery
from privacycenter.preferences.enums import CampaignState, DeliveryKind, FeedbackKind, Method
from privacycenter.preferences.errors import CampaignNotReady, WrongCampaignState
from privacycenter.preferences.feedback import Report, take_in
from privacycenter.preferences.models import Campaign, CampaignRecipient, LinkToken, Topic, TopicFigure
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.sources import CampaignSource
from privacycenter.subjects.domain import add_identifier
from privacycenter.subjects.errors import StaffOnly
from privacycenter.subjects.models import Subject
from tests.factories.subscribers import (
    SCOPE,
    STAFF,
    TOPIC,
    address_of,
    as_person,
    make_approved,
    make_draft,
    make_people,
    make_subscribers,
    opt_out,
    opt_out_by_link,
    presented,
    subscribe,
)

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("H-01")]


def fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_related("topic").get(pk=campaign.pk)


def readers() -> list[str]:
    """Who got mail, in order, without the tests of colleagues."""
    return [sent.to[0] for sent in mail.outbox if sent.to[0] != "marketing@example.org"]


def step(number: int = 1) -> None:
    """So many steps of the campaign, and no mail."""
    for _ in range(number):
        run_due(1, kinds=[sending.SEND], reraise=True)


# --- the whole way -----------------------------------------------------------------------------------------------------


def test_a_campaign_reaches_everybody_who_wants_its_topic_once_and_nobody_else() -> None:
    wanted = make_subscribers(3)
    make_people(2)  # never asked
    other = make_subscribers(1, scope=SCOPE._replace(topic="events"))
    [gone] = make_subscribers(1)
    opt_out(gone)

    campaign = make_approved()
    run_until_idle()

    campaign = fresh(campaign)
    assert sorted(readers()) == sorted(address_of(person) for person in wanted)
    assert campaign.state == CampaignState.SENT
    assert (campaign.asked_count, sum(campaign.refused.values())) == (7, 4)
    assert campaign.recipients.count() == 3
    assert set(campaign.recipients.values_list("state", flat=True)) == {"sent"}
    assert other


def test_what_arrives_is_the_plain_text_with_its_ways_out_and_nothing_that_tracks() -> None:
    [reader] = make_subscribers(1)

    campaign = make_approved(body="Hello,\n\nsee {preferences} or write to {contact}.\n\n- one\n- two")
    run_until_idle()

    [sent] = [message for message in mail.outbox if message.to == [address_of(reader)]]
    raw = sent.message().as_bytes()
    assert sent.subject == "New in Product news"
    assert "see http://localhost:8000/preferences/ or write to hi@synorexcloud.com." in sent.body
    for header in (
        b"List-Unsubscribe: <http://localhost:8000/u/",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"List-Id: <product_news.",
    ):
        assert header in raw
    html = sent.alternatives[0][0]
    assert "<img" not in html
    assert campaign.reference not in html  # no mark by which an opened mail could be told from another
    assert set(LinkToken.objects.values_list("campaign", flat=True)) == {campaign.reference}


def test_people_are_asked_again_when_their_turn_has_come() -> None:
    stays, leaves, restricted = make_subscribers(3)
    campaign = make_approved()
    step(2)
    assert OutboxMessage.objects.filter(campaign=campaign.reference).count() == 3

    opt_out_by_link(address_of(leaves), everything=True)
    Subject.objects.filter(pk=restricted.pk).update(restricted_at=clock.now())
    run_until_idle()

    assert readers() == [address_of(stays)]
    assert figures_of(fresh(campaign)).refused_later == 2


@pytest.mark.obligation("L-02")
def test_somebody_who_leaves_between_two_batches_is_not_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "next_batch", lambda topic, after: audience.next_batch(topic, after=after, size=2))
    people = make_subscribers(4)
    campaign = make_approved()
    step(1)

    opt_out(people[3])
    run_until_idle()

    assert sorted(readers()) == sorted(address_of(person) for person in people[:3])
    assert fresh(campaign).refused == {"suppression.choice": 1}


# --- pause, stop, kill -------------------------------------------------------------------------------------------------


def test_a_pause_holds_what_waits_in_the_outbox_and_going_on_sends_it_once() -> None:
    people = make_subscribers(3)
    campaign = make_approved()
    step(2)

    pause_campaign(fresh(campaign), actor=STAFF)
    run_until_idle()
    assert readers() == []
    assert figures_of(fresh(campaign)).waiting == 3

    resume_campaign(fresh(campaign), actor=STAFF)
    for minutes in (5, 10):
        with clock.stopped_at(clock.now() + timedelta(minutes=minutes)):
            run_until_idle()
    assert sorted(readers()) == sorted(address_of(person) for person in people)
    assert fresh(campaign).state == CampaignState.SENT
    assert not Job.objects.filter(state="quarantined").exists()


def test_what_is_stopped_never_leaves() -> None:
    make_subscribers(3)
    campaign = make_approved()
    step(2)

    stop_campaign(fresh(campaign), actor=STAFF)
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        run_until_idle()

    assert readers() == []
    assert set(campaign.recipients.values_list("state", flat=True)) == {"refused"}
    with pytest.raises(WrongCampaignState):
        resume_campaign(fresh(campaign), actor=STAFF)


def test_a_worker_that_dies_in_a_batch_leaves_all_of_it_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    people = make_subscribers(5)
    campaign = make_approved()

    def dies(*args: Any, **further: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(CampaignRecipient.objects, "bulk_create", dies)  # the messages are in the outbox already
        with pytest.raises(SystemExit):
            step()
    assert (OutboxMessage.objects.filter(campaign=campaign.reference).count(), CampaignRecipient.objects.count()) == (0, 0)

    with clock.stopped_at(clock.now() + timedelta(minutes=5)):
        sweep()  # finds the lapsed lease
        run_until_idle()
    assert sorted(readers()) == sorted(address_of(person) for person in people)


def test_a_campaign_that_is_walked_twice_is_still_sent_once() -> None:
    people = make_subscribers(3)
    campaign = make_approved()
    step(1)

    Campaign.objects.filter(pk=campaign.pk).update(last_subject=0, asked_count=0)
    run_until_idle()

    assert sorted(readers()) == sorted(address_of(person) for person in people)


def test_a_campaign_waits_for_its_time() -> None:
    make_subscribers(1)
    campaign = make_draft()
    send_test(campaign, to="marketing@example.org", actor=STAFF)
    later = clock.now() + timedelta(days=2)

    approve_campaign(fresh(campaign), starts_at=later, actor=STAFF)
    run_until_idle()
    assert (fresh(campaign).state, readers()) == (CampaignState.SCHEDULED, [])

    with clock.stopped_at(later + timedelta(seconds=1)):
        run_until_idle()
    assert (fresh(campaign).state, len(readers())) == (CampaignState.SENT, 1)


# --- who gets it -------------------------------------------------------------------------------------------------------


def test_somebody_with_several_addresses_gets_it_once_where_they_subscribed() -> None:
    [person] = make_people(1)
    add_identifier(person, kind="email", value="second@example.com", source="tests", proven=True, actor=Actor.system("tests"))
    choose(party_of(("email", "second@example.com")), on=[SCOPE], presented=presented(Method.MAILED_CONFIRMATION), actor=as_person(person))
    make_approved()
    run_until_idle()

    assert readers() == ["second@example.com"]


def test_an_address_that_takes_no_mail_is_left_out_and_another_one_used() -> None:
    one, two = make_subscribers(2)
    add_identifier(two, kind="email", value="second@example.com", source="tests", proven=True, actor=Actor.system("tests"))
    take_in("smtp", [Report(FeedbackKind.HARD_BOUNCE, address_of(person), str(person.pk), clock.now()) for person in (one, two)])

    campaign = make_approved()
    run_until_idle()

    assert readers() == ["second@example.com"]
    assert fresh(campaign).refused == {"suppression.hard_bounce": 1}


def test_quiet_hours_delay_and_a_pause_leaves_out() -> None:
    quiet, pausing = make_subscribers(2)
    midday = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    with clock.stopped_at(midday):
        until = (midday + timedelta(days=3)).isoformat()
        for person, kind, value in (
            (quiet, DeliveryKind.QUIET_HOURS, {"from": "11:00", "until": "14:00"}),
            (pausing, DeliveryKind.PAUSE, {"until": until}),
        ):
            set_delivery(party_of(person), kind, value, method=Method.PREFERENCE_PAGE, actor=as_person(person))
        campaign = make_approved()
        run_until_idle()
        assert readers() == []

    for minutes in (121, 125):
        with clock.stopped_at(midday + timedelta(minutes=minutes)):
            run_until_idle()
    assert readers() == [address_of(quiet)]
    assert (fresh(campaign).state, fresh(campaign).refused) == (CampaignState.SENT, {"pause": 1})


def test_the_purpose_that_counts_is_that_of_the_topic() -> None:
    topic = Topic.objects.get(key="surveys")
    [asked] = make_subscribers(1, scope=Scope("surveys_and_feedback", "surveys", "email"))
    make_subscribers(1)  # news, not surveys

    make_approved(topic=topic)
    run_until_idle()

    assert readers() == [address_of(asked)]


# --- writing and approving ---------------------------------------------------------------------------------------------


def test_only_a_tested_draft_is_approved_and_a_change_takes_the_test_back() -> None:
    campaign = make_draft()
    with pytest.raises(CampaignNotReady):
        approve_campaign(fresh(campaign), actor=STAFF)
    send_test(campaign, to="marketing@example.org", actor=STAFF)
    approved_from_a_stale_page = fresh(campaign)
    changed = fresh(campaign)
    changed.body = "Other words."
    save_campaign(changed, changed=["body"], actor=STAFF)

    with pytest.raises(CampaignNotReady):
        approve_campaign(fresh(campaign), actor=STAFF)
    with pytest.raises(WrongCampaignState):
        approve_campaign(approved_from_a_stale_page, actor=STAFF)


def test_a_test_goes_to_the_colleague_alone_and_says_that_it_is_one() -> None:
    make_subscribers(2)
    campaign = make_draft()

    send_test(campaign, to="marketing@example.org", actor=STAFF)
    run_until_idle()

    [sent] = mail.outbox
    assert sent.to == ["marketing@example.org"]
    assert sent.subject == "Test: New in Product news"
    assert campaign.reference in sent.body


MOVE_VERBS = {
    "approve": approve_campaign,
    "withdraw": withdraw_approval,
    "pause": pause_campaign,
    "resume": resume_campaign,
    "stop": stop_campaign,
}


@pytest.mark.parametrize("state", CampaignState.values)
@pytest.mark.parametrize("name", MOVES)
def test_a_move_is_made_from_its_states_only(name: str, state: str) -> None:
    campaign = make_draft()
    Campaign.objects.filter(pk=campaign.pk).update(state=state, tested_at=clock.now(), approved_at=clock.now())

    if name in moves_from(state):
        assert MOVE_VERBS[name](fresh(campaign), actor=STAFF).state == MOVES[name][1]
        assert AuditEntry.objects.filter(verb__startswith="preferences.campaign_", parameters__campaign=campaign.reference).count() == 2
    else:
        with pytest.raises(WrongCampaignState):
            MOVE_VERBS[name](fresh(campaign), actor=STAFF)
        assert fresh(campaign).state == state


def test_only_a_draft_can_be_changed_and_only_by_staff() -> None:
    campaign = make_draft()
    with pytest.raises(StaffOnly):
        save_campaign(fresh(campaign), actor=Actor.system("test"))
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.SENT, approved_at=clock.now())

    with pytest.raises(WrongCampaignState):
        save_campaign(fresh(campaign), actor=STAFF)
    with pytest.raises(WrongCampaignState):
        send_test(campaign, to="marketing@example.org", actor=STAFF)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"body": "Dear {name},"}, "unknown_placeholder"),
        ({"subject": "{first_name}"}, "unknown_placeholder"),
        ({"body": 'Look: <img src="https://x.example/pixel.gif">'}, "markup"),
        ({"body": "<a href='https://x.example'>here</a>"}, "markup"),
        ({"body": "word " * 500}, "long_paragraph"),
        ({"body": ""}, "blank"),
    ],
)
def test_words_that_would_track_or_break_are_refused(fields: dict[str, str], code: str) -> None:
    with pytest.raises(ValidationError) as error:
        make_draft(**fields)

    assert [problem.code for problems in error.value.error_dict.values() for problem in problems] == [code]


def test_a_topic_that_is_not_offered_by_mail_has_no_campaign() -> None:
    Topic.objects.filter(key=TOPIC).update(channels=["post"])

    with pytest.raises(ValidationError, match="not offered by e-mail"):
        make_draft()


def test_a_line_break_in_a_subject_adds_no_header() -> None:
    [reader] = make_subscribers(1)
    make_approved(subject="Hello\r\nBcc: everybody@example.com")
    run_until_idle()

    [sent] = [message for message in mail.outbox if message.to == [address_of(reader)]]
    assert sent.message()["Bcc"] is None
    assert sent.recipients() == [address_of(reader)]


# --- preview and figures -----------------------------------------------------------------------------------------------


def test_a_preview_shows_the_headers_as_they_go_over_the_wire_and_leaves_nothing() -> None:
    campaign = make_draft()

    preview = preview_of(campaign, actor=STAFF)

    assert any(line.startswith("List-Unsubscribe: <http://localhost:8000/u/") and line.endswith(">") for line in preview.headers)
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in preview.headers
    assert preview.subject == "New in Product news"
    assert "something is new" in preview.text
    assert (OutboxMessage.objects.count(), LinkToken.objects.count(), Job.objects.count()) == (0, 0, 0)


def test_figures_count_what_became_of_it_and_list_nobody() -> None:
    people = make_subscribers(4)
    campaign = make_approved()
    run_until_idle()
    take_in("postmark", [Report(FeedbackKind.COMPLAINT, address_of(people[0]), "1", clock.now())])
    take_in("postmark", [Report(FeedbackKind.HARD_BOUNCE, address_of(people[1]), "2", clock.now())])
    opt_out_by_link(address_of(people[2]))

    figures = figures_of(fresh(campaign))

    assert (figures.asked, figures.written, figures.sent, figures.waiting) == (4, 4, 4, 0)
    assert (figures.complaints, figures.hard_bounces, figures.unsubscribes) == (1, 1, 1)
    assert not any("@" in str(value) for value in vars(figures).values())


def test_subscribers_are_counted_by_the_gate_once_a_day() -> None:
    make_subscribers(3)
    [late] = make_people(1)
    now = clock.now()
    with clock.stopped_at(now):
        count_topics([])
        count_topics([])
    subscribe(late)
    with clock.stopped_at(now + timedelta(days=1)):
        count_topics([])

        [figures] = [each for each in figures_of_topics() if each.topic.key == TOPIC]
    assert [figure.subscribers for figure in figures.history] == [3, 4]
    assert figures.subscribers == 4
    chart = chart_of(figures.history)
    assert chart is not None
    assert (chart.highest, chart.points) == (4, "0.0,42.5 600.0,10.0")
    assert chart_of(figures.history[:1]) is None
    assert TopicFigure.objects.count() == 2 * Topic.objects.count()


def test_the_person_finds_the_mailing_among_their_data() -> None:
    [reader] = make_subscribers(1)
    campaign = make_approved()
    run_until_idle()

    source = CampaignSource()
    [record] = [item for item in source.export(source.locate(reader)) if isinstance(item, Record)]

    assert (record.values["campaign"], record.values["topic"], record.values["state"]) == (
        campaign.reference,
        TOPIC,
        "Handed to the mail server",
    )


@pytest.mark.parametrize("number", [1, 3])
def test_a_step_takes_the_same_queries_whatever_the_number_of_people_is(number: int, django_assert_num_queries: Any) -> None:
    make_subscribers(number)
    topic = Topic.objects.select_related("purpose").get(key=TOPIC)

    with django_assert_num_queries(8):
        audience.next_batch(topic, after=0)
