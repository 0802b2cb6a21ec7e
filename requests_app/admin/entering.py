"""Typing in what came by mail, phone or letter, and saying how it was seen whose it is."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms.base import country_field
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.kernel.normalise import MAX_LENGTH, IdentifierKind
from privacycenter.subjects.enums import IDENTIFIER_CHOICES
from requests_app.admin.drafts import fill, give_back, keep_typed, take_typed
from requests_app.admin.pages import back, find_ticket, page, require
from requests_app.admin.presentation import KINDS
from requests_app.admin.routes import route
from requests_app.behalf.errors import ACCOUNT_WHYS, NotReady
from requests_app.behalf.forms import NAME_LENGTH, despite_account_field
from requests_app.domain.entering import enter_request, prove_by_staff
from requests_app.domain.people import WORK
from requests_app.domain.representing import CAPACITIES
from requests_app.enums import Behalf, Channel, Kind, ProofMethod, Status
from requests_app.forms import refuse_hidden_characters
from requests_app.models import Request
from requests_app.panels import Place, Visitor, add_to_desk
from requests_app.rights import all_rights, right_for


def _offered() -> list[tuple[str, Any]]:
    return [(right.kind.value, KINDS[right.kind]) for right in all_rights() if right.kind in Kind.FILED_BY_OTHERS]


class RightForm(forms.Form):
    """Which right was asked for: what else has to be typed in depends on it."""

    kind = forms.ChoiceField(label=gettext_lazy("Right"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", gettext_lazy("Choose …")), *_offered()]  # type: ignore[attr-defined]


class EnterForm(forms.Form):
    """What came, how, and when."""

    channel = forms.ChoiceField(
        label=gettext_lazy("How it came"), choices=[(value, Channel(value).label) for value in Channel.BY_STAFF], widget=forms.RadioSelect
    )
    received_on = forms.DateField(
        label=gettext_lazy("Day it came"),
        help_text=gettext_lazy("The deadline counts from this day."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Right"))
    behalf = forms.ChoiceField(
        label=gettext_lazy("For whom"),
        choices=[
            (Behalf.SELF, gettext_lazy("For themselves")),
            (Behalf.CHILD, gettext_lazy("For their child, as its guardian")),
            (Behalf.AGENT, gettext_lazy("For somebody who asked them to")),
            (Behalf.DECEASED, gettext_lazy("For somebody who has died")),
        ],
    )
    words = forms.CharField(
        label=gettext_lazy("What they asked, in their words"),
        max_length=10_000,
        required=False,
        validators=[refuse_hidden_characters, refuse_card_number],
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    address = forms.EmailField(
        label=gettext_lazy("Their e-mail address"),
        required=False,
        max_length=254,
        validators=[refuse_card_number],
    )
    country = country_field()
    language = forms.ChoiceField(label=gettext_lazy("Language of our answer"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].required = False
        self.fields["address"].help_text = _(
            "Its owner is mailed and can confirm the request. Leave it empty where you prove it in another way, as for somebody else."
        )
        self.fields["kind"].choices = _offered()  # type: ignore[attr-defined]


class ProveForm(forms.Form):
    """Whose request it is, and how that was seen."""

    identifier_kind = forms.ChoiceField(label=gettext_lazy("Known to us by"), choices=IDENTIFIER_CHOICES, initial=IdentifierKind.EMAIL)
    identifier = forms.CharField(label=gettext_lazy("Address, number or name"), max_length=MAX_LENGTH, validators=[refuse_card_number])
    contact = forms.EmailField(
        label=gettext_lazy("Where our answer goes"),
        help_text=gettext_lazy("Leave it empty to use what is on file."),
        required=False,
        max_length=254,
        validators=[refuse_card_number],
    )
    method = forms.ChoiceField(label=gettext_lazy("How you saw that it is them"), choices=ProofMethod.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=gettext_lazy("What exactly you saw"),
        help_text=gettext_lazy("For colleagues. Copy no numbers of documents."),
        max_length=2_000,
        validators=[refuse_hidden_characters, refuse_card_number],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    # Of a request for somebody else.
    requester_name = forms.CharField(
        label=gettext_lazy("Name of the one who asks"),
        help_text=gettext_lazy("The person for whom they ask sees it, where they have an account."),
        max_length=NAME_LENGTH,
        validators=[refuse_hidden_characters, refuse_card_number],
    )
    capacity = forms.ChoiceField(label=gettext_lazy("What lets them ask"), widget=forms.RadioSelect)
    born_on = forms.DateField(
        label=gettext_lazy("Day on which the child was born"),
        help_text=gettext_lazy("Only the day on which it comes of age is kept: from then on it asks for itself."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, behalf: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if behalf == Behalf.SELF:
            del self.fields["requester_name"], self.fields["capacity"]
        else:
            self.fields["capacity"].choices = [(each.value, each.label) for each in CAPACITIES[behalf]]  # type: ignore[attr-defined]
        if behalf != Behalf.CHILD:
            del self.fields["born_on"]


def _keep_entered(http: HttpRequest) -> HttpResponse | None:
    """Staff whose session ran out while they typed find it again after signing in."""
    return keep_typed(http, "enter")


@route("enter/", name="enter", before_sign_in=_keep_entered)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(http: HttpRequest) -> HttpResponse:
    """Type in a request. What else its right asks is shown once the right is known; nothing is entered before that was seen."""
    require(http, WORK)
    typed = take_typed(http, "enter")
    if http.method != "POST":
        return _blank(http, typed)
    form, more = EnterForm(http.POST), _more(http.POST.get("kind", ""), http.POST)
    is_new = more is not None and http.POST.get("asked_for") != http.POST.get("kind")
    if is_new:
        more = _more(http.POST.get("kind", ""))
    bound = [each for each in (form, more) if each is not None and each.is_bound]
    if [each for each in bound if not each.is_valid()]:  # each is asked, so that all their errors show
        return _entry(http, form, more, status=422)
    if is_new:
        messages.info(http, _("Not entered yet: this right asks a little more. It stands at the end of the form."))
        return _entry(http, form, more)
    try:
        given = cast("Any", more).given() if more is not None else {}
        request = enter_request(**form.cleaned_data, choices=given, actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        form.add_error(None, str(error))
        return _entry(http, form, more, status=422)
    messages.success(http, _("Request %(ref)s is entered. It waits to be proven.") % {"ref": request.ref})
    return redirect("admin:requests_app_request_change", request.pk)


def _blank(http: HttpRequest, typed: dict[str, list[Any]]) -> HttpResponse:
    """Which right it is; then an empty form for it, or what was typed before the session ended. Another page may name the right."""
    kind = str(typed.get("kind", [http.GET.get("kind", "")])[-1])
    if not typed and kind not in dict(_offered()):
        return page(http, "enter_right.html", {"title": _("Enter a request"), "form": RightForm()})
    form, more = EnterForm(initial={"received_on": timezone.localdate(clock.now()), "language": "en", "kind": kind}), _more(kind)
    for each in (form, more):
        if each is not None:
            fill(each, typed)
    return _entry(http, form, more)


def _more(kind: str, data: Any = None) -> forms.Form | None:
    """What a right asks beside the words; None where that is all."""
    right = right_for(kind) if kind in Kind.FILED_BY_OTHERS else None
    return right.desk_form(data, prefix="asked") if right is not None and right.desk_form is not None else None


def _entry(http: HttpRequest, form: EnterForm, more: forms.Form | None, *, status: int = 200) -> HttpResponse:
    kind = str(form["kind"].value() or "")
    context = {"title": _("Enter a request"), "form": form, "more": more, "asked_for": kind if more is not None else ""}
    if more is not None:
        context["right"] = KINDS[Kind(kind)]
    return page(http, "enter.html", context, status=status)


def _keep_proof(http: HttpRequest, pk: int) -> HttpResponse | None:
    return keep_typed(http, f"prove:{pk}")


@route("<int:pk>/prove/", name="prove", before_sign_in=_keep_proof)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def prove(http: HttpRequest, pk: int) -> HttpResponse:
    """Say whose request it is; where that can't be, show it again with what was typed."""
    require(http, WORK)
    request = find_ticket(pk)
    if not _waits_for_proof(request):
        messages.error(http, _("This can't be done with the request as it stands."))
        return back(pk)
    form = ProveForm(http.POST if http.method == "POST" else None, behalf=request.behalf, auto_id="id_prove_%s")
    give_back(http, f"prove:{pk}", form)
    if form.is_valid():
        try:
            despite_account = http.POST.get("despite_account") == "on"
            prove_by_staff(request, **form.cleaned_data, despite_account=despite_account, actor=Actor.for_user(http.user))
        except PrivacyCenterError as error:
            if isinstance(error, NotReady) and error.why in ACCOUNT_WHYS:
                form.fields["despite_account"] = despite_account_field()
            form.add_error(None, str(error))
        else:
            messages.success(http, _("Proven. The work has begun."))
            return back(pk)
    context = {"title": _("Say whose request it is"), "form": form, "item": request, "button": _("It is them: begin the work")}
    return page(http, "step.html", context, status=422 if http.method == "POST" else 200)


def _waits_for_proof(request: Request) -> bool:
    return request.status == Status.RECEIVED and request.channel in Channel.BY_STAFF


def _panel(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if not _waits_for_proof(request):
        return None
    form = ProveForm(behalf=request.behalf, auto_id="id_prove_%s") if visitor.may_work else None
    return {"request": request, "form": form, "waits_for_mail": request.proofs.exists()}


add_to_desk("proof", template="admin/requests_app/request/proof_panel.html", context=_panel, place=Place.WORK, order=5)
