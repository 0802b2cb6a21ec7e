"""What this site itself stores, as a new installation declares it: found by using every page, and held by tests/browser/test_cookies.py."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings

from privacycenter.datamap.defaults import make_defaults
from privacycenter.preferences.cookies import register as registers
from privacycenter.preferences.enums import CookieCategory, StorageKind

_SITE = "Needed to do what you ask for: without it nobody can sign in, send a form or be remembered to have refused."
_DESK = "Only staff at the privacy desk have these. They keep how a list is laid out while somebody works in it, and hold no personal data."


def services() -> tuple[dict[str, Any], ...]:
    """The services and their items. Names are given without the prefix __Host-."""
    host = {"has_host_prefix": True, "is_http_only": True}
    return (
        {
            "key": "site",
            "title": "This privacy center",
            "description": "Signing in, sending forms safely, and remembering your choice about cookies.",
            "category": CookieCategory.NECESSARY,
            "purpose_id": "account_and_service",
            "necessity_note": _SITE,
            "items": (
                {
                    "name": "session",
                    **host,
                    "purpose": "Keeps you signed in, or your place in what you began. Gone when you close the browser.",
                },
                {
                    "name": "csrf",
                    **host,
                    "purpose": "Shows that a form was sent from our own page and not from somebody else's.",
                    "lifetime_seconds": settings.CSRF_COOKIE_AGE,
                },
                {"name": "messages", "is_http_only": True, "purpose": "Carries a note such as “Saved” to the next page."},
                {
                    "name": "consent",
                    **host,
                    "purpose": "Remembers your choice about cookies. Who refuses everything has the same as all who did so that day.",
                    "lifetime_seconds": settings.COOKIE_CHOICE_DAYS * registers.DAY_SECONDS,
                },
            ),
        },
        {
            "key": registers.DESK,
            "title": "Privacy desk",
            "description": "The pages on which our staff answer requests.",
            "category": CookieCategory.NECESSARY,
            "purpose_id": "account_and_service",
            "necessity_note": _DESK,
            "items": (
                {
                    "name": "django.admin.navSidebarIsOpen",
                    "kind": StorageKind.LOCAL,
                    "purpose": "Whether the list of rooms is open. Staff only.",
                },
                {
                    "name": "django.admin.navSidebarFilterValue",
                    "kind": StorageKind.SESSION,
                    "purpose": "What was typed to find a room. Staff only.",
                },
                {
                    "name": "django.admin.filtersState",
                    "kind": StorageKind.SESSION,
                    "purpose": "Which filters of a list are open. Staff only.",
                },
            ),
        },
    )


def make_cookie_defaults(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Handler of `post_migrate`: add what is missing, change nothing that is there."""
    from privacycenter.preferences.models import BannerSettings, Service, StorageItem  # app ready

    if any(is_backwards for _migration, is_backwards in kwargs.get("plan", ())):
        return  # taken back to tables that today's models don't fit
    make_defaults(sender, using)  # services name purposes, and the data map's own handler comes later
    known = set(Service._base_manager.using(using).values_list("key", flat=True))
    for position, entry in enumerate(services(), start=1):
        if entry["key"] not in known:
            columns = {name: value for name, value in entry.items() if name != "items"}
            # Two processes may migrate at once: whoever comes second finds the rows there.
            service, _created = Service._base_manager.using(using).get_or_create(
                key=entry["key"], defaults={**columns, "position": position * 10}
            )
            items = [StorageItem(service=service, **item) for item in entry["items"]]
            StorageItem._base_manager.using(using).bulk_create(items, ignore_conflicts=True)
    BannerSettings._base_manager.using(using).get_or_create(pk=1, defaults=registers.default_banner())
    registers.forget()
