"""Figures for marketing: numbers by campaign and topic. Who opened or clicked is not known, and nobody is listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from privacycenter.jobs.claims import Claim
from privacycenter.kernel import clock
from privacycenter.preferences.campaigns.audience import count_subscribers, people_count
from privacycenter.preferences.enums import NEGATIVE, CampaignState, FeedbackKind, Method, RecipientState, SuppressionReason
from privacycenter.preferences.gate import Rule
from privacycenter.preferences.models import Campaign, CampaignRecipient, ConsentEvent, MailFeedback, Topic, TopicFigure

COUNT = "preferences.count_subscribers"
UNSUBSCRIBED_WITHIN = timedelta(days=30)

REASONS: dict[str, Any] = {
    Rule.RESTRICTION: _("their data is restricted"),
    Rule.OBJECTION: _("they object to direct marketing"),
    Rule.SUPPRESSION: _("unsubscribed, objected, or not reachable under their address"),  # counted before these were told apart
    f"{Rule.SUPPRESSION}.{SuppressionReason.CHOICE}": _("unsubscribed"),
    f"{Rule.SUPPRESSION}.{SuppressionReason.OBJECTION}": _("objected"),
    f"{Rule.SUPPRESSION}.{SuppressionReason.COMPLAINT}": _("reported a message as spam"),
    f"{Rule.SUPPRESSION}.{SuppressionReason.HARD_BOUNCE}": _("address not reachable"),
    f"{Rule.SUPPRESSION}.{SuppressionReason.STAFF}": _("we have put them on the list of people we don't write to"),
    f"{Rule.SUPPRESSION}.{SuppressionReason.LAW}": _("the law forbids it"),
    Rule.CONSENT: _("have not asked for it, or no longer want it"),
    Rule.LEGAL_BASIS: _("the purpose has no basis for it"),
    Rule.GPC: _("their browser objects"),
    Rule.AGE: _("known to be a child"),
    Rule.PAUSE: _("paused"),
    Rule.QUIET_HOURS: _("in their quiet hours"),
    Rule.FREQUENCY: _("have had as many messages as they want"),
}
OTHER = _("for another reason")


class Line(NamedTuple):
    """A number and its words."""

    label: Any
    number: int


@dataclass(frozen=True)
class CampaignFigures:
    """What became of a campaign, in numbers."""

    asked: int  # people the gate was asked about
    written: int  # messages put into the outbox
    waiting: int
    sent: int
    refused_later: int  # no longer wanted when their turn came
    undeliverable: int
    not_written: tuple[Line, ...]
    hard_bounces: int
    soft_bounces: int
    complaints: int
    unsubscribes: int


def figures_of(campaign: Campaign) -> CampaignFigures:
    """The figures of one campaign; three queries."""
    states = dict(CampaignRecipient.objects.filter(campaign=campaign).values_list("state").annotate(Count("pk")))
    told = dict(MailFeedback.objects.filter(campaign=campaign.reference).values_list("kind").annotate(Count("pk")))
    return CampaignFigures(
        asked=campaign.asked_count,
        written=sum(states.values()),
        waiting=states.get(RecipientState.QUEUED, 0),
        sent=states.get(RecipientState.SENT, 0),
        refused_later=states.get(RecipientState.REFUSED, 0),
        undeliverable=states.get(RecipientState.UNDELIVERABLE, 0),
        not_written=tuple(
            Line(REASONS.get(rule, OTHER), count) for rule, count in sorted(campaign.refused.items(), key=lambda item: -item[1])
        ),
        hard_bounces=told.get(FeedbackKind.HARD_BOUNCE, 0),
        soft_bounces=told.get(FeedbackKind.SOFT_BOUNCE, 0),
        complaints=told.get(FeedbackKind.COMPLAINT, 0),
        unsubscribes=told.get(FeedbackKind.UNSUBSCRIBE, 0) + _unsubscribed(campaign),
    )


def _unsubscribed(campaign: Campaign) -> int:
    """How many recipients used an unsubscribe link for the topic, or for everything, within some weeks after it began."""
    if campaign.started_at is None:
        return 0
    events = ConsentEvent.objects.filter(
        party_hash__in=CampaignRecipient.objects.filter(campaign=campaign).values("party_hash"),
        method=Method.ONE_CLICK,
        kind__in=NEGATIVE,
        topic__in=["", campaign.topic_id],
        at__gte=campaign.started_at,
        at__lt=campaign.started_at + UNSUBSCRIBED_WITHIN,
    )
    return events.values("party_hash").distinct().count()


_MOST_COUNTED_AT_ONCE = 5_000  # people; above, the walk through all of them takes longer than a page may


class Audience(NamedTuple):
    """About how many people a campaign would go to, and when they were counted."""

    people: int
    counted_at: datetime | date


def audience_of(campaign: Campaign) -> Audience | None:
    """Who wants the topic: counted now, or with very many people by the last nightly count; None where there was none yet."""
    if people_count() <= _MOST_COUNTED_AT_ONCE:
        return Audience(count_subscribers(campaign.topic), clock.now())
    newest = TopicFigure.objects.filter(topic=campaign.topic).order_by("-on").first()
    return Audience(newest.subscribers, newest.on) if newest else None


# Topics ----------------------------------------------------------------------------------------------------------------


def count_topics(claims: list[Claim]) -> None:
    """Handler of the nightly count: how many people want each topic by e-mail today."""
    today = clock.now().date()
    for topic in Topic.objects.select_related("purpose"):
        subscribers = count_subscribers(topic)
        TopicFigure.objects.update_or_create(topic=topic, on=today, defaults={"subscribers": subscribers})
        for claim in claims:
            claim.heartbeat()


class TopicFigures(NamedTuple):
    """A topic with its newest count, the counts of a year, and how many campaigns were sent."""

    topic: Topic
    subscribers: int | None
    counted_on: date | None
    history: Sequence[TopicFigure]
    campaigns: int


def figures_of_topics(*, days: int = 365) -> list[TopicFigures]:
    """Every topic with its figures; three queries."""
    since = clock.now().date() - timedelta(days=days)
    history: dict[str, list[TopicFigure]] = {}
    for figure in TopicFigure.objects.filter(on__gte=since).order_by("on"):
        history.setdefault(figure.topic_id, []).append(figure)
    sent = dict(Campaign.objects.filter(state__in=[CampaignState.SENT, CampaignState.STOPPED]).values_list("topic").annotate(Count("pk")))
    found = []
    for topic in Topic.objects.select_related("purpose"):
        known = history.get(topic.key, [])
        last = known[-1] if known else None
        found.append(TopicFigures(topic, last.subscribers if last else None, last.on if last else None, known, sent.get(topic.key, 0)))
    return found


class Chart(NamedTuple):
    """A line over time for an SVG of 600 × 140: points of the line, and the words at the axes."""

    points: str
    area: str
    highest: int
    first: date
    last: date


WIDTH, HEIGHT, TOP = 600, 140, 10


def chart_of(history: Sequence[TopicFigure]) -> Chart | None:
    """The line of a topic's counts; None where there are not two days to draw a line between."""
    if len(history) < 2:
        return None
    first, last = history[0].on, history[-1].on
    highest = max(figure.subscribers for figure in history)
    days = max((last - first).days, 1)
    places = [
        f"{WIDTH * (figure.on - first).days / days:.1f},{HEIGHT - (HEIGHT - TOP) * figure.subscribers / max(highest, 1):.1f}"
        for figure in history
    ]
    line = " ".join(places)
    return Chart(line, f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}", highest, first, last)
