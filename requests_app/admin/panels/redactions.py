"""Other people's data in a copy at the desk: what may be theirs, what is hidden, and how the copy looks with it. After a reason only."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.admin.pages import back, find_ticket, page, require
from requests_app.admin.presentation import desk_title, steps_of
from requests_app.admin.routes import route
from requests_app.domain.people import LOOK, WORK
from requests_app.enums import Kind, LabelKind, RedactionKind
from requests_app.errors import CannotHide
from requests_app.models import Bundle, Redaction, Request
from requests_app.panels import Place, Visitor, add_to_desk
from requests_app.queries import current_look, is_masked, latest_bundle
from requests_app.redaction.candidates import Candidate, before_and_after
from requests_app.redaction.deciding import NEW, choices_of, hide_place, hide_text, may_hide, note_redactions_opened, show_again
from requests_app.redaction.forms import HidePlaceForm, HideTextForm, label_choices
from requests_app.redaction.labels import Label, known_labels, label_key, label_words, next_label
from requests_app.redaction.loading import active, hidden_by, region_of
from requests_app.redaction.patterns import needle_for
from requests_app.redaction.places import can_be_looked_at, has_place, has_text, records_to_pick
from requests_app.redaction.scanning import see_to_scan


def _panel(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if request.kind not in Kind.COPIES:
        return None
    count = Redaction.objects.filter(request=request, ended_at=None).count()
    can_open = may_hide(request) and visitor.may_work and visitor.user.has_perm(LOOK)
    if not count and not can_open:
        return None
    bundle = latest_bundle(request)
    return {
        "request": request,
        "count": count,
        "can_open": can_open,
        "has_look": visitor.look is not None,
        "is_outdated": bundle is not None and bundle.outdated_at is not None and may_hide(request),
        "hidden": (bundle.summary or {}).get("hidden") if bundle else None,
    }


@route("<int:pk>/redactions/", name="redactions")
@never_cache
@require_safe
def show(http: HttpRequest, pk: int, *, text_form: HideTextForm | None = None, place_form: HidePlaceForm | None = None) -> HttpResponse:
    """What may be somebody else's, what is hidden, and before and after. Needs a look; opening it is an audit entry, written first."""
    request = _opened(http, pk)
    if isinstance(request, HttpResponse):
        return request
    look = current_look(request, http.user, restricted=is_masked(request))
    assert look is not None, "checked when the ticket was opened"
    note_redactions_opened(request, look, actor=Actor.for_user(http.user))
    bundle = _finished(latest_bundle(request))
    redactions, labels = active(request), choices_of(request.subject)
    found = see_to_scan(bundle) if bundle is not None else None
    is_outdated = bundle is not None and bundle.outdated_at is not None
    context = {
        "title": _("Data of other people"),
        "item": request,
        "bundle": bundle,
        "is_outdated": is_outdated,
        "redactions": [_redaction(item, bundle) for item in redactions],
        "is_searching": bundle is not None and found is None,
        "has_more": found is not None and found.has_more,
        "candidates": _suggestions(request, found.candidates, redactions, labels) if found else [],
        "files": found.files if found else [],
        "changes": before_and_after(bundle, hidden_by(redactions, request)) if bundle is not None and is_outdated and redactions else [],
        "text_form": text_form or HideTextForm(labels=labels, auto_id="id_text_%s"),
        "place_form": place_form or HidePlaceForm(labels=labels, sources=_sources(request), auto_id="id_place_%s"),
        "label_choices": label_choices(labels),
        "to_pick": records_to_pick(bundle) if bundle is not None and can_be_looked_at(bundle) else [],
    }
    is_bound = bool((text_form and text_form.errors) or (place_form and place_form.errors))
    return page(http, "redactions.html", context, status=422 if is_bound else 200)


@route("<int:pk>/redactions/hide-text/", name="hide_text")
@require_POST
def hide(http: HttpRequest, pk: int) -> HttpResponse:
    """Hide a text wherever it stands."""
    request = _opened(http, pk)
    if isinstance(request, HttpResponse):
        return request
    form = HideTextForm(http.POST, labels=choices_of(request.subject), auto_id="id_text_%s")
    if form.is_valid():
        try:
            given = dict(form.cleaned_data)
            if not given.pop("also_later"):
                _see_text(request, given["text"])
            made = hide_text(request, **given, actor=Actor.for_user(http.user))
        except PrivacyCenterError as error:
            form.add_error("text", str(error))
        else:
            return _done(http, pk, made)
    return show_with(http, pk, text_form=form)


@route("<int:pk>/redactions/hide-place/", name="hide_place")
@require_POST
def hide_one(http: HttpRequest, pk: int) -> HttpResponse:
    """Hide a field, a record or its files."""
    request = _opened(http, pk)
    if isinstance(request, HttpResponse):
        return request
    form = HidePlaceForm(http.POST, labels=choices_of(request.subject), sources=_sources(request), auto_id="id_place_%s")
    if form.is_valid():
        try:
            _see_place(request, form.cleaned_data)
            made = hide_place(request, **form.cleaned_data, actor=Actor.for_user(http.user))
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            return _done(http, pk, made)
    return show_with(http, pk, place_form=form)


