"""The ticket: facts at the left, the work in the middle, the clock and the actions at the right.

Nothing personal is shown until a reason was given, and then for a quarter of an hour, on this ticket, to this person of staff.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.subjects.queries import subject_with
from requests_app import domain
from requests_app.admin.pages import VIEW, back, find_ticket, page, require
from requests_app.admin.presentation import DONE, TO_CONFIRM, actions, desk_title, steps_of, ticket_page, waiting_proof
from requests_app.behalf.forms import AcceptForm
from requests_app.domain.desk import note_preview
from requests_app.domain.people import LOOK, WORK
from requests_app.enums import Kind, Status
from requests_app.errors import ReasonMissing
from requests_app.forms import AssignForm, IdentifierForm, LookForm, SureForm, WithholdForm, WordsForm
from requests_app.fulfilment.reading import open_entry
from requests_app.models import Request
from requests_app.panels import Visitor, desk_panels
from requests_app.queries import current_look, is_masked, latest_bundle
from requests_app.transitions import Event

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


@never_cache
def show(
    http: HttpRequest, pk: int | str, *, look_form: LookForm | None = None, typed: AcceptForm | None = None, status: int = 200
) -> HttpResponse:
    """One request, as much of it as this person of staff may see now."""
    require(http, VIEW)
    request = find_ticket(pk)
    restricted = is_masked(request)
    look = current_look(request, http.user, restricted=restricted) if http.user.has_perm(LOOK) else None
    may_work = http.user.has_perm(WORK)
    context = ticket_page(request, look=look)
    context |= {
        "title": request.ref,
        "may_work": may_work,
        "may_look": http.user.has_perm(LOOK),
        "look_form": look_form or LookForm(restricted=restricted),
        "assign_form": AssignForm(initial={"assignee": request.assignee_id}) if may_work and request.verified_at else None,
        "actions": actions(request) if may_work else [],
        "waiting_proof": waiting_proof(request) if may_work else "",
        "panels": desk_panels(request, Visitor(http.user, look, may_work, typed)),
        "withhold_form": WithholdForm(sources=_sources(request), auto_id="id_withhold_%s") if may_work and _can_withhold(request) else None,
    }
    return page(http, "ticket.html", context, status=status)


@require_POST
def act(http: HttpRequest, pk: int, event: str) -> HttpResponse:
    """Make a move. Which ones there are, the table says; whether it is legal now, the verb."""
    require(http, WORK)
    request, actor = find_ticket(pk), Actor.for_user(http.user)
    try:
        wanted = Event(event)
    except ValueError as error:
        raise Http404 from error
    try:
        if wanted in TO_CONFIRM and not SureForm(http.POST).is_valid():
            messages.error(http, _("Nothing was done: tick the box above the button first."))
            return back(pk)
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
        messages.success(http, DONE[wanted])
    return back(pk)


@require_POST
def assign(http: HttpRequest, pk: int) -> HttpResponse:
    """Give the request to somebody."""
    require(http, WORK)
    form = AssignForm(http.POST)
    if not form.is_valid():
        messages.error(http, _("Choose somebody who may work on requests."))
        return back(pk)
    try:
        domain.assign(find_ticket(pk), assignee=form.cleaned_data["assignee"], actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    return back(pk)


@require_POST
def withhold(http: HttpRequest, pk: int) -> HttpResponse:
    """Withhold a source on a printed ground, or no longer."""
    require(http, WORK)
    request = find_ticket(pk)
    form = WithholdForm(http.POST, sources=_sources(request))
    if not form.is_valid():
        messages.error(http, _("Choose a source and give the ground."))
        return back(pk)
    try:
        domain.withhold_source(request, **form.cleaned_data, actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    return back(pk)


@require_POST
def look(http: HttpRequest, pk: int) -> HttpResponse:
    """Give the reason, then see personal data for a quarter of an hour."""
    require(http, LOOK)
    request = find_ticket(pk)
    form = LookForm(http.POST, restricted=is_masked(request))
    if not form.is_valid():
        return show(http, pk, look_form=form, status=422)
    domain.open_personal_data(request, **form.cleaned_data, actor=Actor.for_user(http.user))
    return back(pk)


@never_cache
def preview(http: HttpRequest, pk: int) -> HttpResponseBase:
    """The document itself, as the person will get it. Needs a look, and is an audit entry of its own, written first."""
    require(http, LOOK)
    request = find_ticket(pk)
    look, bundle = current_look(request, http.user, restricted=is_masked(request)), latest_bundle(request)
    if look is None:
        messages.info(http, _("Give a reason first."))
        return back(request.pk)
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
    require(http, VIEW)
    require(http, LOOK)
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
    return page(http, "find.html", {"title": _("Find by identifier"), "form": form, "found": found})


def _can_withhold(request: Request) -> bool:
    return request.kind in Kind.COPIES and request.status in {Status.ATTENTION, Status.REVIEW, Status.REOPENED}


def _sources(request: Request) -> list[tuple[str, str]]:
    return [(step.source_key, desk_title(step.title)) for step in steps_of(latest_bundle(request))]
