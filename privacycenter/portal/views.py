"""Home and dashboard: what the rooms below know, put on one page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from privacycenter.kernel.sources import CATEGORIES


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What can be done here; a signed-in person is already past that."""
    if request.user.is_authenticated:
        return redirect("portal:dashboard")
    return render(request, "portal/home.html")


@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Everything at one glance."""
    return render(request, "portal/dashboard.html")


@require_safe
@login_required
def data(request: HttpRequest) -> HttpResponse:
    """What is held, by category."""
    return render(request, "portal/data.html")


@require_safe
@login_required
def category(request: HttpRequest, category: str) -> HttpResponse:
    """One category: five facts per source before anything else."""
    if category not in CATEGORIES:
        raise Http404
    return render(request, "portal/category.html")


@require_safe
@login_required
def activity(request: HttpRequest) -> HttpResponse:
    """Who looked and what happened."""
    return render(request, "portal/activity.html")
