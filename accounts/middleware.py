"""How long a session lives, and what staff need before the admin opens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from privacycenter.kernel import clock

STARTED_KEY, SEEN_KEY, STAFF_FACTOR_KEY = "session_started_at", "session_seen_at", "staff_factor_checked"
CUSTOMER_LIMITS = (timedelta(minutes=30), timedelta(hours=12))
STAFF_LIMITS = (timedelta(minutes=15), timedelta(hours=8))
# Writing the session on every request would cost a write per page; half a minute is exact enough for limits of minutes.
SEEN_EVERY = timedelta(seconds=30)


class SessionLimitsMiddleware:
    """Ends sessions of frozen accounts and those that are idle or old, and opens the admin only to staff with a second factor.

    Idle and absolute limits: 30 minutes and 12 hours, for staff 15 minutes and 8 hours. The clock starts at the log-in;
    a session that came about otherwise (tests, commands) starts with its first request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.user.is_frozen:
            logout(request)
            return HttpResponseRedirect(reverse("account_frozen"))
        if request.user.is_authenticated and self._is_over(request):
            logout(request)
            messages.info(request, _("You were signed out because you were away for a while. Sign in to go on."))
            if request.method in {"GET", "HEAD"}:
                return redirect_to_login(request.get_full_path())
            return redirect_to_login(reverse("account_login"))
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or "admin" not in match.app_names or not request.user.is_authenticated or not request.user.is_staff:
            return None
        if settings.DEMO or request.session.get(STAFF_FACTOR_KEY) or match.url_name == "logout":
            return None
        if is_mfa_enabled(request.user):
            request.session[STAFF_FACTOR_KEY] = True
            return None
        messages.warning(request, _("Staff need a second factor before the desk opens. Set one up here."))
        return HttpResponseRedirect(reverse("mfa_index"))

    def _is_over(self, request: HttpRequest) -> bool:
        """Whether the session is past a limit; otherwise notes that it was used."""
        now = clock.now()
        started, seen = request.session.get(STARTED_KEY), request.session.get(SEEN_KEY)
        if started is None or seen is None:
            request.session[STARTED_KEY] = request.session[SEEN_KEY] = now.timestamp()
            return False
        idle_limit, age_limit = STAFF_LIMITS if request.user.is_staff else CUSTOMER_LIMITS
        if now.timestamp() - seen > idle_limit.total_seconds() or now.timestamp() - started > age_limit.total_seconds():
            return True
        if now.timestamp() - seen >= SEEN_EVERY.total_seconds():
            request.session[SEEN_KEY] = now.timestamp()
            UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=now)
        return False
