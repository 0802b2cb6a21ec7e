"""What a person does about an answer: reply to a question, read the letter of a decision, ask for a review."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.answers.letter_pdf import render_letter
from requests_app.behalf.standing import shut_to_requester, words_for_requester
from requests_app.domain import ask_for_review, reply_to_question
from requests_app.domain.answers import REPLY_LENGTH, open_question
from requests_app.domain.reviews import REVIEW_LENGTH, may_be_reviewed
from requests_app.errors import CannotReview, DocumentWanted, IllegalMove
from requests_app.forms import WordsForm
from requests_app.models import Request
from requests_app.pdf.errors import RenderFailed, RenderTimeout
from requests_app.references import tidy_reference
from requests_app.transitions import Event, find
from requests_app.views.access import find_request, is_by_code, keep_draft, may_see, note_opened, person, take_draft
from requests_app.views.own import entry


def _find_or_keep(http: HttpRequest, ref: str, draft: str) -> Request | HttpResponse:
    """The request; or, where the session has ended meanwhile, how to get in again, with the words kept for the way back."""
    if tidy_reference(ref) != ref:
        raise Http404
    if http.method == "POST" and not may_see(http, ref) and not http.user.is_authenticated:
        too_long = keep_draft(http, draft, http.POST.get("words", ""))
        return too_long or entry(http, ref, problem=_("You were signed out. Your words are kept: sign in again, then send them."))
    return find_request(http, ref)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reply(http: HttpRequest, ref: str) -> HttpResponse:
    """Answer a question of ours."""
    found = _find_or_keep(http, ref, f"reply:{ref}")
    if isinstance(found, HttpResponse):
        return found
    if find(found.status, Event.REPLY, found.kind) is None:
        messages.info(http, _("There is no question to answer now."))
        return redirect("requests:detail", ref)
    form = WordsForm(
        http.POST or None, initial={"words": take_draft(http, f"reply:{ref}")}, max_length=REPLY_LENGTH, label=_("Your answer")
    )
    if http.method == "POST" and form.is_valid():
        try:
            reply_to_question(found, words=form.cleaned_data["words"], actor=person(http, found))
        except DocumentWanted as error:
            form.add_error("words", str(error))
        except IllegalMove as error:
            messages.error(http, str(error))
            return redirect("requests:detail", ref)
        else:
            messages.success(http, _("Thank you. We have your answer and go on with your request."))
            return redirect("requests:detail", ref)
    context = {"item": found, "form": form, "question": open_question(found)}
    return render(http, "requests_app/reply.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(http: HttpRequest, ref: str) -> HttpResponse:
    """Ask that somebody else looks at a refusal again."""
    found = _find_or_keep(http, ref, f"review:{ref}")
    if isinstance(found, HttpResponse):
        return found
    if not may_be_reviewed(found):
        messages.info(http, str(CannotReview.message))
        return redirect("requests:detail", ref)
    words = {"label": _("What did we get wrong?"), "help_text": _("Say why you do not agree. You may add facts that we did not know.")}
    form = WordsForm(http.POST or None, initial={"words": take_draft(http, f"review:{ref}")}, max_length=REVIEW_LENGTH, **words)
    if http.method == "POST" and form.is_valid():
        try:
            asked = ask_for_review(found, words=form.cleaned_data["words"], actor=person(http, found))
        except PrivacyCenterError as error:
            form.add_error("words", str(error))
        else:
            if is_by_code(http, found):
                note_opened(http, asked.ref)  # what proved the refused request proves its review
            messages.success(http, _("Your review is filed. Somebody who had no part in the decision looks at it."))
            return redirect("requests:detail", asked.ref)
    return render(http, "requests_app/review.html", {"item": found, "form": form}, status=422 if form.is_bound else 200)


@never_cache
@require_safe
def letter(http: HttpRequest, ref: str) -> HttpResponse:
    """The letter of a decision as a PDF."""
    found = find_request(http, ref)
    if not found.letter or found.is_open:
        raise Http404
    why = shut_to_requester(found)
    if why:
        messages.error(http, words_for_requester(why))
        return redirect("requests:detail", ref)
    try:
        data = render_letter(found)
    except (RenderFailed, RenderTimeout):
        messages.error(http, _("The PDF can't be made right now. The letter stands in full on this page."))
        return redirect("requests:detail", ref)
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.ref}-letter.pdf"'
    return response
