"""Reports of children's accounts: taken from anybody, answered by the person whose account it is."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.middleware import client_network
from requests_app.enums import Kind
from requests_app.errors import IllegalMove
from requests_app.forms import WordsForm
from requests_app.limits.children import answer_report, report_child
from requests_app.limits.errors import TooManyReports
from requests_app.limits.forms import ChildReportForm
from requests_app.views.access import find_request, person

ANSWER_LENGTH = 2000


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_child_account(http: HttpRequest) -> HttpResponse:
    """Take a report. What the page says does not depend on whether there is such an account."""
    form = ChildReportForm(http.POST if http.method == "POST" else None)
    if http.method != "POST":
        return render(http, "requests_app/report_child.html", {"form": form})
    if form.is_valid():
        try:
            report_child(
                **form.cleaned_data, client=client_network(http), language=get_language() or "en", actor=Actor(ActorKind.ANONYMOUS)
            )
        except TooManyReports as error:
            form.add_error(None, str(error))
            return render(http, "requests_app/report_child.html", {"form": form}, status=429)
        return redirect("requests:report_taken")
    return render(http, "requests_app/report_child.html", {"form": form}, status=422)


@require_safe
def report_taken(http: HttpRequest) -> HttpResponse:
    """Thanks, the same for every report."""
    return render(http, "requests_app/report_taken.html")


@never_cache
@require_POST
def answer_child_report(http: HttpRequest, ref: str) -> HttpResponse:
    """What the person whose account was reported says to it."""
    request = find_request(http, ref)
    if request.kind != Kind.CHILD:
        raise Http404
    form = WordsForm(http.POST, max_length=ANSWER_LENGTH)
    if not form.is_valid():
        context = {"item": request, "form": form}
        return render(http, "requests_app/answer_child.html", context, status=422)
    try:
        answer_report(request, words=form.cleaned_data["words"], actor=person(http, request))
    except IllegalMove as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _("Thank you. A colleague reads your answer before anything is decided."))
    return redirect("requests:detail", ref)
