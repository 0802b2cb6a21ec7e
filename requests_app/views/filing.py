"""Filing: which right, with or without an account, and the code that proves an address."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.stepup import require_fresh_login
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.middleware import client_network
from requests_app.domain import file_by_address, file_request, prove_identity
from requests_app.domain.people import actor_for
from requests_app.domain.proof import ask_again, confirm_signed_in
from requests_app.enums import Channel, Kind, ProofPurpose, Status
from requests_app.errors import AlreadyOpen, TooManyCodes, TooManyRequests, UnknownRight, WrongCode
from requests_app.forms import AddressForm, CodeForm, HomeForm
from requests_app.models import IdentityProof, Representation, Request
from requests_app.queries import open_request_of_kind
from requests_app.regimes import due_for
from requests_app.rights import Asked, Right, all_rights, chosen_in_words, right_for
from requests_app.views.access import current_proof, keep_proof, note_opened

NOBODY = Actor(ActorKind.ANONYMOUS)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(http: HttpRequest) -> HttpResponse:
    """Which right do I mean; then what I will get and by when, before anything is sent."""
    try:
        right = right_for(http.POST.get("kind") or http.GET.get("kind", ""))
    except UnknownRight:
        return render(http, "requests_app/choose.html", {"rights": [right for right in all_rights() if right.is_listed]})
    if right.filed_at:
        return redirect(right.filed_at)
    if right.needs_account and not http.user.is_authenticated:
        return redirect_to_login(http.get_full_path())
    asked = _asked_form(http, right)
    address = None if http.user.is_authenticated else AddressForm(http.POST if http.method == "POST" else None)
    if http.method != "POST":
        return _offer(http, right, address, asked)
    forms = [form for form in (address, _home_form(http), asked) if form is not None]
    problems = [form for form in forms if not form.is_valid()]  # each is asked, so that all their errors show
    if problems:
        return _offer(http, right, address, asked, status=422)
    return _file_by_address(http, right, address, asked) if address is not None else _file_signed_in(http, right, asked)


def _asked_form(http: HttpRequest, right: Right) -> Form | None:
    """What this right asks beside the identity. It may look at the visitor: a signed-in person chooses among their own."""
    if right.form is None:
        return None
    subject = http.user.subject if http.user.is_authenticated else None
    initial = {name: http.GET[name] for name in http.GET if name != "kind"}
    return right.form(http.POST if http.method == "POST" else None, initial=initial, subject=subject, prefix="asked")


def _home_form(http: HttpRequest) -> HomeForm:
    """Where somebody lives, if they want to say so: that of their account to begin with."""
    known = http.user.country.code if http.user.is_authenticated else ""
    return HomeForm(http.POST if http.method == "POST" else None, initial={"country": known})


def _stated(http: HttpRequest) -> str:
    """The country as typed, or as the account has it while nothing is typed; empty for what is none."""
    form = _home_form(http)
    if not form.is_bound:
        return str(form.initial["country"] or "")
    return form.cleaned_data["country"] if form.is_valid() else ""


def _asked(form: Form | None) -> Asked:
    return cast("Any", form).asked() if form is not None else Asked()


def _offer(http: HttpRequest, right: Right, form: AddressForm | None, asked: Form | None, *, status: int = 200) -> HttpResponse:
    due = due_for(right.kind, stated_country=_stated(http))
    is_one = right.kind in Kind.ONE_AT_A_TIME
    open_one = open_request_of_kind(http.user.subject, right.kind) if http.user.is_authenticated and is_one else None
    home = _home_form(http)
    forms = [each for each in (form, home, asked) if each is not None]
    context = {"right": right, "due": due, "form": form, "home_form": home, "asked_form": asked, "forms": forms, "open_one": open_one}
    context["can_be_for_others"] = right.kind in Kind.FOR_ANOTHER
    return render(http, "requests_app/new.html", context, status=status)


@require_fresh_login
def _file_signed_in(http: HttpRequest, right: Right, asked: Form | None) -> HttpResponse:
    user = cast("User", http.user)  # require_fresh_login lets nobody else through
    try:
        request = file_request(
            kind=right.kind,
            user=user,
            asked=_asked(asked),
            country=_stated(http),
            language=get_language() or "en",
            actor=actor_for(user.subject),
        )
    except AlreadyOpen as error:
        messages.info(http, _("You have an open request of this kind already. Here it is."))
        return redirect("requests:detail", error.ref)
    except TooManyRequests as error:
        messages.error(http, str(error))
        return _offer(http, right, None, asked, status=429)
    messages.success(http, _("Your request is filed. We have sent you a confirmation."))
    return redirect("requests:detail", request.ref)


def _file_by_address(http: HttpRequest, right: Right, form: AddressForm, asked: Form | None) -> HttpResponse:
    try:
        proof = file_by_address(
            kind=right.kind,
            asked=_asked(asked),
            address=form.cleaned_data["address"],
            country=_stated(http),
            client=client_network(http),
            language=get_language() or "en",
            actor=NOBODY,
        )
    except InvalidIdentifier as error:
        form.add_error("address", str(error))
        return _offer(http, right, form, asked, status=422)
    except TooManyCodes as error:
        form.add_error(None, str(error))
        return _offer(http, right, form, asked, status=429)
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


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(http: HttpRequest, proof: str) -> HttpResponse:
    """Where the mail leads about a request that others filed. Opening it changes nothing; a code or a fresh sign-in confirms."""
    found = IdentityProof.objects.select_related("request").filter(public_id=proof, purpose=ProofPurpose.FILE, used_at=None).first()
    request = found.request if found is not None else None
    if found is None or request is None or request.status != Status.RECEIVED or request.channel not in Channel.BY_OTHERS:
        messages.info(http, _("This request was confirmed already, or its days to confirm are over."))
        return redirect("requests:list")
    if http.user.is_authenticated:
        return _confirm_signed_in(http, found, request)
    if http.method == "POST":
        keep_proof(http, found)
        return redirect("requests:code")
    return render(http, "requests_app/confirm.html", _to_confirm(request))


def _confirm_signed_in(http: HttpRequest, proof: IdentityProof, request: Request) -> HttpResponse:
    if http.method != "POST":
        return render(http, "requests_app/confirm.html", {**_to_confirm(request), "is_signed_in": True})
    return _take_confirmation(http, proof)


def _to_confirm(request: Request) -> dict[str, Any]:
    return {"item": request, "right": right_for(request.kind), "asked": chosen_in_words(request)}


@require_fresh_login
def _take_confirmation(http: HttpRequest, proof: IdentityProof) -> HttpResponse:
    user = cast("User", http.user)
    try:
        request = confirm_signed_in(proof, user=user, actor=actor_for(user.subject))
    except AlreadyOpen as error:
        messages.info(http, _("You have an open request of this kind already. Here it is."))
        return redirect("requests:detail", error.ref)
    except WrongCode:
        messages.error(http, _("This request was filed for another address than those of your account. Nothing was changed."))
        return redirect("requests:list")
    if request.status == Status.RECEIVED:  # for another person: the proof comes next
        return redirect("requests:proof", request.ref)
    messages.success(http, _("Confirmed. We have sent you an acknowledgement."))
    return redirect("requests:detail", request.ref)


def _opened(http: HttpRequest, ref: str, *, is_filed: bool) -> HttpResponse:
    note_opened(http, ref)
    if not is_filed:
        messages.info(http, _("You have an open request of this kind already. Here it is."))
    elif Representation.objects.filter(request__ref=ref, submitted_at=None, request__status=Status.RECEIVED).exists():
        return redirect("requests:proof", ref)
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
