"""What can be done with several requests at once. Each is its own transaction, and each says what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app import domain
from requests_app.admin.pages import page
from requests_app.admin.presentation import state_word
from requests_app.domain.people import WORK
from requests_app.errors import IllegalMove
from requests_app.forms import SureForm
from requests_app.models import Request

CAP = 50  # at once: each result is read by somebody

Verb = Callable[[Request, Actor, Any], None]


def _take(request: Request, actor: Actor, user: Any) -> None:
    domain.assign(request, assignee=user, actor=actor)


def _give_back(request: Request, actor: Actor, user: Any) -> None:
    domain.assign(request, assignee=None, actor=actor)


def _retry(request: Request, actor: Actor, user: Any) -> None:
    domain.retry_failed(request, actor=actor)


def _collect_again(request: Request, actor: Actor, user: Any) -> None:
    domain.collect_again(request, actor=actor)


def _release(request: Request, actor: Actor, user: Any) -> None:
    domain.release_bundle(request, actor=actor)


def _action(name: str, words: Any, verb: Verb, *, to_confirm: Any = "") -> Any:
    """An action of the list. What can't be taken back asks for a tick first, on a page that names the requests."""

    @admin.action(description=words, permissions=["work"])
    def act(model_admin: Any, http: HttpRequest, chosen: QuerySet[Request]) -> HttpResponse:
        if not http.user.has_perm(WORK):
            raise PermissionDenied
        requests, gone = _chosen(http, chosen)
        context: dict[str, Any] = {"title": words, "action": name, "cap": CAP, "requests": requests}
        if len(requests) > CAP:
            return page(http, "bulk.html", {**context, "requests": [], "is_too_many": True}, status=422)
        if to_confirm:
            is_answered = "confirmed" in http.POST
            form = SureForm(http.POST if is_answered else None, label=to_confirm)
            if not form.is_valid():
                return page(http, "bulk.html", {**context, "form": form}, status=422 if is_answered else 200)
        actor = Actor.for_user(http.user)
        results = [_do(verb, request, actor, http.user) for request in requests]
        results += [{"request": None, "is_done": False, "words": _("This request does not exist any more.")}] * gone
        done = sum(result["is_done"] for result in results)
        return page(http, "bulk.html", {**context, "results": results, "done": done, "left": len(results) - done})

    act.__name__ = name
    return act


def keys_of(http: HttpRequest) -> list[int]:
    """The keys that were ticked. What is no key of a row is left out."""
    return [int(key) for key in http.POST.getlist(ACTION_CHECKBOX_NAME) if key.isdecimal() and len(key) < 19]


def _chosen(http: HttpRequest, shown: QuerySet[Request]) -> tuple[list[Request], int]:
    """What was ticked, whether or not the list shows it by now, and how much of it is gone: nothing is left out in silence."""
    if http.POST.get("select_across") == "1":
        return list(shown.order_by("pk")[: CAP + 1]), 0
    keys = set(keys_of(http))
    found = list(Request.objects.select_related("subject", "assignee").filter(pk__in=keys).order_by("pk")[: CAP + 1])
    return found, max(len(keys) - len(found), 0) if len(found) <= CAP else 0


def _do(verb: Verb, request: Request, actor: Actor, user: Any) -> dict[str, Any]:
    try:
        verb(request, actor, user)
    except PrivacyCenterError as error:
        words = str(error)
        if type(error) is IllegalMove:  # which says nothing of where the request stands
            words += " " + _("It is now “%(state)s”.") % {"state": state_word(request)}
        return {"request": request, "is_done": False, "words": words}
    return {"request": request, "is_done": True, "words": _("It is now “%(state)s”.") % {"state": state_word(request)}}


ACTIONS = [
    _action("take", gettext_lazy("Assign to me"), _take),
    _action("give_back", gettext_lazy("Assign to nobody"), _give_back),
    _action("retry_failed", gettext_lazy("Try the failed parts again"), _retry),
    _action(
        "collect_again",
        gettext_lazy("Collect everything again"),
        _collect_again,
        to_confirm=gettext_lazy("Yes, throw their present bundles away and start anew"),
    ),
    _action(
        "release",
        gettext_lazy("Release to the person"),
        _release,
        to_confirm=gettext_lazy("I have looked at what is in each of them, and each is about its person"),
    ),
]
