"""The plan of an erasure on the ticket: what is done with each source, who signs, what failed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.kernel.sources import OBSTACLES, Treatment
from requests_app.admin.pages import VIEW, back, find_ticket, require
from requests_app.admin.presentation import desk_title
from requests_app.admin.routes import route
from requests_app.domain.erasure import approve_plan, keep_source, plan_again, propose_plan, retry_erasing
from requests_app.domain.people import WORK
from requests_app.enums import ErasureStepStatus, KeepGround, Kind, Status
from requests_app.erasure.certificates import render_certificate, signed
from requests_app.erasure.planning import current_plan
from requests_app.forms import WORDS, refuse_hidden_characters
from requests_app.models import ErasurePlan, ErasureStep, Request
from requests_app.panels import Place, Visitor, add_to_desk
from requests_app.views.certificates import file_response

_TREATMENTS = {
    Treatment.DELETE: gettext_lazy("Delete"),
    Treatment.ANONYMISE: gettext_lazy("Make anonymous"),
    Treatment.RETAIN: gettext_lazy("Keep"),
}
_CHANGES = {
    "new_source": gettext_lazy("new"),
    "gone": gettext_lazy("no longer there"),
    "other_treatment": gettext_lazy("other treatment"),
    "other_count": gettext_lazy("other number of records"),
    "other_identifiers": gettext_lazy("others than before"),
}
_WAITS = {
    "lock": gettext_lazy("Waits: the account changed its sign-in lately, or is frozen."),
    "proof": gettext_lazy("Waits: the proof of who asks does not stand any more. Look at it on this ticket."),
    "notice": gettext_lazy("Waits: the holder of the account was told that somebody acts for them, and has some days to stop it."),
    "stop": gettext_lazy("Waits: all work is stopped."),
    "restriction": gettext_lazy("Waits: since then the person asked that data be kept and not used. End that restriction first."),
    "copy": gettext_lazy("Waits until the person has fetched the copy they asked for first, or its days are over."),
    "source": gettext_lazy("Waits: a source could not be asked."),
}
_PLANNABLE = frozenset({Status.APPROVAL, Status.COOLING, Status.ATTENTION, Status.REOPENED})
_BADGES = {ErasureStepStatus.PENDING: "waiting", ErasureStepStatus.DONE: "success", ErasureStepStatus.FAILED: "error"}


class SignForm(forms.Form):
    """The digest of the plan that was shown: what is signed is this plan and no other."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    sure = forms.BooleanField(label=gettext_lazy("I have looked at every line: nothing goes that must stay, nothing stays that must go"))


