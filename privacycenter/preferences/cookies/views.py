"""Pages about cookies: the register with all choices, what is embedded for once, and the answer to machines that ask about GPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from privacycenter.kernel.hashing import keyed_hash
from privacycenter.kernel.middleware import client_network
from privacycenter.preferences.api.throttling import seconds_to_wait
from privacycenter.preferences.cookies import words
from privacycenter.preferences.cookies.choice import CookieChoice, choice_of, forget_choice
from privacycenter.preferences.cookies.consent_cookie import put
from privacycenter.preferences.cookies.forms import ALWAYS, ChoiceForm, WidgetForm
from privacycenter.preferences.cookies.holding import take_away
from privacycenter.preferences.cookies.middleware import FRAME_ORIGINS
from privacycenter.preferences.cookies.pages import came_from, page_of
from privacycenter.preferences.domain.cookies import choose_cookies, device_party, note_signal, person
from privacycenter.preferences.domain.ledger import Presented
from privacycenter.preferences.enums import Method
from privacycenter.preferences.signals import subject_of
from privacycenter.preferences.texts import ShownText

# When this statement was last looked at; only a change of what we do moves it (https://www.w3.org/TR/gpc/, support resource).
GPC_SINCE = "2026-11-22"
CHOICES_PER_MINUTE = 60  # of one household or office: each choice writes evidence. A refusal is taken beyond that, too


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cookies(request: HttpRequest) -> HttpResponse:
    """What is stored, why, by whom and for how long, and every choice about it. A POST chooses."""
    if request.method == "POST":
        return _choose(request)
    return _page(request, came_from(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_widget(request: HttpRequest) -> HttpResponse:
    """Show what is embedded: this time, on a page of its own that alone may load it; or always, on the page it belongs to.

    Reloaded or bookmarked it has nothing to show, and leads to the page about cookies.
    """
    if request.method != "POST":
        return redirect("preferences:cookies")
    choice = choice_of(request)
    form = WidgetForm(request.POST, register=choice.register)
    if not form.is_valid():
        return render(request, "preferences/cookies/widget_gone.html", status=400)
    wanted, back = form.cleaned_data["widget"], form.cleaned_data["next"] or reverse("preferences:cookies")
    service = wanted["service"]
    state = choice.states[service.key]
    if state.is_signalled:
        messages.info(request, words.reasons(state))
        return _see(back)
    if form.cleaned_data["when"] == ALWAYS and wanted["print"] != str(service.print):
        messages.warning(request, _("What we ask about has changed meanwhile. Nothing was saved; please look and choose again."))
        return _see(back)
    if form.cleaned_data["when"] == ALWAYS:
        too_many = _too_many(request)
        if too_many:
            return too_many
        presented = Presented(words.text_of_widget(service), Method.FORM, control=ALWAYS, page=page_of(back))
        response = _see(back)
        note_choice(request, choice, {service.key: True}, presented, response)
        return response
    setattr(request, FRAME_ORIGINS, set(service.origins))
    return render(request, "preferences/cookies/widget.html", {**wanted, "back": back})


@require_safe
def gpc(request: HttpRequest) -> HttpResponse:
    """/.well-known/gpc.json: that Global Privacy Control is honoured here (https://www.w3.org/TR/gpc/)."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE})


def _page(request: HttpRequest, back: str, *, status: int = 200) -> HttpResponse:
    choice = choice_of(request)
    subject = subject_of(request)
    context = {
        "choice": choice,
        "register": choice.register,
        "categories": [
            (category, [(service, choice.states.get(service.key)) for service in category.services])
            for category in choice.register.categories
        ],
        "widgets": [service for service in choice.register.asked if service.is_widget and service.preview_url],
        "news": words.news_of(choice) if choice.is_renewed else [],
        "is_differing": subject is not None and any(state.because == "account" for state in choice.states.values()),
        "has_account_signal": any(state.because == "account_signal" for state in choice.states.values()),
        "is_all_off": not any(state.is_on for state in choice.states.values()),
        "back": back,
    }
    return render(request, "preferences/cookies/page.html", context, status=status)


def _choose(request: HttpRequest) -> HttpResponse:
    choice = choice_of(request)
    form = ChoiceForm(request.POST, register=choice.register)
    if not form.is_valid():
        messages.error(request, _("We could not read your choice. Please choose again."))
        return _page(request, "", status=400)
    decisions, back = form.decisions(), form.cleaned_data["next"]
    is_banner = form.cleaned_data["origin"] == "banner"
    if any(decisions.values()) and form.cleaned_data["seen"] != choice.register.fingerprint:
        # A yes counts for what was shown; a no needs no such care.
        messages.warning(request, _("What we ask about has changed meanwhile. Nothing was saved; please look and choose again."))
        return _see(reverse("preferences:cookies"))
    too_many = _too_many(request)
    if too_many and any(decisions.values()):
        return too_many
    is_quiet = request.headers.get("X-Requested-With") == "cookies"
    response = HttpResponse(status=204) if is_quiet else _see(back or reverse("preferences:cookies"))
    presented = Presented(
        _text(choice, is_banner=is_banner),
        Method.BANNER if is_banner else Method.FORM,
        control=form.cleaned_data["choice"],
        page=page_of(back or request.path) if is_banner else request.path,
    )
    note_choice(request, choice, decisions, presented, response, is_flood=bool(too_many))
    if not is_quiet:
        messages.success(
            request, _("Your choice about cookies is saved. You can change it at any time under Cookies, at the end of every page.")
        )
    return response


def note_choice(
    request: HttpRequest,
    choice: CookieChoice,
    decisions: Mapping[str, bool],
    presented: Presented,
    response: HttpResponse,
    *,
    is_flood: bool = False,
) -> None:
    """Write the choice down, let the browser remember it, and take away what is no longer allowed.

    In a flood a refusal holds like any other, but one that nobody could be shown to have made leaves no row.
    """
    # What a signal settles is not asked, so it is not answered either.
    decisions = {key: is_on for key, is_on in decisions.items() if not choice.states[key].is_signalled}
    user: Any = getattr(request, "user", None)
    subject = subject_of(request)
    actor = person(user.pk if subject else None)
    is_known = subject is not None or bool(choice.cookie and choice.cookie.device)
    chosen = choose_cookies(
        decisions,
        register=choice.register,
        cookie=choice.cookie,
        subject=subject,
        presented=presented,
        actor=actor,
        is_noted=is_known or not is_flood,
    )
    if choice.gpc and chosen.device and subject is None:
        note_signal(device_party(chosen.device), page=presented.page, actor=actor)
    put(response, chosen, choice.register.banner)
    forget_choice(request)
    request.COOKIES[settings.CONSENT_COOKIE_NAME] = response.cookies[settings.CONSENT_COOKIE_NAME].value
    take_away(request, response, chosen, choice)


def _text(choice: CookieChoice, *, is_banner: bool) -> ShownText:
    return words.text_of_banner(choice) if is_banner else words.text_of_page(choice.register)


def _too_many(request: HttpRequest) -> HttpResponse | None:
    who = keyed_hash(client_network(request), context="cookies.choices").digest
    wait = seconds_to_wait("cookies", who, limit=CHOICES_PER_MINUTE)
    if not wait:
        return None
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = str(wait)
    return response


def _see(path: str) -> HttpResponse:
    """Go and look: by GET, whatever the method was (RFC 9110, 15.4.4)."""
    response = HttpResponseRedirect(path)
    response.status_code = 303
    return response
