"""Filing: which right, with or without an account, and the code that proves an address."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.stepup import require_fresh_login
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.middleware import client_network
from requests_app import clock as deadlines
from requests_app.domain import file_by_address, file_request, prove_identity
from requests_app.domain.people import actor_for
from requests_app.domain.proof import ask_again
from requests_app.enums import Kind
from requests_app.errors import AlreadyOpen, TooManyCodes, TooManyRequests, WrongCode
from requests_app.forms import AddressForm, CodeForm
from requests_app.queries import open_request_of_kind
from requests_app.views.access import current_proof, keep_proof, note_opened

NOBODY = Actor(ActorKind.ANONYMOUS)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(http: HttpRequest) -> HttpResponse:
    """Which right do I mean; then what I will get and by when, before anything is sent."""
    kind = http.POST.get("kind") or http.GET.get("kind", "")
    if kind not in Kind.values:
        return render(http, "requests_app/choose.html", {"kinds": Kind})
    if http.user.is_authenticated:
        return _file_signed_in(http, kind) if http.method == "POST" else _offer(http, kind)
    return _file_by_address(http, kind) if http.method == "POST" else _offer(http, kind, form=AddressForm())


def _offer(http: HttpRequest, kind: str, *, form: AddressForm | None = None, status: int = 200) -> HttpResponse:
    due = deadlines.due_date(clock.now(), time_zone=settings.TIME_ZONE, country=settings.OPERATOR_COUNTRY)
    open_one = open_request_of_kind(http.user.subject, kind) if http.user.is_authenticated else None
    context = {"kind": Kind(kind), "due": due, "form": form, "open_one": open_one, "days": settings.BUNDLE_RETENTION_DAYS}
    return render(http, "requests_app/new.html", context, status=status)


@require_fresh_login
def _file_signed_in(http: HttpRequest, kind: str) -> HttpResponse:
    user = cast("User", http.user)  # require_fresh_login lets nobody else through
    try:
        request = file_request(kind=kind, user=user, language=get_language() or "en", actor=actor_for(user.subject))
    except AlreadyOpen as error:
        messages.info(http, _("You have an open request of this kind already. Here it is."))
        return redirect("requests:detail", error.ref)
    except TooManyRequests as error:
        messages.error(http, str(error))
        return _offer(http, kind, status=429)
    messages.success(http, _("Your request is filed. We have sent you a confirmation."))
    return redirect("requests:detail", request.ref)


def _file_by_address(http: HttpRequest, kind: str) -> HttpResponse:
    form = AddressForm(http.POST)
    if not form.is_valid():
        return _offer(http, kind, form=form, status=422)
    try:
        proof = file_by_address(
            kind=kind,
            address=form.cleaned_data["address"],
            client=client_network(http),
            language=get_language() or "en",
            actor=NOBODY,
        )
    except InvalidIdentifier as error:
        form.add_error("address", str(error))
        return _offer(http, kind, form=form, status=422)
    except TooManyCodes as error:
        form.add_error(None, str(error))
        return _offer(http, kind, form=form, status=429)
    keep_proof(http, proof)
    return redirect("requests:code")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(http: HttpRequest) -> HttpResponse:
    """Type the code. What the page says does not depend on whether there is one."""
    proof = current_proof(http)
    if proof is None:
        messages.info(http, _("Start again: this browser is not waiting for a code."))
        return redirect("requests:list")
    form = CodeForm(http.POST or None)
    status = 200
    if http.method == "POST":
        status = 422
        if form.is_valid():
            try:
                request = prove_identity(proof, code=form.cleaned_data["code"], actor=NOBODY)
            except WrongCode as error:
                form.add_error("code", str(error))
            else:
                return _opened(http, request.ref, is_filed=proof.request_id == request.pk)
    return render(http, "requests_app/code.html", {"form": form, "proof": proof}, status=status)


def _opened(http: HttpRequest, ref: str, *, is_filed: bool) -> HttpResponse:
    note_opened(http, ref)
    if not is_filed:
        messages.info(http, _("You have an open request of this kind already. Here it is."))
    return redirect("requests:detail", ref)


@never_cache
@require_POST
def code_again(http: HttpRequest) -> HttpResponse:
    """Another code for the same thing."""
    proof = current_proof(http)
    if proof is None:
        return redirect("requests:list")
    try:
        keep_proof(http, ask_again(proof, client=client_network(http), actor=NOBODY))
    except TooManyCodes as error:
        form = CodeForm(None)
        return render(http, "requests_app/code.html", {"form": form, "proof": proof, "problem": str(error)}, status=429)
    messages.success(http, _("If there is something to prove, another code is on its way. The earlier one no longer works."))
    return redirect(reverse("requests:code"))