class KeepForm(forms.Form):
    """A source to keep, on a ground, with a reason that the person reads, until a day. Without a ground: keep it no longer."""

    source = forms.ChoiceField(label=gettext_lazy("Source"))
    ground = forms.ChoiceField(
        label=gettext_lazy("Ground"), choices=[("", gettext_lazy("Keep it no longer")), *KeepGround.choices], required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The person reads it."),
        max_length=WORDS,
        required=False,
        validators=[refuse_hidden_characters, refuse_card_number],
    )
    until = forms.DateField(label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = sources  # type: ignore[attr-defined]


def _panel(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if request.kind != Kind.ERASURE:
        return None
    plan = current_plan(request)
    if plan is None:
        return {"request": request, "plan": None}
    steps = list(plan.steps.defer("locator"))
    may_sign = visitor.may_work and request.status == Status.APPROVAL and not plan.obstacle
    mine = plan.proposed_by_id is not None and plan.proposed_by_id == visitor.user.pk
    needs_proposal = settings.ERASURE_FOUR_EYES and plan.proposed_by_id is None
    return {
        "request": request,
        "plan": plan,
        "rows": [_row(step) for step in steps if not _is_empty(step)],
        "empty": [desk_title(step.title) for step in steps if _is_empty(step)],
        "number": len(steps),
        "total": sum(step.count for step in steps),
        "changes": [(_title(steps, key), _CHANGES.get(code, code)) for key, code in plan.changes],
        "obstacle": OBSTACLES.get(plan.obstacle, plan.obstacle) if plan.obstacle else "",
        "waits": _WAITS.get(plan.waits_for, ""),
        "propose_form": SignForm(initial={"digest": plan.digest}, auto_id="id_propose_%s") if may_sign and needs_proposal else None,
        "approve_form": SignForm(initial={"digest": plan.digest}, auto_id="id_approve_%s")
        if may_sign and not needs_proposal and not (settings.ERASURE_FOUR_EYES and mine)
        else None,
        "waits_for_second": may_sign and settings.ERASURE_FOUR_EYES and mine,
        "keep_form": KeepForm(sources=_changeable(steps), auto_id="id_keep_%s") if may_sign and _changeable(steps) else None,
        "can_plan_again": visitor.may_work and plan.begun_at is None and request.status in _PLANNABLE,
        "can_retry": visitor.may_work and request.status == Status.ATTENTION and plan.begun_at is not None,
    }


def _is_empty(step: ErasureStep) -> bool:
    """Whether nothing is, was or may be done about it: it is named with the others of its kind."""
    touched = step.count or step.removed or step.anonymised or step.retained or step.remainder
    return not (touched or step.ground or step.error_code)


def _row(step: ErasureStep) -> dict[str, Any]:
    done = ", ".join(
        words % {"count": count}
        for words, count in (
            (_("%(count)d deleted"), step.removed),
            (_("%(count)d made anonymous"), step.anonymised),
            (_("%(count)d kept"), step.retained),
            (_("%(count)d left"), step.remainder),
        )
        if count
    )
    return {
        "step": step,
        "title": desk_title(step.title),
        "treatment": _TREATMENTS.get(Treatment(step.treatment), step.treatment),
        "ground": step.get_ground_display() if step.ground else "",
        "badge": _BADGES[ErasureStepStatus(step.status)],
        "done": done,
    }


def _title(steps: list[ErasureStep], key: str) -> str:
    if not key:
        return _("What the person is known by (addresses, numbers)")
    return next((desk_title(step.title) for step in steps if step.source_key == key), key)


def _changeable(steps: list[ErasureStep]) -> list[tuple[str, str]]:
    return [(step.source_key, desk_title(step.title)) for step in steps if step.treatment != Treatment.RETAIN or step.ground]


add_to_desk("erasure", template="admin/requests_app/request/erasure_panel.html", context=_panel, place=Place.WORK, order=10)


def _plan_of(pk: int) -> ErasurePlan:
    plan = current_plan(find_ticket(pk))
    if plan is None:
        raise Http404
    return plan


@route("<int:pk>/erasure/propose/", name="erasure_propose")
@require_POST
def propose(http: HttpRequest, pk: int) -> HttpResponse:
    """Sign as the first."""
    return _sign(http, pk, propose_plan, _("Proposed. A colleague has to approve it."))


@route("<int:pk>/erasure/approve/", name="erasure_approve")
@require_POST
def approve(http: HttpRequest, pk: int) -> HttpResponse:
    """Sign as the second, or alone where the setting lets."""
    return _sign(http, pk, approve_plan, _("Approved. The person can stop it for some days; then it is done by itself."))


def _sign(http: HttpRequest, pk: int, verb: Any, words: str) -> HttpResponse:
    require(http, WORK)
    form = SignForm(http.POST)
    if not form.is_valid():
        messages.error(http, _("Nothing was done: tick the box above the button first."))
        return back(pk)
    try:
        verb(_plan_of(pk), digest=form.cleaned_data["digest"], actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, words)
    return back(pk)


@route("<int:pk>/erasure/keep/", name="erasure_keep")
@require_POST
def keep(http: HttpRequest, pk: int) -> HttpResponse:
    """Keep what a source holds, or no longer."""
    require(http, WORK)
    plan = _plan_of(pk)
    form = KeepForm(http.POST, sources=_changeable(list(plan.steps.defer("locator"))))
    if not form.is_valid():
        messages.error(http, _("Nothing was changed: choose a source, a ground, a reason and a day."))
        return back(pk)
    try:
        keep_source(plan, **form.cleaned_data, actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    else:
        messages.success(http, _("Changed. The plan has to be signed anew."))
    return back(pk)


@route("<int:pk>/erasure/again/", name="erasure_again")
@require_POST
def again(http: HttpRequest, pk: int) -> HttpResponse:
    """Ask every source anew."""
    require(http, WORK)
    return _move(http, pk, plan_again)


@route("<int:pk>/erasure/retry/", name="erasure_retry")
@require_POST
def retry(http: HttpRequest, pk: int) -> HttpResponse:
    """Go on with an erasure of which a part failed."""
    require(http, WORK)
    return _move(http, pk, retry_erasing)


def _move(http: HttpRequest, pk: int, verb: Any) -> HttpResponse:
    try:
        verb(find_ticket(pk), actor=Actor.for_user(http.user))
    except PrivacyCenterError as error:
        messages.error(http, str(error))
    return back(pk)


@route("<int:pk>/erasure/certificate.<slug:form>", name="erasure_certificate")
@never_cache
@require_safe
def certificate(http: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The certificate, as PDF or with its signature as JSON. It holds nothing of the person."""
    require(http, VIEW)
    plan = _plan_of(pk)
    if plan.finished_at is None or form not in {"pdf", "json"}:
        raise Http404
    ref = plan.request.ref
    if form == "pdf":
        return file_response(render_certificate(plan), "application/pdf", f"{ref}-erasure.pdf")
    return file_response(signed(plan), "application/json", f"{ref}-erasure.json")
