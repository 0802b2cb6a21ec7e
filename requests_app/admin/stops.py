"""The emergency stop and legal holds at the desk."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.kernel.sources import registry
from requests_app.admin.pages import VIEW, back, find_ticket, page, require
from requests_app.admin.presentation import desk_title
from requests_app.admin.routes import route
from requests_app.domain.holds import HOLD, lift_hold, place_hold
from requests_app.domain.stops import STOP, lift_stop, stop_work
from requests_app.forms import HoldForm, StopForm
from requests_app.models import EmergencyStop, LegalHold, Request
from requests_app.panels import Place, Visitor, add_to_desk


def _titles() -> dict[str, str]:
    return {source.describe().key: desk_title(str(source.describe().title)) for source in registry.all()}


@route("stops/", name="stops")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stops(http: HttpRequest) -> HttpResponse:
    """What is stopped now and what is kept by source, with the forms to stop, to keep, and to end both."""
    require(http, VIEW)
    titles, actor = _titles(), Actor.for_user(http.user)
    sources = [("", _("Everything")), *titles.items()]
    which = http.POST.get("form", "")
    stop_form = StopForm(http.POST if which == "stop" else None, sources=sources, auto_id="id_stop_%s")
    hold_form = HoldForm(http.POST if which == "hold" else None, sources=list(titles.items()), auto_id="id_hold_%s")
    form: Any = {"stop": stop_form, "hold": hold_form}.get(which)
    if form is not None and form.is_valid():
        try:
            if which == "stop":
                stop_work(source_key=form.cleaned_data["source"], reason=form.cleaned_data["reason"], actor=actor)
                messages.success(http, _("Stopped. What runs at this moment ends its step; nothing new begins."))
            else:
                given = form.cleaned_data
                place_hold(source_key=given["source"], ground=given["ground"], until=given["until"], note=given["note"], actor=actor)
                messages.success(http, _("Kept until that day."))
            return redirect("admin:requests_app_request_stops")
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
    standing = EmergencyStop.objects.filter(lifted_at=None).select_related("stopped_by").order_by("pk")
    holds = LegalHold.objects.filter(subject=None, lifted_at=None).order_by("until", "pk")
    context = {
        "title": _("Stops and holds"),
        "stops": [{"row": stop, "what": titles.get(stop.source_key, stop.source_key) or _("Everything")} for stop in standing],
        "holds": [{"row": hold, "what": titles.get(hold.source_key, hold.source_key)} for hold in holds],
        "stop_form": stop_form if http.user.has_perm(STOP) else None,
        "hold_form": hold_form if http.user.has_perm(HOLD) else None,
    }
    return page(http, "stops.html", context, status=422 if http.method == "POST" else 200)


@route("stops/<int:pk>/lift/", name="lift_stop")
@require_POST
def lift(http: HttpRequest, pk: int) -> HttpResponse:
    """Let stopped work go on."""
    require(http, STOP)
    stop = EmergencyStop.objects.filter(pk=pk).first()
    if stop is None:
        raise Http404
    lift_stop(stop, actor=Actor.for_user(http.user))
    messages.success(http, _("The work goes on."))
    return redirect("admin:requests_app_request_stops")


@route("<int:pk>/hold/", name="hold")
@require_POST
def hold_person(http: HttpRequest, pk: int) -> HttpResponse:
    """Keep data of this ticket's person."""
    require(http, HOLD)
    request = find_ticket(pk)
    form = HoldForm(http.POST, sources=[("", _("Everything")), *_titles().items()], auto_id="id_hold_%s")
    if request.subject is None or not form.is_valid():
        messages.error(http, _("Give a ground and a day that has not passed."))
        return back(pk)
    given = form.cleaned_data
    try:
        place_hold(
            subject=request.subject,
            source_key=given["source"],
            ground=given["ground"],
            until=given["until"],
            note=given["note"],
            actor=Actor.for_user(http.user),
        )
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _("Kept until that day."))
    return back(pk)


@route("holds/<int:pk>/lift/", name="lift_hold")
@require_POST
def end_hold(http: HttpRequest, pk: int) -> HttpResponse:
    """End a hold before its day."""
    require(http, HOLD)
    hold = LegalHold.objects.select_related("subject").filter(pk=pk).first()
    if hold is None:
        raise Http404
    lift_hold(hold, actor=Actor.for_user(http.user))
    messages.success(http, _("The hold is lifted."))
    ticket = http.POST.get("ticket", "")
    return back(int(ticket)) if ticket.isdecimal() and len(ticket) < 19 else redirect("admin:requests_app_request_stops")


def _panel(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    """What is kept of this ticket's person. That there is a hold is no personal data, its note is."""
    if request.subject_id is None:
        return None
    titles = _titles()
    standing = LegalHold.objects.filter(subject=request.subject_id, lifted_at=None).order_by("until", "pk")
    may_hold = visitor.user.has_perm(HOLD)
    if not standing and not may_hold:
        return None
    form = HoldForm(sources=[("", _("Everything")), *titles.items()], auto_id="id_hold_%s") if may_hold else None
    holds = [
        {"row": hold, "what": titles.get(hold.source_key, hold.source_key) or _("Everything"), "note": hold.note if visitor.look else ""}
        for hold in standing
    ]
    return {"holds": holds, "form": form, "may_hold": may_hold, "request": request}


add_to_desk("holds", template="admin/requests_app/request/holds_panel.html", context=_panel, place=Place.FACTS, order=900)
