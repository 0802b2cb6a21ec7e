"""Corrections at the desk: decide about each, add what the person said in words, have them made, and note who was told.

Values are shown and decided about only with a look (D-07).
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.admin.pages import back, find_ticket, page, require
from requests_app.admin.presentation import desk_title
from requests_app.admin.routes import route
from requests_app.correction.deciding import decide, drop_added, name_of, order_corrections, refuse_corrections, resume_corrections
from requests_app.correction.forms import DecisionForm, NoticeForm, ProposalForm, given_back, initial_of, kept
from requests_app.correction.proposing import DECIDABLE, add_for_person, fill_in, held_value, proposed_value
from requests_app.correction.reading import find_source, holdings, page_of
from requests_app.correction.showing import diff
from requests_app.domain.people import LOOK, WORK
from requests_app.domain.recipients import details_of, note_notice
from requests_app.enums import Decision, Kind
from requests_app.models import Correction, RecipientNotice, Request
from requests_app.queries import current_look, is_masked
from requests_app.views.access import keep_draft, take_draft

VERBS: dict[str, Callable[..., None]] = {"order": order_corrections, "refuse": refuse_corrections, "resume": resume_corrections}
_DONE = {
    "order": gettext_lazy("The corrections were ordered. The person is told when they are made."),
    "refuse": gettext_lazy("The request was refused. The person gets a mail that there is a decision."),
    "resume": gettext_lazy("The corrections go on."),
}
_PROPOSED = gettext_lazy("The refusal was proposed. It goes out when a colleague agrees.")


def _keep_typed(http: HttpRequest, pk: int, correction: int = 0, notice: int = 0) -> HttpResponse | None:
    """Staff whose session ran out while they wrote find it again after signing in."""
    if http.method != "POST":
        return None
    typed = kept(http.POST.dict(), "value", "reason", "verdict", "state", "how", "note")
    return keep_draft(http, f"correcting:{pk}:{correction}:{notice}", typed)


def _typed(http: HttpRequest, pk: int, correction: int = 0, notice: int = 0) -> dict[str, str]:
    return given_back(take_draft(http, f"correcting:{pk}:{correction}:{notice}"))


@route("<int:pk>/corrections/do/<slug:verb>/", name="corrections_do")
@require_POST
def do(http: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Have the accepted corrections made, go on after a problem, or refuse the request."""
    require(http, WORK)
    request = _ticket(pk)
    if verb not in VERBS:
        raise Http404
    try:
        VERBS[verb](request, actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _PROPOSED if verb == "refuse" and request.is_open else _DONE[verb])
    return back(pk)


@route("<int:pk>/corrections/<int:correction>/", name="correction_decide", before_sign_in=_keep_typed)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decision(http: HttpRequest, pk: int, correction: int) -> HttpResponse:
    """Accept or refuse one correction, old and new value side by side."""
    request = _opened(http, pk)
    if request is None:
        return back(pk)
    item = _correction(request, correction)
    form = DecisionForm(http.POST if http.method == "POST" else None, initial=_typed(http, pk, correction))
    if http.method == "POST" and form.is_valid():
        is_accepted = form.cleaned_data["verdict"] == "accept"
        try:
            decide(item, is_accepted=is_accepted, reason=form.cleaned_data["reason"], actor=Actor.for_user(http.user))
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            return back(pk)
    return _page(http, request, "correction.html", {"row": diff(item), "form": form, "title": name_of(item)}, is_wrong=form.is_bound)


@route("<int:pk>/corrections/<int:correction>/fill/", name="correction_fill", before_sign_in=_keep_typed)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def fill(http: HttpRequest, pk: int, correction: int) -> HttpResponse:
    """Say what a value should be, as the person wrote it in words."""
    request = _opened(http, pk)
    if request is None:
        return back(pk)
    item = _correction(request, correction)
    if item.added_by_id is None or item.decision != Decision.PENDING:
        raise Http404
    held = held_value(item)
    initial = initial_of(item, held, proposed_value(item)) | _typed(http, pk, correction)
    form = ProposalForm(http.POST if http.method == "POST" else None, held=held, kind=item.kind, initial=initial)
    if http.method == "POST" and form.is_valid():
        try:
            fill_in(item, value=form.value(), reason=form.cleaned_data["reason"], actor=Actor.for_user(http.user))
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            return back(pk)
    return _page(http, request, "correction_fill.html", {"row": diff(item), "form": form, "title": name_of(item)}, is_wrong=form.is_bound)


