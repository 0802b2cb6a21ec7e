"""The topics a new installation starts with. Made after each migration where they are missing, never changed afterwards."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig

TOPICS: tuple[dict[str, Any], ...] = (
    {
        "key": "product_news",
        "title": "Product news",
        "description": "What is new in our products and how to use it. About once a month.",
        "purpose_id": "news_and_offers",
        "channels": ["email", "push"],
    },
    {
        "key": "events",
        "title": "Events and webinars",
        "description": "Invitations to events, webinars and trainings, and what was said there. About once a month.",
        "purpose_id": "news_and_offers",
        "channels": ["email", "post"],
    },
    {
        "key": "offers",
        "title": "Offers",
        "description": "Prices, offers and trials of products and services. A few times a year.",
        "purpose_id": "news_and_offers",
        "channels": ["email", "sms", "phone", "post"],
    },
    {
        "key": "surveys",
        "title": "Surveys and feedback",
        "description": "Questions about what you think of our products, and what we did with the answers. Twice a year at most.",
        "purpose_id": "surveys_and_feedback",
        "channels": ["email"],
    },
)


def make_topics(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Handler of `post_migrate`: add what is missing where its purpose exists, change nothing that is there."""
    from privacycenter.datamap.models import Purpose  # app ready
    from privacycenter.preferences.models import Topic  # app ready

    if any(is_backwards for _migration, is_backwards in kwargs.get("plan", ())):
        return  # taken back to tables that today's models don't fit
    purposes = set(Purpose.objects.using(using).values_list("key", flat=True))
    known = set(Topic.objects.using(using).values_list("key", flat=True))
    missing = [
        Topic(position=position * 10, **entry)
        for position, entry in enumerate(TOPICS, start=1)
        if entry["key"] not in known and entry["purpose_id"] in purposes
    ]
    # Two processes may migrate at once: whoever comes second finds the rows there.
    Topic.objects.using(using).bulk_create(missing, ignore_conflicts=True)
