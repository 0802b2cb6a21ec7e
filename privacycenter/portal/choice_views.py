"""A person's own record of choices: the history with receipts, what can be taken back, and who gets what."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from privacycenter.datamap.enums import LegalBasis
from privacycenter.datamap.models import Purpose
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.portal.history import LineKind, consent_with_record, consents_in_force, history_page
from privacycenter.portal.history_words import Words
from privacycenter.portal.objections import SIGNAL, objection_text, objections_of
from privacycenter.portal.sharing import partner_with, register_of
from privacycenter.preferences import texts
from privacycenter.preferences.cookies.holding import refresh_choice
from privacycenter.preferences.domain import Presented, choose, choose_partner, lift_objection, object_to
from privacycenter.preferences.domain.cookies import note_signal
from privacycenter.preferences.enums import Method
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.partners import partner_text
from privacycenter.preferences.queries import history_of
from privacycenter.preferences.receipt_words import control_words
from privacycenter.preferences.receipts import canonical, kept_receipt
from privacycenter.preferences.scopes import GPC

WITHDRAW = texts.register(
    "portal.consents.withdraw",
    gettext_lazy("You can take back each of these at any time. It counts at once, and for everything that comes after it."),
)


@require_safe
@login_required
def consents(request: HttpRequest) -> HttpResponse:
    """Every choice, signal, setting and message, newest first; on the first page what can be taken back or objected to."""
    user = _user(request)
    only = request.GET.get("only", "")
    before = request.GET.get("before", "")
    page = history_page(user.subject, account_id=user.pk, only=only, before=before)
    is_start = not before and only not in LineKind.values
    context = {
        "page": page,
        "only": only,
        "before": before,
        "kinds": LineKind.choices,
        "in_force": consents_in_force(user.subject, account_id=user.pk) if is_start else [],
        "is_start": is_start,
        "objections": objections_of(party_of(user.subject)) if is_start else None,
        "sends_gpc": getattr(request, "gpc", False),
    }
    return render(request, "portal/consents.html", context)


@require_POST
@login_required
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take back one consent. A record that is not the person's own is not found."""
    user = _user(request)
    party = party_of(user.subject)
    found = consent_with_record(party, request.POST.get("record", ""))
    if found is None:
        raise Http404
    scope, event = found
    presented = Presented(texts.registered(WITHDRAW), Method.PREFERENCE_PAGE, "withdraw", reverse("portal:consents"))
    choose(party, off=[scope], presented=presented, actor=_person(user))
    refresh_choice(request)
    messages.success(request, _("Taken back: %(what)s") % {"what": Words([event], account_id=user.pk).what(event)})
    return redirect("portal:consents")


@require_POST
@login_required
def object_(request: HttpRequest) -> HttpResponse:
    """Object to a purpose, or take the objection back (GDPR Art. 21). A purpose that is not offered on the page is not found."""
    user = _user(request)
    party, action = party_of(user.subject), request.POST.get("action")
    offered = {line.purpose.key: line.purpose for line in objections_of(party).purposes}
    purpose: Purpose | None = offered.get(request.POST.get("purpose", ""))
    if purpose is None or action not in {"object", "take_back"}:
        raise Http404
    text = texts.shown(f"portal.objection.{purpose.key}", objection_text(purpose), language=get_language() or "")
    presented = Presented(text, Method.PREFERENCE_PAGE, action, reverse("portal:consents"))
    if action == "take_back":
        lift_objection(party, purpose.key, presented=presented, actor=_person(user))
        said = _("Your objection to “%(what)s” is taken back.")
        if purpose.is_direct_marketing:
            said = _("Your objection to “%(what)s” is taken back. Which messages you want, you choose under Messages.")
    else:
        object_to(party, purpose.key, presented=presented, actor=_person(user))
        said = _("Noted: you object to “%(what)s”. It has stopped.")
        if not purpose.is_direct_marketing and purpose.legal_basis == LegalBasis.LEGITIMATE_INTERESTS:
            said = _("Noted: you object to “%(what)s”. It has stopped. A colleague weighs your reasons against ours; see Requests.")
    refresh_choice(request)
    messages.success(request, said % {"what": purpose.title})
    return HttpResponseRedirect(f"{reverse('portal:consents')}#objections")


