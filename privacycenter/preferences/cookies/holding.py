"""What an account refuses holds in the browser as well, also after signing out: its cookie is made as strict as the account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from privacycenter.preferences import texts
from privacycenter.preferences.cookies.choice import Because, CookieChoice, choice_of, forget_choice, merge
from privacycenter.preferences.cookies.consent_cookie import ConsentCookie, put
from privacycenter.preferences.cookies.pages import page_of
from privacycenter.preferences.domain.cookies import device_party, person
from privacycenter.preferences.domain.ledger import Choice, Presented, record_choices
from privacycenter.preferences.enums import EventKind, Method

TEXT = texts.register(
    "cookies.account_refused",
    _("In your account you refused this. So it is off in this browser, too, and stays off after you sign out."),
)


def hold_in_browser(request: HttpRequest, response: HttpResponse) -> None:
    """Have the browser remember what the account of the signed-in person refuses, and take away what that service stored.

    Goes by what was worked out for this request and asks nothing more; see `refresh_choice`. A signal is left out: it counts for the
    browser that sends it, and for the account as long as it stands there.
    """
    choice: CookieChoice | None = getattr(request, "_cookie_choice", None)
    if choice is None or choice.cookie is None:
        return
    cookie = choice.cookie
    refused = [
        state.service
        for key, state in choice.states.items()
        if state.because is Because.ACCOUNT and key in cookie.said and cookie.said[key].is_on
    ]
    if not refused:
        return
    said = {**cookie.said, **{service.key: cookie.said[service.key]._replace(is_on=False) for service in refused}}
    stricter = replace(cookie, said=said)
    if not stricter.accepts_something:
        stricter = replace(stricter, device="")
    if cookie.device:
        user: Any = getattr(request, "user", None)
        presented = Presented(texts.registered(TEXT), Method.SYSTEM, control="account", page=page_of(request.path))
        with transaction.atomic():
            choices = [Choice(service.scope, EventKind.WITHDRAWN) for service in refused]
            record_choices(device_party(cookie.device), choices, presented=presented, actor=person(getattr(user, "pk", None)))
    put(response, stricter, choice.register.banner)
    take_away(request, response, stricter, choice)


def refresh_choice(request: HttpRequest) -> None:
    """Work out what holds now, after the account changed: the answer to this request then leaves the stricter cookie behind."""
    forget_choice(request)
    choice_of(request)


def take_away(request: HttpRequest, response: HttpResponse, chosen: ConsentCookie, before: CookieChoice) -> None:
    """Expire every cookie of the services that are not allowed now: the declared ones, and what patterns fit among those that came in."""
    now = merge(before.register, chosen, {}, gpc=before.gpc)
    for service, item in before.register.first_party_cookies():
        if not now.allows(service.key):
            names = [name for name in request.COOKIES if item.matches(name)] if item.is_pattern else [item.name]
            for name in names:
                response.delete_cookie(name, path=item.path, samesite="Lax")
