"""Asking the person, refusing, answering and reviewing at the desk. Long texts have a page each, so that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app import domain
from requests_app.admin.drafts import give_back, keep_typed
from requests_app.admin.pages import back, find_ticket, page, require
from requests_app.admin.routes import route
from requests_app.answers.forms import FeedbackForm, OutcomeForm, QuestionForm, RefusalForm, ReplyForm, ReviewForm, long_text
from requests_app.answers.grounds import Ground
from requests_app.answers.letters import Section, answer_letter, refusal_letter, sections_of
from requests_app.domain.answers import ANSWER_LENGTH, QUESTION_LENGTH, REPLY_LENGTH, open_question
from requests_app.domain.authorities import close_feedback, record_feedback
from requests_app.domain.deciders import deciders_of
from requests_app.domain.people import WORK
from requests_app.domain.reviews import may_decide_as_last_resort
from requests_app.enums import AskedFor, Kind, Outcome
from requests_app.forms import WordsForm
from requests_app.models import AuthorityFeedback, Request
from requests_app.queries import authorities_for_person, current_look, is_masked
from requests_app.transitions import Event, find


class AnswerForm(Form):
    """The answer to a complaint or a question."""

    words = long_text(
        gettext_lazy("Answer"), gettext_lazy("Printed in the letter. Say what you found and what you did."), length=ANSWER_LENGTH
    )


@dataclass(frozen=True)
class _Page:
    """One page with a form: when it can be opened, what it says, what it does."""

    event: Event | None
    title: Any
    lead: Any
    button: Any
    form: Callable[[Request, Any], Form]
    act: Callable[[Request, dict[str, Any], Actor], None]
    done: Callable[[Request], Any]
    preview: Callable[[Request, dict[str, Any]], str] | None = None
    kinds: frozenset[str] = frozenset(Kind.values)


def _refusal(request: Request, given: dict[str, Any]) -> str:
    ground, reasoning = Ground(given["ground"]), given["reasoning"]
    return refusal_letter(request, ground=ground, reasoning=reasoning, authorities=authorities_for_person(request), at=clock.now())


def _answer(request: Request, given: dict[str, Any]) -> str:
    return answer_letter(request, answer=given["words"], authorities=authorities_for_person(request), at=clock.now())


_PAGES = {
    "ask": _Page(
        Event.ASK,
        gettext_lazy("Ask the person"),
        gettext_lazy(
            "They get a mail that there is a question; the question itself stands on their page. The request waits for the answer."
        ),
        gettext_lazy("Ask"),
        lambda request, data: QuestionForm(data, label=_("Your question"), max_length=QUESTION_LENGTH),
        lambda request, given, actor: _done(domain.ask_person(request, question=given["words"], about=given["about"], actor=actor)),
        lambda request: _("The person was asked. The request waits for the answer."),
    ),
    "identity": _Page(
        Event.ASK,
        gettext_lazy("Ask for proof of identity"),
        gettext_lazy(
            "Only where you doubt who asks, and nothing milder helps (a code, a call, a question). Say why: they read it. The clock rests "
            "where every law that applies lets it. The document is removed once it is decided on, or with the request."
        ),
        gettext_lazy("Ask for the proof"),
        lambda request, data: WordsForm(data, label=_("Reason"), max_length=QUESTION_LENGTH),
        lambda request, given, actor: _done(
            domain.ask_person(request, question=given["words"], about=AskedFor.IDENTITY, wants_document=True, actor=actor)
        ),
        lambda request: _("The person was asked for proof. The request waits for it."),
    ),
    "reply": _Page(
        Event.REPLY,
        gettext_lazy("Type in the person's answer"),
        gettext_lazy("For an answer that came by mail, by phone or by letter. The person sees that you typed it in."),
        gettext_lazy("Take the answer"),
        lambda request, data: ReplyForm(data, label=_("What the person answered"), max_length=REPLY_LENGTH),
        lambda request, given, actor: domain.reply_to_question(request, words=given["words"], channel=given["channel"], actor=actor),
        lambda request: _("The answer was taken. The work goes on."),
    ),
    "refuse": _Page(
        Event.REFUSE,
        gettext_lazy("Refuse the request"),
        gettext_lazy("The person gets a letter with the ground, your reasoning, the review, the authority of their country and the court."),
        gettext_lazy("Refuse"),
        lambda request, data: RefusalForm(data, kind=request.kind),
        lambda request, given, actor: domain.refuse_request(request, ground=given["ground"], reasoning=given["reasoning"], actor=actor),
        lambda request: (
            _("The refusal was proposed. It goes out when a colleague agrees.")
            if request.is_open
            else _("The request was refused. The person gets a mail that there is a decision.")
        ),
        _refusal,
        frozenset(Kind.values) - {Kind.REVIEW},
    ),
    "answer": _Page(
        Event.DECIDE,
        gettext_lazy("Answer"),
        gettext_lazy("The person gets a letter with your answer, and where to turn if they do not agree. This closes the ticket."),
        gettext_lazy("Send the answer"),
        lambda request, data: AnswerForm(data),
        lambda request, given, actor: domain.decide_request(request, outcome=Outcome.FULFILLED, answer=given["words"], actor=actor),
        lambda request: _("The answer was sent, and the ticket is closed."),
        _answer,
        frozenset({Kind.COMPLAINT}),
    ),
    "review": _Page(
        Event.DECIDE,
        gettext_lazy("Decide the review"),
        gettext_lazy("Look at the first decision and at what the person wrote. Who had a part in that decision can't decide here."),
        gettext_lazy("Decide"),
        lambda request, data: ReviewForm(data, is_last_resort=may_decide_as_last_resort(request)),
        lambda request, given, actor: domain.decide_review(
            request,
            is_granted=given["decision"] == "granted",
            reasoning=given["reasoning"],
            last_resort=given.get("last_resort", ""),
            actor=actor,
        ),
        lambda request: _("The review was decided. The person gets a mail that there is a decision."),
        None,
        frozenset({Kind.REVIEW}),
    ),
    "feedback": _Page(
        None,
        gettext_lazy("Write down what an authority wrote"),
        gettext_lazy("It stays with this ticket and stands in the list of all such letters."),
        gettext_lazy("Write it down"),
        lambda request, data: FeedbackForm(data),
        lambda request, given, actor: _done(record_feedback(request, **given, actor=actor)),
        lambda request: _("The letter of the authority was written down."),
    ),
}
WRITES = tuple(_PAGES)


def _done(result: object) -> None:
    """What a verb made is of no use to the page."""


def may_open(request: Request, name: str) -> bool:
    """Whether this page has something to do for the request as it stands."""
    wanted = _PAGES[name]
    return request.kind in wanted.kinds and (wanted.event is None or find(request.status, wanted.event, request.kind) is not None)


def title_of(name: str) -> str:
    """What the page is called."""
    return str(_PAGES[name].title)


def _keep(http: HttpRequest, pk: int, name: str) -> HttpResponse | None:
    """Staff whose session ran out while they wrote find it again after signing in."""
    return keep_typed(http, f"write:{pk}:{name}")


@route("<int:pk>/write/<slug:name>/", name="write", before_sign_in=_keep)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def write(http: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A page to write something; with "See the letter" it shows what the person will get, and sends nothing."""
    require(http, WORK)
    request = find_ticket(pk)
    if name not in _PAGES:
        raise Http404
    wanted = _PAGES[name]
    if not may_open(request, name):
        messages.error(http, _("This can't be done with the request as it stands."))
        return back(pk)
    form = wanted.form(request, http.POST if http.method == "POST" else None)
    letter: list[Section] = []
    give_back(http, f"write:{pk}:{name}", form)
    if form.is_valid():
        if "preview" in http.POST and wanted.preview is not None:
            letter = sections_of(wanted.preview(request, form.cleaned_data))
        else:
            try:
                wanted.act(request, form.cleaned_data, Actor.for_user(http.user))
            except PrivacyCenterError as error:
                form.add_error(None, str(error))
            else:
                messages.success(http, wanted.done(request))
                return back(pk)
    context = {
        "title": wanted.title,
        "lead": wanted.lead,
        "item": request,
        "form": form,
        "button": wanted.button,
        "is_barred": http.method != "POST" and name == "review" and _had_a_part(request, http.user.pk),
        "can_preview": wanted.preview is not None,
        "letter": letter,
        "read": _to_read(request, name) if current_look(request, http.user, restricted=is_masked(request)) else [],
    }
    return page(http, "write.html", context, status=422 if form.errors else 200)


