"""What the demo's marketing desk shows: a campaign that was sent, one that is being written, and a year of figures."""

from __future__ import annotations

import random
from datetime import timedelta

from privacycenter.jobs.domain import run_due
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.campaigns.figures import count_topics
from privacycenter.preferences.campaigns.sending import SEND
from privacycenter.preferences.campaigns.verbs import approve_campaign, save_campaign, send_test
from privacycenter.preferences.models import Campaign, Topic, TopicFigure

_DAYS = 180


def make_mailings(*, seed: int, actor: Actor) -> int:
    """Make them, if there are no campaigns yet. `actor` is a colleague. Answers how many campaigns there are."""
    topic = Topic.objects.filter(key="product_news", is_active=True).first()
    if Campaign.objects.exists() or topic is None:
        return Campaign.objects.count()
    things = "- reports can be shared\n- calendars open twice as fast\n- your data stays yours"
    body = f"Hello,\n\nthree things are new this month:\n\n{things}\n\n{{operator}}"
    with clock.stopped_at(clock.now() - timedelta(days=12)):
        sent = save_campaign(Campaign(topic=topic, language="en", subject="{topic}: what changed this month", body=body), actor=actor)
        send_test(sent, to="marketing@staff.example", actor=actor)
        approve_campaign(Campaign.objects.select_related("topic").get(pk=sent.pk), actor=actor)
        # Several steps, each behind the mails of the one before; what is left the workers do.
        for _ in range(10):
            run_due(kinds=[SEND, "mail.send"])
    draft = Campaign(topic=topic, language="en", subject="Meet us in spring", body="Hello,\n\nwe are writing this one.\n\n{operator}")
    save_campaign(draft, actor=actor)
    _make_figures(seed)
    return Campaign.objects.count()


def _make_figures(seed: int) -> None:
    """Made-up numbers for half a year, which end where the real count is today."""
    chance = random.Random(seed)  # noqa: S311 - believable, not secret
    count_topics([])
    today = clock.now().date()
    for figure in TopicFigure.objects.filter(on=today):
        subscribers, rows = figure.subscribers, []
        for days in range(7, _DAYS, 7):
            subscribers = max(figure.subscribers // 2, subscribers - chance.choice([-1, 0, 0, 0, 1]))
            rows.append(TopicFigure(topic_id=figure.topic_id, on=today - timedelta(days=days), subscribers=subscribers))
        TopicFigure.objects.bulk_create(rows, ignore_conflicts=True)
