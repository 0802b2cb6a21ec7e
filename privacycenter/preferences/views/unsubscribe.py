"""Unsubscribing: opening the link shows, a POST acts (RFC 8058).

A POST needs no cookie, no session, no token against forgery and no body that we understand; it is never redirected and never
held up by a limit.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from privacycenter.preferences.enums import Channel
from privacycenter.preferences.unsubscribe import WayOut, pause, stop_by_link, stop_everything, way_out
from privacycenter.preferences.views.link_pages import PAUSES, gone, kept_page, paused_detail, paused_words, pauses, posted

PAGE = "/u/"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """What the link is about, with a button for it; by POST, that it is done."""
    found = way_out(token)
    if found is None:
        return gone()
    context = {"subscription": found.subscription, "pauses": pauses()}
    if request.method != "POST":
        return kept_page("preferences/unsubscribe.html", token, **context)
    return kept_page("preferences/unsubscribed.html", token, **context | _act(found, posted(request).get("action", "")))


def _act(found: WayOut, action: str) -> dict[str, Any]:
    """Do what was asked; anything we don't know, a mail program's own words among it, means what the link is for."""
    if action in PAUSES:
        days = PAUSES[action]
        pause(found.link, days=days, page=PAGE)
        return {"done": paused_words(days), "detail": paused_detail(), "offers_more": True}
    if action == "all":
        stop_everything(found.link, page=PAGE, control="all")
    else:
        stop_by_link(found, page=PAGE, control=action if action == "topic" else "one-click")
    if action == "all" or found.is_for_all:
        return {"done": _("You get no more marketing from us"), "detail": "", "is_stopped": True, "offers_more": False}
    words = _("You get no more %(topic)s by e-mail") if found.link.channel == Channel.EMAIL else _("You get no more %(topic)s")
    done = words % {"topic": found.subscription.title}
    return {"done": done, "detail": "", "is_stopped": True, "offers_more": True, "pauses": pauses(is_rest=True)}
