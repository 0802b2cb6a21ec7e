"""What staff had typed into a form when their session was over: it comes back after they have signed in again."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from requests_app.views.access import keep_draft, take_draft


def keep_typed(http: HttpRequest, what: str) -> HttpResponse | None:
    """Keep every field of a form that was sent without being signed in. Answers a page that gives it back where it is too long."""
    if http.method != "POST":
        return None
    typed = {name: values for name, values in http.POST.lists() if name != "csrfmiddlewaretoken"}
    shown = "\n\n".join(value for values in typed.values() for value in values)
    return keep_draft(http, what, json.dumps(typed, ensure_ascii=False), shown=shown)


def give_back(http: HttpRequest, what: str, form: forms.BaseForm) -> None:
    """Fill what was kept into a form that nothing was typed into yet."""
    fill(form, take_typed(http, what))


def take_typed(http: HttpRequest, what: str) -> dict[str, list[Any]]:
    """The values of each field that was kept; for the last time where a form is sent."""
    text = take_draft(http, what)
    typed: dict[str, list[Any]] = json.loads(text) if text else {}
    return typed


def fill(form: forms.BaseForm, typed: dict[str, list[Any]]) -> None:
    """Let a form begin with what was typed into it before."""
    for name, field in form.fields.items():
        values = typed.get(form.add_prefix(name), [])
        if values:
            form.initial[name] = values if isinstance(field, forms.MultipleChoiceField) else values[-1]
