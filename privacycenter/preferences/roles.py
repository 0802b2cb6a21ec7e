"""The role of marketing at the desk: topics, campaigns, figures and lists to be checked; nobody's file. Made after every migration."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS

MARKETING = "Marketing"

PERMISSIONS = (
    "view_topic",
    "add_topic",
    "change_topic",
    "delete_topic",
    "view_campaign",
    "add_campaign",
    "change_campaign",
    "delete_campaign",
    "send_campaign",
    "view_addresslist",
    "add_addresslist",
)


def make_marketing_role(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Give the role exactly its permissions. Connected to post_migrate; safe to run again."""
    wanted = Permission.objects.using(using).filter(content_type__app_label="preferences", codename__in=PERMISSIONS)
    group, _created = Group.objects.using(using).get_or_create(name=MARKETING)
    group.permissions.set(wanted)
