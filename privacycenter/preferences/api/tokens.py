"""POST /identity/o/api/token and …/revoke: allauth's endpoints, narrowed to the client-credentials grant and limited."""

from __future__ import annotations

from typing import Any

from allauth.core.internal.httpkit import extract_basic_auth
from allauth.idp.oidc import views
from allauth.idp.oidc.models import Client, Token
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from privacycenter.kernel.middleware import client_network
from privacycenter.kernel.tokens import new_token
from privacycenter.preferences.api.throttling import seconds_to_wait

TRIES_PER_MINUTE = 30  # of one network: comparing a secret costs time on purpose


@csrf_exempt
@sensitive_post_parameters()
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """An access token for a client id and secret (RFC 6749 section 4.4); errors as in section 5.2, 429 past the limit."""
    refused = _refused(request)
    if refused is not None:
        return refused
    if request.POST.get("grant_type") != Client.GrantType.CLIENT_CREDENTIALS:
        return _error("unsupported_grant_type" if request.POST.get("grant_type") else "invalid_request", 400)
    return _answered(views.token, request)


@csrf_exempt
@sensitive_post_parameters()
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token of the client that asks (RFC 7009). Somebody else's token is left alone, and the answer does not tell.

    allauth ends whichever token it is given; section 2.1 of the RFC wants it compared with the client first.
    """
    refused = _refused(request)
    if refused is not None:
        return refused
    client_id = extract_basic_auth(request.headers)[0] or request.POST.get("client_id", "")
    found = Token.objects.by_value(request.POST.get("token", "")).first()
    if found is not None and found.client_id != client_id:
        changed = request.POST.copy()
        changed["token"] = new_token()
        request.POST = changed  # type: ignore[assignment]
    return _answered(views.revoke, request)


def _answered(view: Any, request: HttpRequest) -> HttpResponse:
    try:
        answer: HttpResponse = view(request)
    except ValidationError:  # of the `resource` parameter (RFC 8707), which nothing here needs
        return _error("invalid_target", 400)
    return answer


def _refused(request: HttpRequest) -> HttpResponse | None:
    wait = seconds_to_wait("token", client_network(request), limit=TRIES_PER_MINUTE)
    return _error("temporarily_unavailable", 429, {"Retry-After": str(wait)}) if wait else None


def _error(code: str, status: int, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"error": code}, status=status, headers={"Cache-Control": "no-store", **(headers or {})})
