"""What campaigns, reports about delivery and lists tell the rooms below: kinds of mail and work, guards, listeners, defaults."""

from __future__ import annotations

from django.apps import apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from privacycenter.jobs import periodic, registry
from privacycenter.jobs.enums import Priority
from privacycenter.mail import guards, outcomes
from privacycenter.mail.kinds import MessageKind, register
from privacycenter.preferences import feedback
from privacycenter.preferences.campaigns import sending, verbs
from privacycenter.preferences.campaigns.defaults import make_topics
from privacycenter.preferences.campaigns.figures import COUNT, count_topics
from privacycenter.preferences.roles import make_marketing_role
from privacycenter.preferences.scrub import lists


def connect() -> None:
    """Register everything; called once, when the models are there."""
    # A campaign serves topics of every purpose; which one counts is that of its topic (preferences.mail_guard).
    register(
        MessageKind(
            sending.MESSAGE, _("Mailing you subscribed to"), essential=False, template="marketing/campaign", purpose="news_and_offers"
        )
    )
    register(
        MessageKind(
            verbs.TEST,
            _("Test of a campaign"),
            essential=True,
            template="marketing/test",
            why=_("A colleague sends it to themselves."),
        )
    )
    registry.register(sending.SEND, sending.send_campaign, priority=Priority.BULK)
    registry.register(lists.WORK, lists.check_list, max_errors=2, max_seconds=4 * 3600, on_quarantine=lists.note_failure)
    periodic.register("preferences.shred_lists", 600, lists.shred_lists)
    registry.register(COUNT, count_topics, priority=Priority.BULK)
    periodic.register("preferences.count_subscribers", 24 * 3600, COUNT)
    guards.register(sending.goes_on)
    outcomes.register(sending.note_outcomes)
    # After it, so that a report finds what the campaign knows.
    outcomes.register(feedback.note_outcomes)
    # Handlers run app by app in the order of INSTALLED_APPS; auth stands after every room, so all purposes and permissions exist.
    last = apps.get_app_config("auth")
    post_migrate.connect(make_topics, sender=last, dispatch_uid="preferences.topics")
    post_migrate.connect(make_marketing_role, sender=last, dispatch_uid="preferences.roles")
