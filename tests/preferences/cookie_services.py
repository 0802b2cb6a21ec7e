"""Services that need consent, and browsers that choose about them."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from privacycenter.kernel.actor import Actor
from privacycenter.preferences.cookies import register as registers
from privacycenter.preferences.domain.cookies import save_item, save_service
from privacycenter.preferences.enums import CookieCategory, StorageKind
from privacycenter.preferences.models import Service, StorageItem

SYSTEM = Actor.system("tests")
VIDEO_ORIGIN = "https://video.example"


def make_service(key: str, *, items: tuple[dict[str, Any], ...] = (), **fields: Any) -> Service:
    """A service with its items, saved by the verbs that staff use."""
    columns = {
        "title": key.title(),
        "description": f"What {key} does.",
        "category": CookieCategory.STATISTICS,
        "purpose_id": "trends_and_site_management",
    }
    service = save_service(Service(key=key, **(columns | fields)), actor=SYSTEM)
    for item in items:
        save_item(StorageItem(service=service, **({"purpose": "For the test."} | item)), actor=SYSTEM)
    return service


def make_three() -> None:
    """A statistics service with a cookie, an embedded video, and marketing."""
    make_service(
        "statistics",
        items=(
            {"name": "visits", "lifetime_seconds": 86_400, "is_http_only": True, "path": "/cookies/"},
            {"name": "_count.*", "lifetime_seconds": 86_400},
            {"name": "seen", "kind": StorageKind.LOCAL},
        ),
    )
    make_service(
        "video",
        category=CookieCategory.PREFERENCES,
        purpose_id="account_and_service",
        provider="Video Example",
        widget_origins=[VIDEO_ORIGIN],
        preview_url=f"{VIDEO_ORIGIN}/embed/1",
        link=f"{VIDEO_ORIGIN}/1",
    )
    make_service("ads", category=CookieCategory.MARKETING, purpose_id="marketing_improvement", items=({"name": "ads_id"},))


def choose(client: Client, choice: str, *services: str, **more: Any) -> HttpResponse:
    """Post a choice as the page does."""
    headers = {key: more.pop(key) for key in list(more) if key.startswith("HTTP_")}
    data = {"choice": choice, "service": list(services), "seen": registers.current().fingerprint} | more
    return client.post("/cookies/", data, **headers)


def is_asked(client: Client, path: str = "/", **headers: str) -> bool:
    """Whether a page shows the banner."""
    return 'id="cookie-banner"' in client.get(path, **headers).content.decode()


def ticked(client: Client, **headers: str) -> set[str]:
    """The services that the page about cookies shows as on."""
    page = client.get("/cookies/", **headers).content.decode()
    boxes = re.findall(r'<input type="checkbox" name="service" value="(\w+)"([^>]*)>', page)
    return {key for key, attributes in boxes if " checked" in attributes}
