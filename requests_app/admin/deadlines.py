"""Taking more time, at the desk: a page of its own, so that a long reason is not lost."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.admin.pages import back, find_ticket, page, require
from requests_app.admin.routes import route
from requests_app.clock import extend
from requests_app.clock.words import day_words, extension_words
from requests_app.domain import extend_deadline
from requests_app.domain.deadlines import REASON_LENGTH, refuse_extension
from requests_app.domain.people import WORK
from requests_app.errors import CannotExtend
from requests_app.forms import WordsForm
from requests_app.models import Request
from requests_app.queries import current_look, is_masked
from requests_app.views.access import keep_draft, take_draft


def _keep(http: HttpRequest, pk: int) -> HttpResponse | None:
    return keep_draft(http, f"extend:{pk}", http.POST.get("words", "")) if http.method == "POST" else None


@route("<int:pk>/extend/", name="extend", before_sign_in=_keep)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(http: HttpRequest, pk: int) -> HttpResponse:
    """Give the reason; the person gets it with the new date."""
    require(http, WORK)
    request = find_ticket(pk)
    try:
        refuse_extension(request)
    except CannotExtend as error:
        messages.error(http, str(error))
        return back(pk)
    form = WordsForm(
        http.POST if http.method == "POST" else None,
        initial={"words": take_draft(http, f"extend:{pk}")},
        label=_("Why more time is needed"),
        help_text=_("The person reads it on their page. Say what makes it complex, and what happens until then."),
        max_length=REASON_LENGTH,
    )
    if http.method == "POST" and form.is_valid():
        try:
            extend_deadline(request, reason=form.cleaned_data["words"], actor=Actor.for_user(http.user))
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            messages.success(http, _("Extended. The person gets a mail with the new date."))
            return back(pk)
    may_read = bool(request.words) and current_look(request, http.user, restricted=is_masked(request)) is not None
    context = {
        "title": _("Take more time"),
        "lead": _lead(request),
        "item": request,
        "form": form,
        "button": _("Extend and tell the person"),
        "read": [(_("The person wrote"), request.words)] if may_read else [],
    }
    return page(http, "write.html", context, status=422 if form.errors else 200)


def _lead(request: Request) -> str:
    if request.due is None:
        return ""
    words = _("The date moves once, from %(first)s to %(then)s, and only now, before it has come. What the laws say:") % {
        "first": day_words(request.due.due_on),
        "then": day_words(extend(request.due).due_on),
    }
    return " ".join([words, *(extension_words(term.rule) for term in request.due.terms)])
