"""Services of the demo that need consent, so that everything about asking can be seen. Only the demo declares them."""

from __future__ import annotations

from typing import Any

from privacycenter.kernel.actor import Actor
from privacycenter.preferences.domain.cookies import save_item, save_service
from privacycenter.preferences.enums import CookieCategory, StorageKind
from privacycenter.preferences.models import Service, StorageItem

DAY_SECONDS = 86_400

SERVICES: tuple[dict[str, Any], ...] = (
    {
        "key": "video",
        "title": "Videos",
        "description": "Short films about privacy, played on our pages. Without it you find them at the provider's site.",
        "provider": "Framasoft",
        "category": CookieCategory.PREFERENCES,
        "purpose_id": "account_and_service",
        "widget_origins": ["https://framatube.org"],
        "preview_url": "https://framatube.org/videos/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d",
        "link": "https://framatube.org/w/9c9de5e8-0a1e-484a-b099-e80766180a6d",
        "items": (
            {
                "name": "peertube-videojs-*",
                "kind": StorageKind.LOCAL,
                "purpose": "Remembers loudness and subtitles of the player.",
                "is_first_party": False,
            },
        ),
    },
    {
        "key": "map",
        "title": "Maps",
        "description": "Shows where an event takes place. Without it you get the address and a link.",
        "provider": "OpenStreetMap Foundation",
        "category": CookieCategory.PREFERENCES,
        "purpose_id": "account_and_service",
        "widget_origins": ["https://www.openstreetmap.org"],
        "preview_url": "https://www.openstreetmap.org/export/embed.html?bbox=101.68%2C3.13%2C101.72%2C3.17&layer=mapnik",
        "link": "https://www.openstreetmap.org/#map=15/3.15/101.70",
        "items": (),
    },
    {
        "key": "statistics",
        "title": "Visit statistics",
        "description": "Counts which of our pages help, on our own server. Without it nothing is missing for you.",
        "category": CookieCategory.STATISTICS,
        "purpose_id": "trends_and_site_management",
        "items": (
            {
                "name": "visits",
                "purpose": "A random number that tells a second visit from a first one.",
                "lifetime_seconds": 90 * DAY_SECONDS,
                "is_http_only": True,
            },
            {"name": "visits.pages", "kind": StorageKind.LOCAL, "purpose": "Which pages were counted today."},
        ),
    },
    {
        "key": "share",
        "title": "Share buttons",
        "description": "Buttons of social networks below articles. Without them you can copy the link.",
        "provider": "Social Example",
        "category": CookieCategory.MARKETING,
        "purpose_id": "marketing_improvement",
        "recipients": ["service_providers"],
        "widget_origins": ["https://social.example"],
        "preview_url": "https://social.example/share",
        "link": "https://social.example/",
        "items": (
            {
                "name": "social_id",
                "purpose": "Recognises members of the network.",
                "lifetime_seconds": DAY_SECONDS,
                "is_first_party": False,
            },
        ),
    },
)


def make_services(*, actor: Actor) -> int:
    """Declare the services that are not there yet. Answers how many were added."""
    known = set(Service.objects.values_list("key", flat=True))
    added = [entry for entry in SERVICES if entry["key"] not in known]
    for entry in added:
        columns = {name: value for name, value in entry.items() if name != "items"}
        service = save_service(Service(**columns, position=100), actor=actor)
        for item in entry["items"]:
            save_item(StorageItem(service=service, **item), actor=actor)
    return len(added)
