"""Saying what is wrong: among one's own records, field by field, gathered until they are sent; and notes on what was not accepted."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.stepup import require_fresh_login
from privacycenter.datamap.enums import RecordCategory
from privacycenter.kernel.sources import UnknownSource, registry
from requests_app.correction.annotations import annotate, may_be_noted
from requests_app.correction.errors import AlreadyNoted, CannotCorrect
from requests_app.correction.forms import WORDS_LENGTH, ProposalForm, given_back, initial_of, kept
from requests_app.correction.proposing import drafts_of, fill_in, held_value, propose, proposed_value
from requests_app.correction.reading import find_source, holdings, page_of
from requests_app.correction.values import words
from requests_app.domain.people import actor_for
from requests_app.enums import Kind
from requests_app.errors import IllegalMove, ReasonMissing, TooLong
from requests_app.forms import WordsForm
from requests_app.models import Correction, Request
from requests_app.queries import lock_on
from requests_app.references import tidy_reference
from requests_app.views.access import find_request, keep_draft, may_see, person, take_draft
from requests_app.views.own import entry

MOST_PAGES = 10_000


@never_cache
@login_required
@require_safe
def choose(http: HttpRequest) -> HttpResponse:
    """Where is it? The sources that hold something about the person, by category."""
    found: dict[str, list[object]] = {}
    for holding in holdings(_user(http).subject):
        found.setdefault(str(RecordCategory(holding.description.category).label), []).append(holding)
    return render(http, "requests_app/correcting/choose.html", {"categories": found, "drafts": drafts_of(_user(http).subject)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require_fresh_login
def records(http: HttpRequest, source: str) -> HttpResponse:
    """One's own records of a source, page by page; what is pressed beside a value begins a correction of it.

    Shown after a fresh sign-in only, and not while the account is locked: these are the values that a copy would hold.
    """
    subject = _user(http).subject
    try:
        title = registry.get(source).describe().title
    except UnknownSource as error:
        raise Http404 from error
    if lock_on(subject, "") is not None:
        return render(http, "requests_app/correcting/locked.html", {"title": title})
    try:
        if http.method == "POST":
            draft = propose(subject, source=source, record_key=http.POST.get("record", ""), field=http.POST.get("field", ""))
            return redirect("requests:correct_item", draft.pk)
        page = page_of(find_source(source), subject, _number(http))
    except CannotCorrect as error:
        if http.method == "POST":
            messages.error(http, str(error))
            return redirect("requests:correct_source", source)
        return render(http, "requests_app/correcting/records.html", {"title": title, "problem": str(error)}, status=503)
    context = {"title": title, "page": page, "previous": page.number - 1, "next": page.number + 1, "source": source}
    return render(http, "requests_app/correcting/records.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def item(http: HttpRequest, pk: int) -> HttpResponse:
    """What should it be, and why. What was typed when the session had ended comes back after signing in."""
    if not http.user.is_authenticated:
        typed = kept(http.POST.dict(), "value", "reason")
        too_long = keep_draft(http, f"correct:{pk}", typed) if http.method == "POST" else None
        return too_long or redirect_to_login(http.get_full_path())
    return _item(http, pk)


@require_fresh_login
def _item(http: HttpRequest, pk: int) -> HttpResponse:
    subject = _user(http).subject
    draft = get_object_or_404(Correction.objects.filter(subject=subject), pk=pk)
    if lock_on(subject, "") is not None:
        return render(http, "requests_app/correcting/locked.html", {"title": draft.title})
    held = held_value(draft)
    form = ProposalForm(
        http.POST if http.method == "POST" else None,
        held=held,
        kind=draft.kind,
        initial=initial_of(draft, held, proposed_value(draft)) | given_back(take_draft(http, f"correct:{pk}")),
    )
    if http.method == "POST" and form.is_valid():
        try:
            fill_in(draft, value=form.value(), reason=form.cleaned_data["reason"], actor=actor_for(subject))
        except CannotCorrect as error:
            form.add_error(None, str(error))
        else:
            messages.success(http, _("Noted. Add more, or send the request when you have everything."))
            return redirect(f"{reverse('requests:new')}?kind={Kind.RECTIFICATION}")
    context = {"draft": draft, "form": form, "held": words(held)}
    return render(http, "requests_app/correcting/item.html", context, status=422 if form.is_bound else 200)


@never_cache
@login_required
@require_POST
def remove(http: HttpRequest, pk: int) -> HttpResponse:
    """Take a draft out of what was gathered."""
    get_object_or_404(Correction.objects.filter(subject=_user(http).subject), pk=pk).delete()
    messages.success(http, _("Removed from what you gathered."))
    return redirect(f"{reverse('requests:new')}?kind={Kind.RECTIFICATION}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def note(http: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Leave a note beside data that was not changed."""
    if tidy_reference(ref) != ref:
        raise Http404
    key = f"note:{ref}:{pk}"
    if http.method == "POST" and not may_see(http, ref) and not http.user.is_authenticated:
        too_long = keep_draft(http, key, http.POST.get("words", ""))
        return too_long or entry(http, ref, problem=_("You were signed out. Your words are kept: sign in again, then send them."))
    request = find_request(http, ref)
    correction = get_object_or_404(Correction.objects.filter(request=request), pk=pk)
    if not may_be_noted(request, correction):
        messages.info(http, _("You can leave a note once we have answered, beside what was not changed."))
        return redirect("requests:detail", ref)
    form = WordsForm(
        http.POST or None,
        initial={"words": take_draft(http, key)},
        max_length=WORDS_LENGTH,
        label=_("Your note"),
        help_text=_("Say how it is in your view. Whoever gets the data gets your note with it."),
    )
    if http.method == "POST" and form.is_valid():
        try:
            return _leave_note(http, request, correction, form.cleaned_data["words"])
        except (ReasonMissing, TooLong) as error:
            form.add_error("words", str(error))
    context = {"item": request, "correction": correction, "form": form}
    return render(http, "requests_app/correcting/note.html", context, status=422 if form.is_bound else 200)


def _leave_note(http: HttpRequest, request: Request, correction: Correction, text: str) -> HttpResponse:
    try:
        annotate(request, correction, text=text, actor=person(http, request))
    except (AlreadyNoted, IllegalMove) as error:
        messages.info(http, str(error))
    else:
        messages.success(http, _("Your note stands beside the data now."))
    return redirect("requests:detail", request.ref)


def _user(http: HttpRequest) -> User:
    return cast("User", http.user)


def _number(http: HttpRequest) -> int:
    """The page that is asked for; the first one for anything that is none."""
    text = http.GET.get("page", "1")
    return min(int(text), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 7 and int(text) > 0 else 1