@route("<int:pk>/redactions/<int:redaction_pk>/show-again/", name="show_again")
@require_POST
def end(http: HttpRequest, pk: int, redaction_pk: int) -> HttpResponse:
    """Hide something no longer."""
    request = _opened(http, pk)
    if isinstance(request, HttpResponse):
        return request
    redaction = get_object_or_404(Redaction.objects.select_related("request__subject"), pk=redaction_pk, request_id=pk)
    try:
        show_again(redaction, actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _("It is shown again when the copy is made anew."))
    return redirect("admin:requests_app_request_redactions", pk)


def show_with(http: HttpRequest, pk: int, **forms: Any) -> HttpResponse:
    """The page again with what was typed, as an answer to a post."""
    http.method = "GET"
    answer: HttpResponse = show(http, pk, **forms)
    return answer


def _opened(http: HttpRequest, pk: int) -> Request | HttpResponse:
    """The ticket, for staff who may hide and have given a reason; else the way back to it."""
    require(http, WORK)
    require(http, LOOK)
    request = find_ticket(pk)
    if request.kind not in Kind.COPIES:
        raise Http404
    if not may_hide(request):
        messages.error(http, _("What is hidden can't be changed as the request stands."))
        return back(pk)
    if current_look(request, http.user, restricted=is_masked(request)) is None:
        messages.info(http, _("Give a reason first."))
        return back(pk)
    return request


def _done(http: HttpRequest, pk: int, made: Redaction) -> HttpResponse:
    messages.success(http, _("Hidden as %(label)s when the copy is made anew.") % {"label": label_words(made.label_kind, made.number)})
    return redirect("admin:requests_app_request_redactions", pk)


def _see_text(request: Request, text: str) -> None:
    """Raise CannotHide for what is not in the copy: mostly a slip of the pen, which would hide nothing and be thought to."""
    bundle = _finished(latest_bundle(request))
    if bundle is not None and can_be_looked_at(bundle) and not has_text(bundle, request, text):
        raise CannotHide(_("This is not found in this copy. Look at how it is written, or tick the box below."))


def _see_place(request: Request, given: dict[str, Any]) -> None:
    """Raise CannotHide for a record, field or file that the copy does not have."""
    bundle = _finished(latest_bundle(request))
    if given["kind"] == RedactionKind.FIELD and not given["field"].strip():
        return  # which is said by what hides it
    place = {"source": given["source"], "record_key": given["record_key"], "field": given["field"]}
    if bundle is not None and can_be_looked_at(bundle) and not has_place(bundle, kind=given["kind"], **place):
        raise CannotHide(_("This is not found in this copy. Look at the source, the key of the record and the name of the field."))


def _finished(bundle: Bundle | None) -> Bundle | None:
    """The copy that is to be released, where there is one."""
    if bundle is None or bundle.assembled_at is None or bundle.shredded_at is not None or bundle.released_at is not None:
        return None
    return bundle


def _sources(request: Request) -> list[tuple[str, str]]:
    return [(step.source_key, desk_title(step.title)) for step in steps_of(latest_bundle(request))]


def _redaction(item: Redaction, bundle: Bundle | None) -> dict[str, Any]:
    by = ((bundle.summary if bundle else {}).get("hidden") or {}).get("by", {})
    where = ", ".join(filter(None, [item.source_key, item.record_key or "", item.field_name]))
    is_counted = bundle is not None and bundle.hides and bundle.created_at >= item.decided_at.replace(microsecond=0)
    return {
        "pk": item.pk,
        "label": label_words(item.label_kind, item.number),
        "kind": item.get_kind_display(),
        "what": item.text if item.kind == RedactionKind.TEXT else where,
        "ground": item.get_ground_display(),
        "by": item.decided_by.username if item.decided_by else "",
        "at": item.decided_at,
        "count": by.get(str(item.pk), 0) if is_counted else None,
    }


def _suggestions(request: Request, candidates: list[Candidate], redactions: list[Redaction], labels: list[Label]) -> list[dict[str, Any]]:
    """What was found and is not hidden, each with the label that it would get: its own of before, that of its address, or a new one."""
    assert request.subject is not None, "only proven requests get this far"
    region = region_of(request)
    needles = {item.canonical: needle_for(item.text, region=region) for item in candidates}
    hidden = {needle_for(item.text or "", region=region).canonical for item in redactions if item.kind == RedactionKind.TEXT}
    known = known_labels(request.subject, needles.values())
    new = {kind: next_label(request.subject, kind) for kind in LabelKind.values}
    rows = []
    for item in candidates:
        if item.canonical in hidden:
            continue
        label = known.get(item.canonical) or known.get(item.with_)
        kind = LabelKind.STAFF if item.is_staff else LabelKind.PERSON
        rows.append(
            {
                "item": item,
                "form": needles[item.canonical].form,
                "label": label_words(*(label or new[kind])),
                "value": label_key(label) if label else NEW[kind],
                "is_known": label is not None,
            }
        )
    return rows


add_to_desk("redactions", template="admin/requests_app/request/panels/redactions.html", context=_panel, place=Place.WORK, order=40)
