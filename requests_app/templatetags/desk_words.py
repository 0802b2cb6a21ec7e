"""Words of the desk: those of the pages speak to the person."""

from __future__ import annotations

from django import template

from requests_app.admin.presentation import FOR_WHOM, KINDS, desk_title, state_word
from requests_app.enums import Behalf, Kind
from requests_app.models import Request, Step

register = template.Library()


@register.filter
def desk_kind(request: Request) -> str:
    """The right that is used."""
    return str(KINDS[Kind(request.kind)])


@register.filter
def desk_behalf(request: Request) -> str:
    """For whom it is asked."""
    return str(FOR_WHOM[Behalf(request.behalf)])


@register.filter
def desk_state(request: Request) -> str:
    """The state, or how it ended."""
    return state_word(request)


@register.filter
def desk_source(step: Step) -> str:
    """The title of a source."""
    return desk_title(step.title)
