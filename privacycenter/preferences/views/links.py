"""Pages behind mailed links: choose what to stop, take an opting out back, confirm a subscription.

The token alone says what may be done; opening changes nothing, a POST does. There is no token against forgery, because there is no
session that anybody could act for.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from privacycenter.preferences.enums import LinkKind
from privacycenter.preferences.forms.addresses import OptOutForm
from privacycenter.preferences.links import link_with
from privacycenter.preferences.models import LinkToken
from privacycenter.preferences.queries import active_topics
from privacycenter.preferences.subscribing import confirm_subscription, pending_of, titles_of
from privacycenter.preferences.undo import is_open, suppressions_of, take_back, what_was_said
from privacycenter.preferences.unsubscribe import pause, stop_everything, stop_topics, subscriptions_of
from privacycenter.preferences.views.link_pages import PAUSES, gone, link_page, paused_detail, paused_words, pauses, posted

PAGE = "/p/"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Whatever a mailed link is for. A link to unsubscribe opens the choice of topics too: it may stop as much."""
    found = link_with(token)
    if found is None:
        return gone()
    if found.kind == LinkKind.UNDO:
        return _undo(request, found, token)
    if found.kind == LinkKind.CONFIRM:
        return _confirm(request, found, token)
    return _stop(request, found, token)


def _stop(request: HttpRequest, found: LinkToken, token: str) -> HttpResponse:
    topics = active_topics()
    data = posted(request) if request.method == "POST" else None
    action = data.get("action", "") if data is not None else ""
    if action in PAUSES:
        pause(found, days=PAUSES[action], page=PAGE)
        return _done(token, paused_words(PAUSES[action]), paused_detail())
    if action == "all":
        stop_everything(found, page=PAGE, control="all")
        return _done(token, _("You get no more marketing from us"), is_stopped=True)
    form = OptOutForm(data, topics=topics)
    if data is not None and form.is_valid():
        chosen = [topic for topic in topics if topic.key in form.cleaned_data["topics"]]
        stop_topics(found, subscriptions_of(chosen), page=PAGE, control="topics")
        return _done(token, _("Done: it stops"), is_stopped=True, stopped=[topic.title for topic in chosen])
    context = {"form": form, "token": token, "pauses": pauses()}
    return link_page("preferences/link.html", context, status=422 if data is not None else 200)


def _done(token: str, done: str, detail: str = "", **further: Any) -> HttpResponse:
    return link_page("preferences/link_done.html", {"done": done, "detail": detail, "token": token} | further)


def _undo(request: HttpRequest, found: LinkToken, token: str) -> HttpResponse:
    if request.method == "POST":
        back = take_back(found, page=PAGE, control="undo")
        return link_page("preferences/undone.html", {"back": back}) if back else gone()
    rows = suppressions_of(found) if is_open(found) else []
    return link_page("preferences/undo.html", {"said": what_was_said(rows), "token": token}) if rows else gone()


def _confirm(request: HttpRequest, found: LinkToken, token: str) -> HttpResponse:
    if found.used_at is not None:
        return link_page("preferences/confirmed.html", {"titles": []})
    if request.method == "POST" and (confirmed := confirm_subscription(found, page=PAGE)):
        return link_page("preferences/confirmed.html", {"titles": confirmed})
    pending = pending_of(found) if is_open(found) else None
    if pending is None:
        return gone()
    titles = titles_of(pending)
    return link_page("preferences/confirm.html" if titles else "preferences/confirm_nothing.html", {"titles": titles, "token": token})
