"""The registry of rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from privacycenter.kernel.actor import Actor
from requests_app.enums import Kind
from requests_app.errors import NotAChoice, UnknownRight
from requests_app.models import Request


@dataclass(frozen=True)
class Asked:
    """What somebody says when they file: free words (encrypted at rest), and `choices`, which hold codes only, no personal data."""

    words: str = ""
    choices: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Right:
    """One right. Words are lazy translations; `get` says what the person gets, line by line, before anything is sent."""

    kind: Kind
    title: Any  # the person's task: "Get a copy of your data"
    question: Any  # how the list of rights asks: "I want to know what you hold about me"
    explanation: Any
    example: Any
    gets: tuple[Any, ...]
    # In the transaction of the proof, after the move: order the work.
    on_proven: Callable[[Request, Actor], None]
    # In the transaction of an answer that leads the request back into its work: order that work, where none waits for staff.
    on_replied: Callable[[Request, Actor], None] | None = None
    # In the transaction in which it ends without being granted (refused, withdrawn): end what was begun for it.
    on_ended: Callable[[Request, Actor], None] | None = None
    # What is asked beside the identity; None where nothing is. Its `asked()` answers an Asked.
    form: Callable[..., forms.Form] | None = None
    # Of what others file (staff, another system): checks what they say beside the words and answers it. Raises NotAChoice. None where
    # words are all that is asked.
    choices: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    # What was chosen, in words, for whoever confirms what others filed for them.
    in_words: Callable[[Request], list[str]] | None = None
    # What staff fill in for it beside the words. Its `given()` answers what `choices` checks.
    desk_form: Callable[..., forms.Form] | None = None
    button: Any = ""
    order: int = 100
    needs_account: bool = False
    filed_at: str = ""  # name of the page where this right is used, where that is not the page that files the others
    is_listed: bool = True  # on the page that asks which right; others are reached from where they belong


_rights: dict[Kind, Right] = {}


def register(right: Right) -> Right:
    """Add a right. Raises ImproperlyConfigured where its kind has one."""
    if right.kind in _rights:
        raise ImproperlyConfigured(f"right {right.kind} is registered twice")
    _rights[right.kind] = right
    return right


def all_rights() -> list[Right]:
    """Every right, in the order in which they are offered."""
    return sorted(_rights.values(), key=lambda right: (right.order, right.kind))


def right_for(kind: str) -> Right:
    """The right of this kind. Raises UnknownRight."""
    found = _rights.get(Kind(kind)) if kind in Kind.values else None
    if found is None:
        raise UnknownRight
    return found


def chosen_in_words(request: Request) -> list[str]:
    """What a request asks beside its words, line by line."""
    right = right_for(request.kind)
    return right.in_words(request) if right.in_words is not None else []


def choices_of(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What others say that a person chose, checked by the right. Raises UnknownRight, NotAChoice."""
    right = right_for(kind)
    if right.choices is not None:
        return right.choices(given)
    for name, value in given.items():
        if value:
            raise NotAChoice(name, _("This right takes no such choice."))
    return {}


def reply_of(request: Request, actor: Actor) -> None:
    """Do what the right of this request does once an answer of the person led it back into its work."""
    right = _rights.get(Kind(request.kind))
    if right is not None and right.on_replied is not None:
        right.on_replied(request, actor)


def end_of(request: Request, actor: Actor) -> None:
    """Do what the right of this request does when it ends without being granted."""
    right = _rights.get(Kind(request.kind))
    if right is not None and right.on_ended is not None:
        right.on_ended(request, actor)
