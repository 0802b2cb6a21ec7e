"""Home and dashboard: what the rooms below know, put on one page."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User
from privacycenter.audit.queries import entries_about, looks_at
from privacycenter.datamap.queries import facts_for
from privacycenter.kernel.sources import CATEGORIES
from privacycenter.portal.glance import glance_of
from privacycenter.portal.holdings import holdings_of
from privacycenter.portal.queries import OF_THE_DESK, activity_lines, answer_times, current_requests
from privacycenter.subjects.queries import public_ids
from requests_app.limits.queries import restricted_of

RECENT = 5
PAGE_SIZE = 25


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What can be done here; a signed-in person is already past that."""
    if request.user.is_authenticated:
        return redirect("portal:dashboard")
    return render(request, "portal/home.html", {"answer_times": answer_times()})


@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Everything at one glance: what is held, what is being done, who looked."""
    user = _user(request)
    known_as = public_ids(user.subject)
    context: dict[str, Any] = {
        "holdings": [holding for holding in holdings_of(user.subject) if holding.count or holding.unreachable_count],
        "current_requests": current_requests(user.subject),
        "restricted": restricted_of(user.subject),
        "glance": glance_of(user.subject),
        "looks": activity_lines(looks_at(*known_as)[:RECENT], account_id=user.pk),
        "recent": activity_lines(entries_about(*known_as).exclude(verb__in=OF_THE_DESK)[:RECENT], account_id=user.pk),
    }
    return render(request, "portal/dashboard.html", context)


@require_safe
@login_required
def data(request: HttpRequest) -> HttpResponse:
    """What is held, by category; the empty ones too, because that nothing is held is an answer."""
    holdings = holdings_of(_user(request).subject)
    context = {
        "held": [holding for holding in holdings if holding.count or holding.unreachable_count],
        "not_held": [holding for holding in holdings if not holding.count and not holding.unreachable_count],
    }
    return render(request, "portal/data.html", context)


@require_safe
@login_required
def category(request: HttpRequest, category: str) -> HttpResponse:
    """One category: per source where it comes from, what for, on what basis, until when and who gets it."""
    if category not in CATEGORIES:
        raise Http404
    holdings = holdings_of(_user(request).subject, category=category)
    if not holdings:
        raise Http404
    holding = holdings[0]
    facts = facts_for(source.description for source in holding.sources)
    context = {"holding": holding, "sources": [(source, facts[source.description.key]) for source in holding.sources]}
    return render(request, "portal/category.html", context)


@require_safe
@login_required
def activity(request: HttpRequest) -> HttpResponse:
    """Who looked and what happened, newest first; `?only=looks` leaves out what nobody else saw."""
    user = _user(request)
    known_as = public_ids(user.subject)
    only_looks = request.GET.get("only") == "looks"
    entries = looks_at(*known_as) if only_looks else entries_about(*known_as).exclude(verb__in=OF_THE_DESK)
    page = Paginator(entries, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "lines": activity_lines(page.object_list, account_id=user.pk), "only_looks": only_looks}
    return render(request, "portal/activity.html", context)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
