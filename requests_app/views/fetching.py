"""Fetching the bundle: what is in it, the one button, and the download itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.stepup import require_fresh_login
from requests_app.behalf.standing import obstacle_of, words_for_requester
from requests_app.bundle.download import bundle_response
from requests_app.domain import open_download
from requests_app.errors import BundleGone, BundleLocked
from requests_app.fulfilment.reading import open_bundle
from requests_app.presentation import contents
from requests_app.queries import has_grant, lock_of, released_bundle
from requests_app.views.access import find_request, is_by_code, is_freshly_proven, person


@never_cache
@require_safe
def fetch(http: HttpRequest, ref: str) -> HttpResponse:
    """What is in the bundle and what is not, how large, until when, how to check it; one button."""
    request = find_request(http, ref)
    bundle = released_bundle(request)
    if bundle is None:
        messages.info(http, _("There is nothing to download for this request now."))
        return redirect("requests:detail", ref)
    why = obstacle_of(request)
    if why:  # what is held, and how much of it, is an answer as well
        messages.error(http, words_for_requester(why))
        return redirect("requests:detail", ref)
    context = {
        "item": request,
        "bundle": bundle,
        "groups": contents(bundle.steps.all()),
        "lock": lock_of(request),
        "needs_code": is_by_code(http, request) and not is_freshly_proven(http, ref),
    }
    return render(http, "requests_app/fetch.html", context)


@never_cache
@require_POST
def open_bundle_download(http: HttpRequest, ref: str) -> HttpResponse:
    """Open the download for this session, after a fresh log-in or a fresh code, and go to it."""
    request = find_request(http, ref)
    if not is_by_code(http, request):
        return _open_signed_in(http, ref)
    if not is_freshly_proven(http, ref):
        messages.info(http, _("To make sure that it is you, we send a fresh code first."))
        return redirect("requests:fetch", ref)
    return _open(http, ref)


@require_fresh_login
def _open_signed_in(http: HttpRequest, ref: str) -> HttpResponse:
    return _open(http, ref)


def _open(http: HttpRequest, ref: str) -> HttpResponse:
    request = find_request(http, ref)
    try:
        open_download(request, session_key=http.session.session_key or "", actor=person(http, request))
    except (BundleGone, BundleLocked) as error:
        messages.error(http, str(error))
        return redirect("requests:fetch", ref)
    return redirect("requests:bundle", ref)


@require_safe
def bundle(http: HttpRequest, ref: str) -> HttpResponseBase:
    """The file. Needs only the grant of this session, so that a broken download resumes; the lock still counts."""
    request = find_request(http, ref)
    found = released_bundle(request)
    if found is None or not has_grant(found, http.session.session_key or ""):
        raise Http404
    if lock_of(request) is not None or obstacle_of(request):
        messages.error(http, str(BundleLocked.message))
        return redirect("requests:fetch", ref)
    return bundle_response(http, open_bundle(found), f"privacy-bundle-{request.ref}.zip", etag=found.sha256)
