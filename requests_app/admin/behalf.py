"""Looking at the proof of who asks, and deciding on it: for somebody else, and of identity."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.admin.pages import back, find_ticket, require
from requests_app.admin.routes import route
from requests_app.admin.ticket import show
from requests_app.behalf.deciding import accept_representation, end_authority, refuse_representation
from requests_app.behalf.documents import decide_identity, open_document
from requests_app.behalf.errors import ACCOUNT_WHYS, NotReady
from requests_app.behalf.forms import AcceptForm
from requests_app.domain.people import LOOK, WORK
from requests_app.forms import WordsForm
from requests_app.models import ProofDocument, Request
from requests_app.queries import current_look, is_masked
from requests_app.views.messages import download

REASON_LENGTH = 2000


@route("<int:pk>/proof/<slug:public_id>/", name="proof_document")
@never_cache
@require_safe
def document(http: HttpRequest, pk: int, public_id: str) -> HttpResponseBase:
    """A document, to save: it is never shown. Who saw it and when is noted first."""
    require(http, LOOK)
    request = find_ticket(pk)
    look = current_look(request, http.user, restricted=is_masked(request))
    if look is None:
        messages.info(http, _("Give a reason first."))
        return back(pk)
    found = ProofDocument.objects.select_related("request__subject").filter(request=request, public_id=public_id).first()
    if found is None:
        raise Http404
    try:
        content = open_document(found, look=look, actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
        return back(pk)
    return download(content, name=found.original_name or "", media_type=found.media_type, size=found.size)


@route("<int:pk>/representation/accept/", name="representation_accept")
@require_POST
def accept(http: HttpRequest, pk: int) -> HttpResponse:
    """The proof is enough: say whose request it is, and begin the work."""
    require(http, WORK)
    request = find_ticket(pk)
    form = AcceptForm(http.POST, behalf=request.behalf, auto_id="id_accept_%s")
    if not form.is_valid():
        return show(http, pk, typed=form, status=422)
    given = {"identifier_kind": "", "identifier": ""} | form.cleaned_data
    may_be_new, despite_account = (http.POST.get(name) == "on" for name in ("may_be_new", "despite_account"))
    try:
        accept_representation(request, **given, may_be_new=may_be_new, despite_account=despite_account, actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:  # what was typed stays in the form, with what was wrong
        why = error.why if isinstance(error, NotReady) else ""
        if why == "nobody_known":
            form.ask_whether_new()
        if why in ACCOUNT_WHYS:
            form.ask_despite_account()
        form.add_error("identifier" if why in {"nobody_known", *ACCOUNT_WHYS} else None, str(error))
        return show(http, pk, typed=form, status=422)
    messages.success(http, _("Accepted. The work has begun."))
    return back(pk)


@route("<int:pk>/representation/refuse/", name="representation_refuse")
@require_POST
def refuse(http: HttpRequest, pk: int) -> HttpResponse:
    """The proof is not enough: close it, with the reason for the requester."""
    return _with_words(http, pk, refuse_representation, "reason", _("Closed. The requester reads your reason on their page."))


@route("<int:pk>/representation/end/", name="representation_end")
@require_POST
def end(http: HttpRequest, pk: int) -> HttpResponse:
    """The authority has ended."""
    return _with_words(http, pk, end_authority, "note", _("Noted. Nothing more is given out or done for this request."))


@route("<int:pk>/identity/accept/", name="identity_accept")
@require_POST
def accept_identity(http: HttpRequest, pk: int) -> HttpResponse:
    """The document shows who they are."""
    return _with_words(
        http,
        pk,
        lambda request, reason, actor: decide_identity(request, is_accepted=True, reason=reason, actor=actor),
        "reason",
        _("Accepted."),
    )


@route("<int:pk>/identity/refuse/", name="identity_refuse")
@require_POST
def refuse_identity(http: HttpRequest, pk: int) -> HttpResponse:
    """The document does not show who they are."""
    return _with_words(
        http,
        pk,
        lambda request, reason, actor: decide_identity(request, is_accepted=False, reason=reason, actor=actor),
        "reason",
        _("Refused. The person reads your reason as a message; you can ask for another proof, or refuse the request."),
    )


def _with_words(http: HttpRequest, pk: int, verb: Callable[..., None], name: str, success: str) -> HttpResponse:
    require(http, WORK)
    request: Request = find_ticket(pk)
    form = WordsForm(http.POST, max_length=REASON_LENGTH)
    if not form.is_valid():
        messages.error(http, _("Nothing was done: give a reason."))
        return back(pk)
    values = {name: form.cleaned_data["words"], "actor": Actor.for_user(http.user)}
    return _done(http, pk, lambda: verb(request, **values), success)


def _done(http: HttpRequest, pk: int, act: Callable[[], None], success: str) -> HttpResponse:
    try:
        act()
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, success)
    return back(pk)
