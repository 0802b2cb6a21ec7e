"""A person's own requests: the list, one of them, and what can be done with it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.middleware import client_network
from requests_app.behalf.standing import shut_to_requester, words_for_requester
from requests_app.domain import ask_for_code, reopen_request, withdraw_request
from requests_app.enums import Outcome, Status
from requests_app.errors import AlreadyOpen, IllegalMove, TooManyCodes
from requests_app.forms import ReferenceForm, WordsForm
from requests_app.models import Request
from requests_app.panels import person_panels
from requests_app.presentation import detail_page, represented_page
from requests_app.queries import latest_bundle, lock_of, progress_of, released_bundle, timeline_of
from requests_app.references import tidy_reference
from requests_app.transitions import Event, find
from requests_app.views.access import (
    find_represented,
    find_request,
    forget_opened,
    is_by_code,
    keep_draft,
    keep_proof,
    may_see,
    opened_references,
    person,
    take_draft,
)

PER_PAGE = 20
MISSING_LENGTH = 2000
STAYS_OPEN = frozenset({"behalf", "messages"})  # of a request for somebody else whose proof does not stand any more


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(http: HttpRequest) -> HttpResponse:
    """My requests; for somebody who is not signed in, the way to one by its reference."""
    if http.method == "POST":
        form = ReferenceForm(http.POST)
        if form.is_valid():
            return redirect("requests:detail", form.cleaned_data["reference"])
        return render(http, "requests_app/list.html", {"form": form, "opened": []}, status=422)
    if http.user.is_authenticated:
        page = Paginator(Request.objects.listed_for(http.user.subject_id).select_related("representation"), PER_PAGE).get_page(
            http.GET.get("page")
        )
        return render(http, "requests_app/list.html", {"page": page, "is_mine": True})
    opened = Request.objects.reachable().filter(ref__in=opened_references(http)).order_by("-received_at")
    return render(http, "requests_app/list.html", {"form": ReferenceForm(), "opened": opened})


@never_cache
@require_safe
def detail(http: HttpRequest, ref: str) -> HttpResponse:
    """Where it stands, what happens next and by when, and what can be done now."""
    if not http.user.is_authenticated and not may_see(http, ref):
        return entry(http, ref)
    try:
        request = find_request(http, ref)
    except Http404:
        represented = find_represented(http, ref)
        if represented is None:
            raise
        return show_represented(http, represented)
    shut = shut_to_requester(request)
    released = released_bundle(request) if not shut else None
    context = detail_page(
        request,
        events=list(timeline_of(request)),
        progress=progress_of(latest_bundle(request)) if request.status in Status.IN_WORK else None,
        released=released,
        lock=lock_of(request) if released else None,
    )
    panels = [panel for panel in person_panels(request) if not shut or panel["key"] in STAYS_OPEN]
    refreshes = any(panel.get("refreshes") for panel in panels)
    context |= {"shut": words_for_requester(shut)}
    context |= {"is_by_code": is_by_code(http, request), "panels": panels, "refreshes": refreshes}
    return render(http, "requests_app/detail.html", context)


def show_represented(http: HttpRequest, request: Request) -> HttpResponse:
    """What somebody sees of a request that another made for them: who, what, where it stands, and that they can stop it. No more:
    what the two sides write to each other, and the answer, are the requester's."""
    return render(http, "requests_app/represented_own.html", represented_page(request))


def entry(http: HttpRequest, ref: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    """How to get in. The page is the same for every well-formed reference, whether there is such a request or not."""
    if tidy_reference(ref) != ref:
        raise Http404
    return render(http, "requests_app/entry.html", {"ref": ref, "problem": problem}, status=status)


@never_cache
@require_POST
def send_code(http: HttpRequest, ref: str) -> HttpResponse:
    """Send a code to the address of this request, if there is such a request and it is one of somebody without an account."""
    if tidy_reference(ref) != ref:
        raise Http404
    try:
        proof = ask_for_code(reference=ref, client=client_network(http), actor=Actor(ActorKind.ANONYMOUS))
    except TooManyCodes as error:
        return entry(http, ref, problem=str(error), status=429)
    keep_proof(http, proof)
    return redirect("requests:code")


@never_cache
@require_POST
def leave(http: HttpRequest) -> HttpResponse:
    """Shut what a code opened in this browser, for whoever uses it next. Without an account nothing of the session stays."""
    if http.user.is_authenticated:
        forget_opened(http)
    else:
        http.session.flush()
    messages.success(http, _("You have left the request. It takes a new code to open it again."))
    return redirect("requests:list")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(http: HttpRequest, ref: str) -> HttpResponse:
    """Take a request back, after a question."""
    request = find_request(http, ref)
    if find(request.status, Event.WITHDRAW, request.kind) is None:
        messages.info(http, _("This request is closed or answered; there is nothing to withdraw."))
        return redirect("requests:detail", ref)
    if http.method != "POST":
        return render(http, "requests_app/withdraw.html", {"item": request})
    try:
        withdraw_request(request, actor=person(http, request))
    except IllegalMove as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _("Your request is withdrawn. What was collected for it has been destroyed."))
    return redirect("requests:detail", ref)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(http: HttpRequest, ref: str) -> HttpResponse:
    """Say what is missing from an answer. Words typed after the session ended are kept for the way back."""
    if tidy_reference(ref) != ref:
        raise Http404
    draft = f"reopen:{ref}"
    if http.method == "POST" and not may_see(http, ref) and not http.user.is_authenticated:
        too_long = keep_draft(http, draft, http.POST.get("words", ""))
        return too_long or entry(http, ref, problem=_("You were signed out. Your words are kept: sign in again, then send them."))
    request = find_request(http, ref)
    if find(request.status, Event.REOPEN, request.kind) is None or request.outcome not in Outcome.ANSWERS:
        messages.info(http, _("Only an answered request can be opened again."))
        return redirect("requests:detail", ref)
    words = {"label": _("What is missing?"), "help_text": _("Name it as well as you can: what, from when, where you gave it to us.")}
    form = WordsForm(http.POST or None, initial={"words": take_draft(http, draft)}, max_length=MISSING_LENGTH, **words)
    if http.method == "POST" and form.is_valid():
        try:
            reopen_request(request, missing=form.cleaned_data["words"], actor=person(http, request))
        except AlreadyOpen as error:
            messages.info(http, _("You have an open request of this kind already. Here it is."))
            return redirect("requests:detail", error.ref)
        except IllegalMove as error:
            messages.error(http, str(error))
        else:
            messages.success(http, _("Your request is open again. A colleague reads what you wrote."))
        return redirect("requests:detail", ref)
    return render(http, "requests_app/reopen.html", {"item": request, "form": form}, status=422 if form.is_bound else 200)
