"""Watching allauth's pages for second factors.

Its signals come after the commit, where a crash would lose the warning; comparing before and after inside the transaction
of the page does not.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse

from accounts.client import Client
from accounts.domain import note_credential_change
from accounts.enums import CredentialKind, SecurityEventKind
from accounts.middleware import STAFF_FACTOR_KEY
from accounts.queries import primary_address
from accounts.sessions import account_of, keep_session
from accounts.stepup import View
from privacycenter.kernel.actor import Actor


def note_factor_changes(view: View) -> View:
    """Draw the consequences of a factor that a page added, removed or renewed. Goes inside the page's transaction."""

    @wraps(view)
    def watched(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        before = _factors(request)
        response = view(request, *args, **kwargs)
        event = _event(before, _factors(request))
        if event is not None:
            request.session.pop(STAFF_FACTOR_KEY, None)
            note_credential_change(
                account_of(request),
                kind=CredentialKind.FACTOR,
                event=event,
                tell=primary_address(account_of(request)),
                client=Client.of(request),
                actor=Actor.for_user(request.user),
            )
            keep_session(request, account_of(request))
        return response

    return watched


def _factors(request: HttpRequest) -> dict[int, str]:
    return dict(Authenticator.objects.filter(user_id=request.user.pk).values_list("pk", "type"))


def _event(before: dict[int, str], after: dict[int, str]) -> SecurityEventKind | None:
    """What happened. Recovery codes come and go with the factor they stand in for; alone they were renewed."""
    changed = {pk: kind for pk, kind in {**before, **after}.items() if (pk in before) != (pk in after)}
    if not changed:
        return None
    factors = [pk for pk, kind in changed.items() if kind != Authenticator.Type.RECOVERY_CODES]
    if not factors:
        return SecurityEventKind.RECOVERY_CODES_MADE
    return SecurityEventKind.FACTOR_ADDED if factors[0] in after else SecurityEventKind.FACTOR_REMOVED