def _had_a_part(review: Request, user: int | None) -> bool:
    """Whether somebody decided what is to be reviewed, and so may not decide the review."""
    first = review.follows
    return first is not None and user in deciders_of(first) and not may_decide_as_last_resort(review)


def _to_read(request: Request, name: str) -> list[tuple[str, str]]:
    """What the person wrote, beside what is written to them; only with a look."""
    question = open_question(request) if name == "reply" else None
    rows = [(_("The person wrote"), request.words or ""), (_("We asked"), question.asked.note or "" if question else "")]
    if name == "review" and request.follows is not None:
        rows.append((_("Our letter of the first decision"), request.follows.letter or ""))
    return [(label, words) for label, words in rows if words]


# What takes no words: the verb, and what is said when it is done.
_VERBS: dict[str, tuple[Callable[[Request, HttpRequest, Actor], None], Any]] = {
    "agree": (
        lambda request, http, actor: domain.agree_to_refusal(request, digest=http.POST.get("digest", ""), actor=actor),
        gettext_lazy("The request was refused. The person gets a mail that there is a decision."),
    ),
    "drop": (
        lambda request, http, actor: domain.drop_refusal(request, actor=actor),
        gettext_lazy("The proposed refusal was given back. Nobody was told."),
    ),
    "go-on": (
        lambda request, http, actor: domain.go_on_without_reply(request, actor=actor),
        gettext_lazy("The work goes on without the answer."),
    ),
    "take-up": (
        lambda request, http, actor: domain.take_up(request, actor=actor),
        gettext_lazy("The request was taken up again."),
    ),
}


@route("<int:pk>/answers/<slug:name>/", name="answers")
@require_POST
def do(http: HttpRequest, pk: int, name: str) -> HttpResponse:
    """What takes no words: agree to a refusal or give it back, go on without an answer, take a request up again."""
    require(http, WORK)
    if name not in _VERBS:
        raise Http404
    verb, done = _VERBS[name]
    try:
        verb(find_ticket(pk), http, Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, done)
    return back(pk)


@route("<int:pk>/feedback/<int:feedback_pk>/", name="feedback_outcome")
@require_POST
def outcome(http: HttpRequest, pk: int, feedback_pk: int) -> HttpResponse:
    """Write down what came of an authority's letter."""
    require(http, WORK)
    feedback = get_object_or_404(AuthorityFeedback.objects.select_related("request__subject"), pk=feedback_pk, request_id=pk)
    form = OutcomeForm(http.POST)
    if form.is_valid():
        close_feedback(feedback, outcome=form.cleaned_data["outcome"], actor=Actor.for_user(http.user))
        messages.success(http, _("The outcome was written down."))
    else:
        messages.error(http, _("Choose an outcome."))
    return back(pk)
