"""On the ticket: who asks for whom, their documents, and what can be decided."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from requests_app.admin.behalf import REASON_LENGTH
from requests_app.behalf.forms import AcceptForm
from requests_app.behalf.standing import WORDS, obstacle_of
from requests_app.enums import Behalf, Decision, DocumentKind, Status
from requests_app.forms import WordsForm
from requests_app.models import ProofDocument, Representation, Request
from requests_app.panels import Place, Visitor, add_to_desk


def _words(label: str, name: str) -> WordsForm:
    return WordsForm(label=label, max_length=REASON_LENGTH, auto_id=f"id_{name}_%s")


def _context(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    representation = Representation.objects.filter(request=request).first() if request.behalf != Behalf.SELF else None
    documents = list(ProofDocument.objects.filter(request=request).select_related("seen_by"))
    if representation is None and not documents:
        return None
    is_open, may_work = visitor.look is not None, visitor.may_work
    is_identity = any(each.kind == DocumentKind.IDENTITY and each.decision == Decision.PENDING for each in documents)
    found: dict[str, Any] = {
        "request": request,
        "representation": representation,
        "is_open": is_open,
        "is_agent": request.behalf == Behalf.AGENT,
        "documents": documents,
        "held_until": representation.held_until if representation is not None else None,
        "obstacle": WORDS.get(obstacle_of(request), "") if request.verified_at is not None and request.status != Status.CLOSED else "",
    }
    if may_work and representation is not None and request.status == Status.RECEIVED and representation.is_for_desk:
        initial = {"identifier": representation.person_address} if is_open else {}
        found["accept_form"] = visitor.typed or AcceptForm(behalf=request.behalf, initial=initial, auto_id="id_accept_%s")
    if may_work and representation is not None and request.status == Status.RECEIVED and representation.submitted_at is not None:
        found["refuse_form"] = _words(_("Reason, for the requester"), "refuse")
    if may_work and representation is not None and representation.ended_at is None and (request.is_open or request.status == Status.READY):
        found["end_form"] = _words(_("What happened, for colleagues"), "end")
    if may_work and is_identity:
        found["identity_accept_form"] = _words(_("What exactly you saw"), "identity_accept")
        found["identity_refuse_form"] = _words(_("Reason, for the person"), "identity_refuse")
    return found


add_to_desk("behalf", template="admin/requests_app/request/panels/behalf.html", context=_context, place=Place.WORK, order=6)
