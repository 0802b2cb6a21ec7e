"""The page of a recipient that was told of a change (GDPR Art. 19), behind the link of its mail."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.domain.recipients import notice_of_link, open_details, take_answer
from requests_app.errors import IllegalMove, ReasonMissing, TooLong
from requests_app.forms import RecipientAnswerForm
from requests_app.models import RecipientNotice


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(http: HttpRequest, token: str) -> HttpResponse:
    """Say what it is about. Data is shown after a press only: what looks through links in mails presses nothing."""
    notice = notice_of_link(token)
    if notice is None:
        return render(http, "requests_app/recipient_gone.html", status=404)
    if http.method != "POST":
        return _page(http, notice)
    if "answer" not in http.POST:
        return _page(http, notice, details=open_details(notice), form=RecipientAnswerForm())
    form = RecipientAnswerForm(http.POST)
    if not form.is_valid():
        return _page(http, notice, details=open_details(notice), form=form, status=422)
    try:
        take_answer(notice, is_done=form.cleaned_data["answer"] == "done", words=form.cleaned_data["words"])
    except TooLong as error:
        form.add_error("words", str(error))
        return _page(http, notice, details=open_details(notice), form=form, status=422)
    except (IllegalMove, ReasonMissing) as error:
        raise Http404 from error
    return render(http, "requests_app/recipient_thanks.html")


def _page(http: HttpRequest, notice: RecipientNotice, *, status: int = 200, **context: object) -> HttpResponse:
    return render(http, "requests_app/recipient_notice.html", {"notice": notice, **context}, status=status)
