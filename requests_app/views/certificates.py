"""The certificate of an erasure behind its link. It holds nothing of anybody; whoever has the link may read it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from requests_app.erasure.certificates import plan_of_token, render_certificate, signed, told
from requests_app.models import ErasurePlan


@never_cache
@require_safe
def show(http: HttpRequest, token: str) -> HttpResponse:
    """What was erased and what was kept, source by source."""
    plan = _found(token)
    return render(http, "requests_app/certificate.html", {"certificate": told(plan), "token": token, "until": plan.token_until})


@never_cache
@require_safe
def pdf(http: HttpRequest, token: str) -> HttpResponse:
    """The same to keep."""
    plan = _found(token)
    return file_response(render_certificate(plan), "application/pdf", f"{plan.request.ref}-erasure.pdf")


@never_cache
@require_safe
def data(http: HttpRequest, token: str) -> HttpResponse:
    """The same for computers, with its signature."""
    plan = _found(token)
    return file_response(signed(plan), "application/json", f"{plan.request.ref}-erasure.json")


def _found(token: str) -> ErasurePlan:
    plan = plan_of_token(token)
    if plan is None:
        raise Http404
    return plan


def file_response(content: bytes, media_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
