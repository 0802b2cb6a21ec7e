"""The ticket: facts at the left, the work in the middle, the clock and the actions at the right.

Nothing personal is shown until a reason was given, and then for a quarter of an hour, on this ticket, to this person of staff.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.subjects.queries import subject_with
from requests_app import domain
from requests_app.admin.presentation import TO_CONFIRM, actions, desk_title, state_word, steps_of, ticket_page
from requests_app.domain.desk import note_preview
from requests_app.domain.people import LOOK, WORK
from requests_app.enums import Status
from requests_app.errors import ReasonMissing
from requests_app.forms import AssignForm, IdentifierForm, LookForm, SureForm, WithholdForm, WordsForm
from requests_app.fulfilment.reading import open_entry
from requests_app.models import Request
from requests_app.queries import current_look, latest_bundle
from requests_app.transitions import Event

VIEW = "requests_app.view_request"

# The verb behind each move that staff may make; those that take words are called with them.
VERBS: dict[Event, Callable[..., None]] = {
    Event.RETRY: domain.retry_failed,
    Event.COLLECT_AGAIN: domain.collect_again,
    Event.RELEASE: domain.release_bundle,
}
VERBS_WITH_WORDS: dict[Event, Callable[[Request, str, Actor], None]] = {
    Event.COMPLETE_DESPITE_FAILURE: lambda request, words, actor: domain.complete_despite_failure(request, reason=words, actor=actor),
    Event.ANSWER: lambda request, words, actor: domain.answer_reopening(request, answer=words, actor=actor),
}


def _require(http: HttpRequest, permission: str) -> None:
    if not http.user.has_perm(permission):
        raise PermissionDenied


def _find(pk: int | str) -> Request:
    try:
        return get_object_or_404(Request.objects.select_related("subject", "assignee"), pk=pk)
    except ValueError as error:
        raise Http404 from error


def _page(http: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    shared = {**admin.site.each_context(http), "opts": Request._meta, "app_label": "requests_app"}
    return TemplateResponse(http, f"admin/requests_app/request/{template}", {**shared, **context}, status=status)


def _back(pk: int) -> HttpResponse:
    return redirect("admin:requests_app_request_change", pk)


@never_cache
def show(http: HttpRequest, pk: int | str, *, look_form: LookForm | None = None, status: int = 200) -> HttpResponse:
    """One request, as much of it as this person of staff may see now."""
    _require(http, VIEW)
    request = _find(pk)
    look = current_look(request, http.user) if http.user.has_perm(LOOK) else None
    may_work = http.user.has_perm(WORK)
    context = ticket_page(request, look=look)
    context |= {
        "title": request.ref,
        "may_work": may_work,
        "may_look": http.user.has_perm(LOOK),
        "look_form": look_form or LookForm(),
        "assign_form": AssignForm(initial={"assignee": request.assignee_id}) if may_work else None,
        "actions": actions(request) if may_work else [],
        "withhold_form": WithholdForm(sources=_sources(request)) if may_work and _can_withhold(request) else None,
    }
    return _page(http, "ticket.html", context, status=status)


@require_POST
def act(http: HttpRequest, pk: int, event: str) -> HttpResponse:
    """Make a move. Which ones there are, the table says; whether it is legal now, the verb."""
    _require(http, WORK)
    request, actor = _find(pk), Actor.for_user(http.user)
    try:
        wanted = Event(event)
    except ValueError as error:
        raise Http404 from error
    try:
        if wanted in TO_CONFIRM and not SureForm(http.POST).is_valid():
            messages.error(http, _("Nothing was done: tick the box above the button first."))
            return _back(pk)
        if wanted in VERBS:
            VERBS[wanted](request, actor=actor)
        elif wanted in VERBS_WITH_WORDS:
            form = WordsForm(http.POST, max_length=500)
            if not form.is_valid():
                raise ReasonMissing(" ".join(str(problem) for problem in form.errors.get("words", [])))
            VERBS_WITH_WORDS[wanted](request, form.cleaned_data["words"], actor)
        else:
            raise Http404
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _("Done: %(ref)s is now “%(state)s”.") % {"ref": request.ref, "state": state_word(request)})
    return _back(pk)


@require_POST
def assign(http: HttpRequest, pk: int) -> HttpResponse:
    """Give the request to somebody."""
    _require(http, WORK)
    form = AssignForm(http.POST)
    if form.is_valid():
        domain.assign(_find(pk), assignee=form.cleaned_data["assignee"], actor=Actor.for_user(http.user))
    return _back(pk)


@require_POST
def withhold(http: HttpRequest, pk: int) -> HttpResponse:
    """Withhold a source on a printed ground, or no longer."""
    _require(http, WORK)
    request = _find(pk)
    form = WithholdForm(http.POST, sources=_sources(request))
    if not form.is_valid():
        messages.error(http, _("Choose a source and give the ground."))
        return _back(pk)
    try:
        domain.withhold_source(request, **form.cleaned_data, actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    return _back(pk)


@require_POST
def look(http: HttpRequest, pk: int) -> HttpResponse:
    """Give the reason, then see personal data for a quarter of an hour."""
    _require(http, LOOK)
    form = LookForm(http.POST)
    if not form.is_valid():
        return show(http, pk, look_form=form, status=422)
    domain.open_personal_data(_find(pk), **form.cleaned_data, actor=Actor.for_user(http.user))
    return _back(pk)


@never_cache
def preview(http: HttpRequest, pk: int) -> HttpResponseBase:
    """The document itself, as the person will get it. Needs a look, and is an audit entry of its own, written first."""
    _require(http, LOOK)
    request = _find(pk)
    look, bundle = current_look(request, http.user), latest_bundle(request)
    if look is None:
        messages.info(http, _("Give a reason first."))
        return _back(request.pk)
    if bundle is None or bundle.assembled_at is None or bundle.shredded_at is not None:
        raise Http404
    note_preview(request, look, actor=Actor.for_user(http.user))
    response = FileResponse(open_entry(bundle, "personal-data.pdf"), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{request.ref}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(http: HttpRequest) -> HttpResponse:
    """Requests of the person who has proven an exact identifier. Posted, so that it stands in no address; answered by references."""
    _require(http, VIEW)
    _require(http, LOOK)
    form, found = IdentifierForm(http.POST or None), None
    if http.method == "POST" and form.is_valid():
        subject = subject_with(form.cleaned_data["kind"], form.cleaned_data["value"])
        found = list(Request.objects.of(subject.pk)) if subject else []
        record(
            "requests.searched_by_identifier",
            actor=Actor.for_user(http.user),
            subject=str(subject.public_id) if subject else "",
            found=len(found),
        )
    return _page(http, "find.html", {"title": _("Find by identifier"), "form": form, "found": found})


def _can_withhold(request: Request) -> bool:
    return request.status in {Status.ATTENTION, Status.REVIEW, Status.REOPENED}


def _sources(request: Request) -> list[tuple[str, str]]:
    return [(step.source_key, desk_title(step.title)) for step in steps_of(latest_bundle(request))]
