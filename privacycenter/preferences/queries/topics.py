"""What people can subscribe to."""

from __future__ import annotations

from collections.abc import Iterable

from privacycenter.preferences.models import Topic


def active_topics() -> list[Topic]:
    """The topics that are offered, in their order, with their purposes. One query."""
    return list(Topic.objects.filter(is_active=True).select_related("purpose"))


def topics_of(purposes: Iterable[str]) -> list[str]:
    """Keys of every topic of these purposes, offered or not: what an opt-out from a purpose covers. One query."""
    return list(Topic.objects.filter(purpose_id__in=list(purposes)).order_by("key").values_list("key", flat=True))
