"""Sections that a right or a tool of the desk adds to the page of a request: the person's, and the ticket of the desk.

A module of `requests_app.admin.panels` or `requests_app.views.panels` registers its own, so that neither page knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.forms import Form

from accounts.models import User
from requests_app.models import Look, Request


class Place(StrEnum):
    """Where a section stands on the ticket."""

    FACTS = "facts"
    WORK = "work"
    CLOCK = "clock"  # the clock and what can be done


@dataclass(frozen=True)
class Visitor:
    """Who looks at a ticket. Nothing personal is shown without a look."""

    user: User | AnonymousUser
    look: Look | None
    may_work: bool
    typed: Form | None = None  # what they sent that could not be taken, with what was wrong


# Answers what the template gets as `panel`, or None where the section has nothing to say.
DeskContext = Callable[[Request, Visitor], dict[str, Any] | None]
PersonContext = Callable[[Request], dict[str, Any] | None]


@dataclass(frozen=True)
class _Panel:
    key: str
    template: str
    context: Callable[..., dict[str, Any] | None]
    order: int
    place: Place | None = None


_desk: dict[str, _Panel] = {}
_person: dict[str, _Panel] = {}


def add_to_desk(key: str, *, template: str, context: DeskContext, place: Place, order: int = 100) -> None:
    """Add a section to the ticket. Raises ImproperlyConfigured for a key that stands already."""
    _add(_desk, _Panel(key, template, context, order, place))


def add_to_person(key: str, *, template: str, context: PersonContext, order: int = 100) -> None:
    """Add a section to the page that the person has of their request. Raises ImproperlyConfigured for a key that stands already."""
    _add(_person, _Panel(key, template, context, order))


def desk_panels(request: Request, visitor: Visitor) -> dict[str, list[dict[str, Any]]]:
    """The sections of a ticket by place, in order."""
    found: dict[str, list[dict[str, Any]]] = {place.value: [] for place in Place}
    for panel in sorted(_desk.values(), key=lambda panel: (panel.order, panel.key)):
        values = panel.context(request, visitor)
        if values is not None and panel.place is not None:
            found[panel.place.value].append({"key": panel.key, "template": panel.template, **values})
    return found


def person_panels(request: Request) -> list[dict[str, Any]]:
    """The sections of the person's page, in order."""
    shown = ((panel, panel.context(request)) for panel in sorted(_person.values(), key=lambda panel: (panel.order, panel.key)))
    return [{"key": panel.key, "template": panel.template, **values} for panel, values in shown if values is not None]


def _add(panels: dict[str, _Panel], panel: _Panel) -> None:
    if panel.key in panels:
        raise ImproperlyConfigured(f"panel {panel.key} is registered twice")
    panels[panel.key] = panel
