"""On the person's page: what is restricted since when and why, what they objected to and where it stands, what they took back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from requests_app.enums import Kind, Status
from requests_app.forms import WordsForm
from requests_app.limits.enums import Ground
from requests_app.limits.queries import objected_in, restricted_of, withdrawn_by
from requests_app.limits.withdrawing import in_words
from requests_app.models import Request
from requests_app.panels import add_to_person
from requests_app.queries import account_of


def _restriction(request: Request) -> dict[str, Any] | None:
    if request.kind not in {Kind.RESTRICTION, Kind.CHILD} or request.subject is None:
        return None
    ground = request.choices.get("ground", "")
    return {
        "lines": restricted_of(request.subject, ref=request.ref),
        "ground": Ground(ground).label if ground in Ground.values else "",
        "is_open": request.is_open,
        "is_child_report": request.kind == Kind.CHILD,
    }


def _objection(request: Request) -> dict[str, Any] | None:
    if request.kind != Kind.OBJECTION:
        return None
    return {
        "lines": objected_in(request),
        "marketing": bool(request.choices.get("marketing")),
        "is_open": request.is_open,
    }


def _withdrawal(request: Request) -> dict[str, Any] | None:
    if request.kind != Kind.WITHDRAWAL or request.is_open or request.verified_at is None:
        return None
    return {"lines": in_words(withdrawn_by(request)), "has_account": account_of(request.subject) is not None}


def _child(request: Request) -> dict[str, Any] | None:
    if request.kind != Kind.CHILD or request.status != Status.TRIAGE:
        return None
    label = _("How is it?")
    hint = _("Tell us if you are 16 or older, or that it is as we were told. No document is needed.")
    return {"item": request, "said": request.words or "", "form": WordsForm(label=label, help_text=hint)}


add_to_person("limits_restriction", template="requests_app/panels/restriction.html", context=_restriction, order=20)
add_to_person("limits_objection", template="requests_app/panels/objection.html", context=_objection, order=21)
add_to_person("limits_withdrawal", template="requests_app/panels/withdrawal.html", context=_withdrawal, order=22)
add_to_person("limits_child", template="requests_app/panels/child_answer.html", context=_child, order=23)
