"""Sending the copy straight to another controller: who, what goes, and stopping it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.stepup import require_fresh_login
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.behalf.standing import obstacle_of, words_for_requester
from requests_app.models import Receiver
from requests_app.presentation import contents
from requests_app.queries import lock_of, released_bundle
from requests_app.transfer.choosing import (
    NEW,
    cancel_transfer,
    choose_receiver,
    confirm_transfer,
    drop_choice,
    live_transfer,
    may_choose,
    name_receiver,
    seal_of,
)
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.forms import ReceiverForm
from requests_app.views.access import find_request, is_by_code, is_freshly_proven, person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(http: HttpRequest, ref: str) -> HttpResponse:
    """Who is to take the copy over: one on our list, a new one, or nobody. Nothing is sent by that."""
    request = find_request(http, ref)
    transfer = live_transfer(request)
    if not may_choose(request) or (transfer is not None and transfer.state == TransferState.SENDING):
        messages.info(http, _("There is nothing now for which a receiver could be chosen."))
        return redirect("requests:detail", ref)
    is_listed = transfer is not None and transfer.receiver.state == ReceiverState.APPROVED
    form = ReceiverForm(http.POST or None, initial={"receiver": transfer.receiver.public_id if transfer and is_listed else ""})
    if http.method == "POST" and form.is_valid():
        actor, chosen = person(http, request), form.cleaned_data["receiver"]
        try:
            if chosen == NEW:
                name_receiver(request, name=form.cleaned_data["name"], url=form.cleaned_data["url"], actor=actor)
            elif chosen:
                choose_receiver(request, receiver=Receiver.objects.get(public_id=chosen), actor=actor)
            else:
                drop_choice(request, actor=actor)
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            return _chosen(http, ref, chosen)
    status = 422 if form.is_bound else 200
    return render(http, "requests_app/transfer/choose.html", {"item": request, "form": form, "transfer": transfer}, status=status)


def _chosen(http: HttpRequest, ref: str, chosen: str) -> HttpResponse:
    """Where to go on: to what would be sent, where that is known already."""
    request = find_request(http, ref)
    transfer = live_transfer(request)
    if transfer is not None and transfer.receiver.state == ReceiverState.APPROVED and released_bundle(request) is not None:
        return redirect("requests:transfer_confirm", ref)
    messages.success(http, _("Noted. Nothing is sent before you confirm it.") if chosen else _("Noted. You download your copy yourself."))
    return redirect("requests:detail", ref)


@never_cache
@require_safe
def confirm(http: HttpRequest, ref: str) -> HttpResponse:
    """To whom, what and how much: everything that goes, before it goes."""
    request = find_request(http, ref)
    transfer, bundle = live_transfer(request), released_bundle(request)
    if transfer is None or bundle is None or transfer.state != TransferState.NAMED or transfer.receiver.state != ReceiverState.APPROVED:
        messages.info(http, _("There is nothing to send for this request now."))
        return redirect("requests:detail", ref)
    context = {
        "item": request,
        "bundle": bundle,
        "receiver": transfer.receiver,
        "groups": contents(bundle.steps.all()),
        "seal": seal_of(transfer, bundle),
        "lock": lock_of(request),
        "obstacle": words_for_requester(obstacle_of(request)),
        "needs_code": is_by_code(http, request) and not is_freshly_proven(http, ref),
    }
    return render(http, "requests_app/transfer/confirm.html", context)


@never_cache
@require_POST
def start(http: HttpRequest, ref: str) -> HttpResponse:
    """Send it, after a fresh log-in or a fresh code."""
    request = find_request(http, ref)
    if not is_by_code(http, request):
        return _start_signed_in(http, ref)
    if not is_freshly_proven(http, ref):
        messages.info(http, _("To make sure that it is you, we send a fresh code first."))
        return redirect("requests:transfer_confirm", ref)
    return _start(http, ref)


@require_fresh_login
def _start_signed_in(http: HttpRequest, ref: str) -> HttpResponse:
    return _start(http, ref)


def _start(http: HttpRequest, ref: str) -> HttpResponse:
    request = find_request(http, ref)
    try:
        confirm_transfer(request, seal=http.POST.get("seal", ""), actor=person(http, request))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
        return redirect("requests:transfer_confirm", ref)
    messages.success(http, _("Your copy is on its way. You can stop it until it has arrived."))
    return redirect("requests:detail", ref)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(http: HttpRequest, ref: str) -> HttpResponse:
    """Stop what is being sent, after a question."""
    request = find_request(http, ref)
    transfer = live_transfer(request)
    if transfer is None or transfer.state != TransferState.SENDING:
        messages.info(http, _("Nothing is being sent any more."))
        return redirect("requests:detail", ref)
    if http.method != "POST":
        return render(http, "requests_app/transfer/stop.html", {"item": request, "transfer": transfer})
    try:
        cancel_transfer(request, actor=person(http, request))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _("Stopped. We have asked the other service to throw away what it had got."))
    return redirect("requests:detail", ref)
