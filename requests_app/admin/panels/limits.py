"""The desk's part in limits: grant a restriction and end it, weigh an objection, decide about a child."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from privacycenter.datamap.enums import RecordCategory
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.admin.drafts import give_back, keep_typed
from requests_app.admin.pages import back, find_ticket, page, require
from requests_app.admin.routes import route
from requests_app.domain.people import WORK
from requests_app.enums import Kind, Status
from requests_app.limits.children import DECIDE, decide_child
from requests_app.limits.enums import AT_ONCE, Ground
from requests_app.limits.forms import BalanceForm, ChildForm, GrantForm, LiftForm
from requests_app.limits.lifting import order_lift
from requests_app.limits.objecting import decide_objection
from requests_app.limits.queries import objected_in, restricted_of, withdrawal_in_words, withdrawn_by
from requests_app.limits.restricting import categories_of, grant_restriction
from requests_app.models import Request
from requests_app.panels import Place, Visitor, add_to_desk


def _restriction(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if request.kind != Kind.RESTRICTION:
        return None
    lines = restricted_of(request.subject, ref=request.ref) if request.subject is not None else []
    ground, labels = request.choices.get("ground", ""), dict(RecordCategory.choices)
    may_lift = visitor.may_work and not request.is_open and any(line.ends_at is None for line in lines)
    return {
        "request": request,
        "ground": Ground(ground).label if ground in Ground.values else "",
        "is_at_once": ground in AT_ONCE,
        "asked": [labels.get(key, key) for key in categories_of(request)],
        "words": request.words if visitor.look else "",
        "has_words": bool(request.words),
        "lines": lines,
        "form": _grant_form(request) if visitor.may_work and request.status == Status.TRIAGE else None,
        "lift_form": LiftForm(auto_id="id_lift_%s") if may_lift else None,
    }


def _objection(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if request.kind != Kind.OBJECTION:
        return None
    return {
        "request": request,
        "lines": objected_in(request),
        "marketing": bool(request.choices.get("marketing")),
        "is_proven": request.verified_at is not None,
        "words": request.words if visitor.look else "",
        "has_words": bool(request.words),
        "form": _balance_form(request) if visitor.may_work and request.status == Status.TRIAGE else None,
    }


def _withdrawal(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if request.kind != Kind.WITHDRAWAL or request.is_open:
        return None
    return {"count": len(withdrawn_by(request)), "is_proven": request.verified_at is not None, "asked": withdrawal_in_words(request)}


def _child(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if request.kind != Kind.CHILD or request.subject is None:
        return None
    reports = list(request.child_reports.order_by("pk"))
    may_decide = visitor.user.has_perm(DECIDE)
    return {
        "request": request,
        "reports": reports,
        "lines": restricted_of(request.subject, ref=request.ref),
        "has_answer": bool(request.words),
        "words": request.words if visitor.look else "",
        "form": ChildForm(auto_id="id_child_%s") if may_decide and request.status == Status.TRIAGE else None,
        "may_decide": may_decide,
        "is_open": request.is_open,
    }


def _grant_form(request: Request, data: Any = None) -> GrantForm:
    asked = categories_of(request)
    return GrantForm(data, asked=asked, auto_id="id_grant_%s")


def _balance_form(request: Request, data: Any = None) -> BalanceForm:
    return BalanceForm(data, purposes=[(line.key, line.title) for line in objected_in(request)], auto_id="id_balance_%s")


@dataclass(frozen=True)
class _Step:
    """One thing that the desk does about a limit: who may, when, what is filled in, and what is done with it."""

    name: str
    title: Any
    button: Any
    done: Any
    permission: str
    is_due: Callable[[Request], bool]
    form: Callable[[Request, Any], forms.Form]
    act: Callable[[Request, Any, Actor], object]


_STEPS = {
    step.name: step
    for step in (
        _Step(
            "restrict",
            gettext_lazy("Grant the restriction"),
            gettext_lazy("Grant the restriction"),
            gettext_lazy("Restricted. The person has your reasoning on their page."),
            WORK,
            lambda request: request.kind == Kind.RESTRICTION and request.status == Status.TRIAGE,
            lambda request, data: _grant_form(request, data),
            lambda request, form, actor: grant_restriction(request, **form.cleaned_data, actor=actor),
        ),
        _Step(
            "lift",
            gettext_lazy("End the restriction"),
            gettext_lazy("Tell the person and end it"),
            gettext_lazy("The person is told now. It ends on the day they read, not before."),
            WORK,
            lambda request: request.kind == Kind.RESTRICTION and not request.is_open,
            lambda request, data: LiftForm(data, auto_id="id_lift_%s"),
            lambda request, form, actor: order_lift(request, **form.cleaned_data, actor=actor),
        ),
        _Step(
            "balance",
            gettext_lazy("Decide about the objection"),
            gettext_lazy("Decide"),
            gettext_lazy("Decided. The person has your reasoning on their page."),
            WORK,
            lambda request: request.kind == Kind.OBJECTION and request.status == Status.TRIAGE,
            lambda request, data: _balance_form(request, data),
            lambda request, form, actor: decide_objection(request, balances=form.balances, letter=form.cleaned_data["letter"], actor=actor),
        ),
        _Step(
            "child",
            gettext_lazy("Decide about the account"),
            gettext_lazy("Decide"),
            gettext_lazy("Decided. What follows from it is under way."),
            DECIDE,
            lambda request: request.kind == Kind.CHILD and request.status == Status.TRIAGE,
            lambda request, data: ChildForm(data, auto_id="id_child_%s"),
            lambda request, form, actor: decide_child(
                request, is_child=form.cleaned_data["verdict"] == "child", letter=form.cleaned_data["letter"], actor=actor
            ),
        ),
    )
}


def _keep(http: HttpRequest, pk: int, name: str) -> HttpResponse | None:
    """Staff whose session ran out while they wrote find it again after signing in."""
    return keep_typed(http, f"limit:{pk}:{name}")


@route("<int:pk>/limit/<slug:name>/", name="limit", before_sign_in=_keep)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def limit(http: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Do what was filled in on the ticket; where that can't be, show it again with what was typed."""
    step = _STEPS.get(name)
    if step is None:
        raise Http404
    require(http, step.permission)
    request = find_ticket(pk)
    if not step.is_due(request):
        messages.error(http, _("This can't be done with the request as it stands."))
        return back(pk)
    form = step.form(request, http.POST if http.method == "POST" else None)
    give_back(http, f"limit:{pk}:{name}", form)
    if form.is_valid():
        try:
            step.act(request, form, Actor.for_user(http.user))
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            messages.success(http, step.done)
            return back(pk)
    context = {"title": step.title, "form": form, "item": request, "button": step.button}
    return page(http, "step.html", context, status=422 if http.method == "POST" else 200)


_PLACE = "admin/requests_app/request/"
add_to_desk("limits_restriction", template=_PLACE + "restriction_panel.html", context=_restriction, place=Place.WORK, order=20)
add_to_desk("limits_objection", template=_PLACE + "objection_panel.html", context=_objection, place=Place.WORK, order=20)
add_to_desk("limits_withdrawal", template=_PLACE + "withdrawal_panel.html", context=_withdrawal, place=Place.WORK, order=20)
add_to_desk("limits_child", template=_PLACE + "child_panel.html", context=_child, place=Place.WORK, order=20)
