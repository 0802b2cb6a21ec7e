"""The banner on every page, placeholders for what is embedded, and the line that says that Global Privacy Control is honoured."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.http import HttpRequest
from django.middleware.csrf import get_token

from privacycenter.preferences.cookies import choice_of, words
from privacycenter.preferences.cookies.choice import CookieChoice, ServiceState
from privacycenter.preferences.cookies.forms import sign_widget
from privacycenter.preferences.cookies.middleware import FRAME_ORIGINS
from privacycenter.preferences.cookies.register import Item
from privacycenter.preferences.enums import StorageKind
from privacycenter.preferences.middleware import LINK_PATHS
from privacycenter.preferences.validators import origin_of

register = template.Library()

# Pages behind mailed links see no cookies and so can't know a choice; the page about cookies is one long banner itself.
WITHOUT_BANNER = (*LINK_PATHS, "/cookies/")


@register.inclusion_tag("preferences/cookies/banner.html", takes_context=True)
def cookie_banner(context: template.Context) -> dict[str, Any]:
    """The banner, where something has to be asked; and the names of what scripts of refused services may have left behind."""
    request: HttpRequest | None = context.get("request")
    if request is None or request.path.startswith(LINK_PATHS):
        return {}
    choice = choice_of(request)
    values: dict[str, Any] = {"forget": forgotten(choice)}
    if choice.is_asked and not request.path.startswith(WITHOUT_BANNER):
        values |= {
            "is_asked": True,
            "banner": choice.register.banner,
            "services": ", ".join(service.title for service in words.asked_services(choice)),
            "news": words.news_of(choice) if choice.is_renewed else [],
            "seen": choice.register.fingerprint,
            "gpc": choice.gpc,
            "next": request.get_full_path(),
            "csrf_token": get_token(request),
        }
    return values


@register.inclusion_tag("preferences/cookies/placeholder.html", takes_context=True)
def widget(context: template.Context, service_key: str, *, url: str, title: str, link: str = "") -> dict[str, Any]:
    """Something embedded from elsewhere: a frame where it is allowed, else a placeholder that loads nothing before somebody asks.

    `url` is the frame's address, at one of the service's declared origins; `link` where the same is found outside (`url` without).
    """
    request: HttpRequest = context["request"]
    choice = choice_of(request)
    service = choice.register.service(service_key)
    if service is None or origin_of(url) not in service.origins:
        raise template.TemplateSyntaxError(f"widget: {service_key!r} is not declared to embed from {origin_of(url) or 'there'}")
    link = link or service.link or url
    is_allowed = choice.allows(service_key)
    if is_allowed:
        setattr(request, FRAME_ORIGINS, getattr(request, FRAME_ORIGINS, set()) | set(service.origins))
    return {
        "is_allowed": is_allowed,
        "service": service,
        "state": choice.states.get(service_key),
        "url": url,
        "title": title,
        "link": link,
        "signed": sign_widget(service, url=url, title=title, link=link),
        "next": request.get_full_path(),
        "csrf_token": get_token(request),
    }


@register.inclusion_tag("preferences/cookies/gpc.html", takes_context=True)
def gpc_notice(context: template.Context) -> dict[str, Any]:
    """That the browser's signal is honoured, where it sends one; nothing elsewhere."""
    return {"gpc": getattr(context.get("request"), "gpc", False)}


@register.filter
def lifetime(item: Item) -> str:
    """How long an item stays, in words; empty for one without a lifetime."""
    return words.lifetime(*item.lifetime)


@register.filter
def because(state: ServiceState | None) -> str:
    """Why something is off that this browser did not switch off."""
    return words.reasons(state) if state else ""


def forgotten(choice: CookieChoice) -> str:
    """As JSON, by kind, the storage keys of services that are not allowed; empty where there are none.

    Only scripts can write them, so it is a script that removes them.
    """
    found: dict[str, list[str]] = {}
    for kind in (StorageKind.LOCAL, StorageKind.SESSION, StorageKind.INDEXED):
        for service, item in choice.register.items(kind):
            if item.is_first_party and not choice.allows(service.key):
                found.setdefault(kind.value, []).append(item.name)
    return json.dumps(found) if found else ""
