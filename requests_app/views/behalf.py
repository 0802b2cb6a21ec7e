"""Asking for somebody else: the form, the proof, and the pages of the person for whom it is asked."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.stepup import require_fresh_login
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.errors import InvalidIdentifier, PrivacyCenterError
from privacycenter.kernel.middleware import client_network
from requests_app.behalf.confirming import confirm_representation, decline_representation, find_link, is_theirs, needs_sign_in
from requests_app.behalf.documents import require_room, send_documents, wanted_kinds
from requests_app.behalf.errors import NoRoom, NotForAnother
from requests_app.behalf.filing import file_for_another, file_for_another_by_address
from requests_app.behalf.forms import ForAnotherForm, ProofForm
from requests_app.behalf.stopping import can_be_stopped, find_stop_link, stop_by_link, stop_by_represented
from requests_app.domain.answers import open_question
from requests_app.domain.people import actor_for
from requests_app.enums import Behalf, Status
from requests_app.errors import IllegalMove, TooManyCodes, TooManyRequests, TooManyUploads, WrongCode
from requests_app.forms import AddressForm, HomeForm
from requests_app.models import IdentityProof, ProofDocument, Representation
from requests_app.presentation import capacity_to_represented
from requests_app.rights import right_for
from requests_app.views.access import find_represented, find_request, keep_proof, person

NOBODY = Actor(ActorKind.ANONYMOUS)
LINK_HERE = "requests_represented"  # public id of the link that waits for its holder to sign in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(http: HttpRequest, behalf: str) -> HttpResponse:
    """The form for one of the three ways to ask for another."""
    if behalf not in Behalf.OTHERS:
        raise Http404
    data = http.POST if http.method == "POST" else None
    known = http.user.get_full_name() if http.user.is_authenticated else ""
    form = ForAnotherForm(data, behalf=behalf, initial={"kind": http.GET.get("kind", ""), "requester_name": known})
    address = None if http.user.is_authenticated else AddressForm(data)
    if address is not None:
        address.fields["address"].help_text = _("Our answer goes there, and first a code that shows that it is yours.")
    home = HomeForm(data)
    home.fields["country"].label = _("Country or region where the person lives")
    if data is None:
        return _offer(http, behalf, form, address, home)
    problems = [each for each in (form, address, home) if each is not None and not each.is_valid()]
    if problems:
        return _offer(http, behalf, form, address, home, status=422)
    return _file_signed_in(http, form, home) if address is None else _file_by_address(http, form, address, home)


def _offer(
    http: HttpRequest, behalf: str, form: ForAnotherForm, address: AddressForm | None, home: HomeForm, *, status: int = 200
) -> HttpResponse:
    forms = [each for each in (form, address, home) if each is not None]
    context = {"behalf": behalf, "form": form, "address_form": address, "home_form": home, "forms": forms}
    return render(http, "requests_app/for_another.html", context, status=status)


def _refused(
    http: HttpRequest, form: ForAnotherForm, address: AddressForm | None, home: HomeForm, error: PrivacyCenterError
) -> HttpResponse:
    """The form once more with what was wrong, beside the field that it is about."""
    fields = {"own_address": "person_address", "no_address": "person_address", "known_by_nothing": "known_by"}
    fields |= dict.fromkeys(("no_birthday", "not_born", "of_age"), "born_on")
    why = error.why if isinstance(error, NotForAnother) else ""
    field = "person_address" if isinstance(error, InvalidIdentifier) else fields.get(why)
    form.add_error(field if field in form.fields else None, str(error))
    status = 429 if isinstance(error, TooManyCodes | TooManyRequests) else 422
    return _offer(http, form.behalf, form, address, home, status=status)


@require_fresh_login
def _file_signed_in(http: HttpRequest, form: ForAnotherForm, home: HomeForm) -> HttpResponse:
    user = cast("User", http.user)  # require_fresh_login lets nobody else through
    try:
        request = file_for_another(
            kind=form.cleaned_data["kind"],
            user=user,
            represented=form.represented(),
            asked=form.asked(),
            country=home.cleaned_data["country"],
            language=get_language() or "en",
            actor=actor_for(user.subject),
        )
    except PrivacyCenterError as error:
        return _refused(http, form, None, home, error)
    messages.success(http, _("Your request is here. Now send the proof."))
    return redirect("requests:proof", request.ref)


def _file_by_address(http: HttpRequest, form: ForAnotherForm, address: AddressForm, home: HomeForm) -> HttpResponse:
    try:
        proof = file_for_another_by_address(
            kind=form.cleaned_data["kind"],
            address=address.cleaned_data["address"],
            represented=form.represented(),
            asked=form.asked(),
            client=client_network(http),
            country=home.cleaned_data["country"],
            language=get_language() or "en",
            actor=NOBODY,
        )
    except PrivacyCenterError as error:
        return _refused(http, form, address, home, error)
    keep_proof(http, proof)
    return redirect("requests:code")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def proof(http: HttpRequest, ref: str) -> HttpResponse:
    """Send documents: that one may ask for another, or who one is where a colleague asked for that."""
    request = find_request(http, ref)
    kinds = wanted_kinds(request)
    if not kinds:
        messages.info(http, _("No proof is needed for this request now."))
        return redirect("requests:detail", ref)
    status, form = 422 if http.method == "POST" else 200, ProofForm(kinds=kinds)
    if http.method == "POST":
        try:
            require_room(request, files=sum(len(http.FILES.getlist(kind.value)) for kind in kinds), client=client_network(http))
        except (TooManyUploads, NoRoom) as error:
            messages.error(http, str(error))
            status = 429 if isinstance(error, TooManyUploads) else 422
        else:
            form = ProofForm(http.POST, http.FILES, kinds=kinds)
    if form.is_bound and form.is_valid():
        try:
            send_documents(request, files=form.cleaned_data, actor=person(http, request))
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            messages.success(http, _("Thank you. Your documents are here."))
            return redirect("requests:detail", ref)
    context = {
        "item": request,
        "form": form,
        "representation": Representation.objects.filter(request=request).first(),
        "question": open_question(request) if request.status == Status.WAITING else None,
        "sent": ProofDocument.objects.filter(request=request, removed_at=None).count(),
    }
    return render(http, "requests_app/proof.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def represented(http: HttpRequest, proof: str) -> HttpResponse:
    """Where the mail leads the person for whom an agent asks. Opening it changes nothing; both answers are posted."""
    link = find_link(proof)
    if link is None or link.request is None:
        messages.info(http, _("This was answered already, or its days are over."))
        return redirect("requests:list")
    user = http.user if http.user.is_authenticated else None
    is_locked = not is_theirs(link, user)
    if http.method == "POST" and (user is not None or not is_locked):
        return _confirm_signed_in(http, link) if needs_sign_in(link) else _confirm(http, link)
    if is_locked:
        http.session[LINK_HERE] = proof  # the way back after signing in must not carry it
    context = {
        "item": link.request,
        "proof": link,
        "right": right_for(link.request.kind),
        "representation": link.request.representation,
        "capacity": capacity_to_represented(link.request.representation),
        "is_locked": is_locked,
        "is_other_account": is_locked and user is not None,
    }
    return render(http, "requests_app/represented.html", context)


@never_cache
@require_safe
def represented_again(http: HttpRequest) -> HttpResponse:
    """Back to the link of this session, after signing in."""
    link = http.session.pop(LINK_HERE, "")
    return redirect("requests:represented", link) if link else redirect("requests:list")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acted_for(http: HttpRequest, proof: str) -> HttpResponse:
    """Where the mail leads the holder of an account for whom somebody was accepted. Opening it changes nothing; to stop it is posted.

    The link does not tell who asks: that stands on the page of the request, for the holder who signs in.
    """
    link = find_stop_link(proof)
    if link is None or link.request is None:
        messages.info(http, _("This was stopped already, or its days are over. Sign in to see what was asked for you."))
        return redirect("requests:list")
    if http.method != "POST":
        context = {"item": link.request, "proof": link, "right": right_for(link.request.kind), "can_stop": can_be_stopped(link.request)}
        return render(http, "requests_app/acted_for.html", context)
    try:
        stop_by_link(link)
    except (WrongCode, IllegalMove):
        messages.info(http, _("There is nothing left to stop: this request is closed, or its work can't be taken back any more."))
    else:
        messages.success(http, _("It is stopped. Nobody acts for you in this request any more, and our staff know of it."))
    return redirect("requests:list")


@require_fresh_login
def _confirm_signed_in(http: HttpRequest, link: IdentityProof) -> HttpResponse:
    return _confirm(http, link)


def _confirm(http: HttpRequest, link: IdentityProof) -> HttpResponse:
    user = http.user if http.user.is_authenticated else None
    try:
        confirm_representation(link, user=user, actor=actor_for(user.subject) if user is not None else NOBODY)
    except WrongCode:
        messages.error(http, _("This was sent to another address than those of your account. Nothing was changed."))
        return redirect("requests:list")
    except IllegalMove:
        messages.info(http, _("This was answered already, or its days are over."))
        return redirect("requests:list")
    messages.success(http, _("Thank you. They may act for you in this request. You can stop it at any time on the page of your requests."))
    return redirect("requests:list")


@never_cache
@require_POST
def decline(http: HttpRequest, proof: str) -> HttpResponse:
    """The person says no."""
    link = find_link(proof)
    try:
        if link is None:
            raise WrongCode
        decline_representation(link)
    except (WrongCode, IllegalMove):
        messages.info(http, _("This was answered already, or its days are over."))
    else:
        messages.success(http, _("Noted. Nothing is given to anybody, and the request lapses."))
    return redirect("requests:list")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(http: HttpRequest, ref: str) -> HttpResponse:
    """Stop what somebody else asks for oneself, after a question."""
    request = find_represented(http, ref)
    if request is None:
        raise Http404
    if not can_be_stopped(request):
        messages.info(http, _("This request is closed or answered; there is nothing to stop."))
        return redirect("requests:detail", ref)
    if http.method != "POST":
        return render(http, "requests_app/stop.html", {"item": request})
    try:
        stop_by_represented(request, actor=actor_for(cast("User", http.user).subject))
    except IllegalMove as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _("The request is stopped. What was collected for it has been destroyed."))
    return redirect("requests:detail", ref)