@require_POST
@login_required
def signal(request: HttpRequest) -> HttpResponse:
    """Take back the objection that a browser's signal raised to the account, or raise it again."""
    user = _user(request)
    party, action, page = party_of(user.subject), request.POST.get("action"), reverse("portal:consents")
    if action == "take_back":
        presented = Presented(texts.registered(SIGNAL), Method.PREFERENCE_PAGE, action, page)
        lift_objection(party, GPC, presented=presented, actor=_person(user))
        messages.success(request, _("Taken back for your account: the objection by Global Privacy Control."))
    elif action == "object":
        note_signal(party, page=page, actor=_person(user), anew=True)
        messages.success(request, _("Global Privacy Control counts as your objection, in your account, too."))
    else:
        raise Http404
    return HttpResponseRedirect(f"{page}#objections")


@require_safe
@login_required
def receipt(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """What one event says, to read and to print."""
    user = _user(request)
    event = _own_event(user, event_id)
    record = list(history_of(party_of(user.subject)).filter(record_id=event.record_id))
    kept = kept_receipt(event)
    words = Words([event, *record], account_id=user.pk)
    context = {
        "event": event,
        "what": words.what(event),
        "title": words.event(event),
        "how": words.how(event),
        "control": control_words(event.control),
        "purpose": words.purpose_of(event),
        "record": [(each, words.event(each)) for each in record],
        "controller": kept["pii_controllers"][0] if kept else None,
        "verify_url": request.build_absolute_uri(reverse("preferences:receipt", args=[event.receipt_sha256])),
    }
    return render(request, "portal/receipt.html", context)


@require_safe
@login_required
def receipt_json(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """The receipt as a file (ISO/IEC TS 27560, W3C DPV). Its SHA-256 is the receipt's hash, so any tool can check it."""
    event = _own_event(_user(request), event_id)
    kept = kept_receipt(event)
    if kept is None:
        raise Http404
    answer = HttpResponse(canonical(kept), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="receipt-{event.receipt_sha256[:12]}.json"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@login_required
def sharing(request: HttpRequest) -> HttpResponse:
    """Who gets personal data, what of it, why and under which safeguards; and which partners the person declines."""
    party = party_of(_user(request).subject)
    context: dict[str, Any] = {"sharing": register_of(party), "sends_gpc": getattr(request, "gpc", False)}
    return render(request, "portal/sharing.html", context)


@require_POST
@login_required
def partner(request: HttpRequest, key: str) -> HttpResponse:
    """Decline a partner or deal with it again."""
    user = _user(request)
    recipient = partner_with(key)
    if recipient is None:
        raise Http404
    allowed = request.POST.get("allowed") == "1"
    presented = Presented(partner_text(recipient), Method.PREFERENCE_PAGE, "allow" if allowed else "decline", reverse("portal:sharing"))
    choose_partner(party_of(user.subject), recipient.key, allowed, presented=presented, actor=_person(user))
    said = _("%(name)s may get your data when you deal with it.") if allowed else _("Nothing of you goes to %(name)s.")
    messages.success(request, said % {"name": recipient.name})
    return HttpResponseRedirect(f"{reverse('portal:sharing')}#partners")


def _own_event(user: User, event_id: UUID) -> ConsentEvent:
    event = history_of(party_of(user.subject)).filter(event_id=event_id).first()
    if event is None:
        raise Http404
    return event


def _person(user: User) -> Actor:
    """The person about their own data: whoever works at the desk chooses for themselves here, not as staff."""
    return Actor(ActorKind.PERSON, str(user.pk))


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
