"""Proving once more that it is you, before something that matters.

Fresh means: a password, for accounts with factors a factor, or for accounts with neither a mailed code or a log-in at the
provider that happened just now. allauth's own notion is not used: it takes an account without password and factor for
proven.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import resume_request, suspend_request
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User
from privacycenter.kernel import clock

FRESH_KEY = "fresh_login_at"
LIFETIME = timedelta(minutes=5)
# Clocks of a provider and ours differ a little.
CLOCK_LEEWAY_SECONDS = 30
_SECRET_FIELDS = ("password", "answer", "code", "credential")

View = Callable[..., HttpResponse]


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person proved themselves within the last five minutes, in this session."""
    at = request.session.get(FRESH_KEY)
    return request.user.is_authenticated and at is not None and 0 <= clock.now().timestamp() - at <= LIFETIME.total_seconds()


def mark_fresh(request: HttpRequest) -> None:
    """Note that the person proved themselves just now. Call only after a real proof."""
    request.session[FRESH_KEY] = clock.now().timestamp()


def require_fresh_login(view: View) -> View:
    """Let a view be reached only freshly logged in; others prove themselves first and come back.

    A form that was sent is kept for the way back, unless it holds secrets or files.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if is_fresh(request):
            return view(request, *args, **kwargs)
        holds_secrets = any(part in name for name in request.POST for part in _SECRET_FIELDS)
        if request.method == "POST" and not request.FILES and not holds_secrets:
            suspended: HttpResponse = suspend_request(request, reverse("account_step_up"))
            return suspended
        return ask(request, next_url=request.get_full_path())

    guarded.requires_fresh_login = True  # type: ignore[attr-defined]
    return guarded


def ask(request: HttpRequest, *, next_url: str) -> HttpResponse:
    """Send the person to the step-up page and then to `next_url`."""
    return HttpResponseRedirect(f"{reverse('account_step_up')}?{urlencode({'next': next_url})}")


def way_of(user: User) -> str:
    """How this account proves itself: "factor", "password", or "mail" for accounts that have neither."""
    if is_mfa_enabled(user, types=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]):
        return "factor"
    return "password" if user.has_usable_password() else "mail"


def methods_of(user: User, offered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the methods that allauth offers, those that count for this account."""
    way = way_of(user) if user.is_authenticated else ""
    if way == "factor":
        return [method for method in offered if method["id"] != "reauthenticate"]
    return [method for method in offered if method["id"] == "reauthenticate"] if way == "password" else []


def note_login(request: HttpRequest, user: User) -> None:
    """After a log-in: it is fresh when the credential that counts for the account was used in it."""
    wanted = {"factor": "mfa", "password": "password"}.get(way_of(user))
    if any(entry.get("method") == wanted for entry in get_authentication_records(request, user)):
        mark_fresh(request)


def note_reauthentication(request: HttpRequest, user: User, method: str) -> None:
    """After allauth's re-authentication pages: fresh when the method counts for the account."""
    if method == {"factor": "mfa", "password": "password"}.get(way_of(user)):
        mark_fresh(request)


def come_back(request: HttpRequest) -> HttpResponse:
    """Go on where the person was stopped; a form that was kept is sent again."""
    return resume_request(request) or HttpResponseRedirect(reverse("account_profile"))


def finish_at_provider(request: HttpRequest, sociallogin: Any, authenticated_at: int | None) -> HttpResponse:
    """Take a log-in at the provider as proof: the linked person, and really just now (OpenID Connect Core 3.1.2.1, max_age)."""
    started = (sociallogin.state.get("data") or {}).get("step_up_started")
    next_url = sociallogin.state.get("next") or reverse("account_profile")
    is_same = request.user.is_authenticated and sociallogin.is_existing and sociallogin.user.pk == request.user.pk
    if started is None or not is_same:
        messages.error(request, _("That was not the account you are signed in with. Nothing was changed."))
        return ask(request, next_url=next_url)
    if authenticated_at is None or authenticated_at < started - CLOCK_LEEWAY_SECONDS:
        messages.error(request, _("The provider did not ask you to sign in again. Use a code by e-mail instead."))
        return ask(request, next_url=next_url)
    mark_fresh(request)
    query = QueryDict(mutable=True)
    query["next"] = next_url
    request.GET = query  # type: ignore[assignment]
    return come_back(request)