@route("<int:pk>/corrections/<int:correction>/drop/", name="correction_drop")
@require_POST
def drop(http: HttpRequest, pk: int, correction: int) -> HttpResponse:
    """Take back a correction that was begun at the desk."""
    require(http, WORK)
    try:
        drop_added(_correction(_ticket(pk), correction), actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    return back(pk)


@route("<int:pk>/corrections/add/", name="correction_add")
@never_cache
def add(http: HttpRequest, pk: int) -> HttpResponse:
    """Where the value stands that the person means."""
    request = _opened(http, pk)
    if request is None or request.subject is None:
        return back(pk)
    rows = [(desk_title(str(each.description.title)), each) for each in holdings(request.subject)]
    return _page(http, request, "correction_sources.html", {"rows": rows, "title": _("Add a correction")})


@route("<int:pk>/corrections/add/<str:source>/", name="correction_records")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def records(http: HttpRequest, pk: int, source: str) -> HttpResponse:
    """The person's records of one source. That they were opened is written first."""
    request = _opened(http, pk)
    if request is None or request.subject is None:
        return back(pk)
    actor = Actor.for_user(http.user)
    try:
        if http.method == "POST":
            key, field = http.POST.get("record", ""), http.POST.get("field", "")
            begun = add_for_person(request, source=source, record_key=key, field=field, actor=actor)
            return redirect("admin:requests_app_request_correction_fill", pk, begun.pk)
        found = find_source(source)
        record("requests.records_opened", actor=actor, subject=str(request.subject.public_id), ticket=request.ref, source=source)
        shown = page_of(found, request.subject, _number(http))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
        return redirect("admin:requests_app_request_correction_add", pk)
    context = {
        "page": shown,
        "source": source,
        "previous": shown.number - 1,
        "next": shown.number + 1,
        "title": desk_title(str(shown.description.title)),
    }
    return _page(http, request, "correction_records.html", context)


@route("<int:pk>/notices/<int:notice>/", name="recipient_notice", before_sign_in=_keep_typed)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notice(http: HttpRequest, pk: int, notice: int) -> HttpResponse:
    """Note that a recipient was told, what it answered, or why it can't be told."""
    require(http, WORK)
    request = find_ticket(pk)
    item = get_object_or_404(RecipientNotice.objects.filter(request=request), pk=notice)
    initial = {"state": item.state, "how": item.how} | _typed(http, pk, notice=notice)
    form = NoticeForm(http.POST if http.method == "POST" else None, initial=initial)
    if http.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            note_notice(item, state=data["state"], how=data["how"], words=data["note"], actor=Actor.for_user(http.user))
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            return back(pk)
    look = current_look(request, http.user, restricted=is_masked(request)) if http.user.has_perm(LOOK) else None
    context = {"notice": item, "form": form, "title": item.recipient_name, "is_looking": look is not None}
    if look is not None:
        context |= {"details": details_of(item), "answer": item.answer}
    return _page(http, request, "recipient_notice.html", context, is_wrong=form.is_bound)


def _ticket(pk: int) -> Request:
    request = find_ticket(pk)
    if request.kind != Kind.RECTIFICATION:
        raise Http404
    return request


def _opened(http: HttpRequest, pk: int) -> Request | None:
    """The ticket, where this member of staff may see its values now and decide about them; else None, with the reason said."""
    require(http, WORK)
    require(http, LOOK)
    request = _ticket(pk)
    if current_look(request, http.user, restricted=is_masked(request)) is None:
        messages.info(http, _("Give a reason first, then you see the values."))
        return None
    if request.status not in DECIDABLE:
        messages.info(http, _("Nothing is to be decided here now."))
        return None
    return request


def _correction(request: Request, pk: int) -> Correction:
    return get_object_or_404(Correction.objects.filter(request=request), pk=pk)


def _page(http: HttpRequest, request: Request, template: str, context: dict[str, object], *, is_wrong: bool = False) -> HttpResponse:
    return page(http, template, {"item": request, **context}, status=422 if is_wrong else 200)


def _number(http: HttpRequest) -> int:
    text = http.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) > 0 else 1
