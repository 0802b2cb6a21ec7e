"""What the present decision about a request says of its limits: which of them end. The last decision counts, and no earlier one."""

from __future__ import annotations

from collections.abc import Iterable

from privacycenter.kernel.sources import registry
from requests_app.enums import Kind, Outcome, Status
from requests_app.limits.enums import Balance
from requests_app.models import Request


def sources_in(categories: Iterable[str]) -> list[str]:
    """The keys of the sources in these categories."""
    wanted = set(categories)
    return [source.describe().key for source in registry.all() if source.describe().category in wanted]


def freed_sources(request: Request, held: Iterable[str]) -> list[str]:
    """Of what a request restricts (`held`, keys; an empty one for everything), that which its decision does not keep restricted."""
    if request.status != Status.CLOSED:
        return []
    if request.outcome in {Outcome.REFUSED, Outcome.WITHDRAWN}:
        return list(held)
    if request.kind == Kind.CHILD:
        return list(held) if request.choices.get("is_child") is False else []
    granted = request.choices.get("granted")
    if not granted:  # everything that was asked for
        return []
    kept = sources_in(granted)
    return [source for source in held if source not in kept]


def freed_purposes(request: Request) -> list[str]:
    """Of the purposes objected to, those that may go on: all of a refused objection, else those that were outweighed."""
    if request.status != Status.CLOSED:
        return []
    purposes = list(request.choices.get("purposes", []))
    if request.outcome == Outcome.REFUSED:
        return purposes
    balances = request.choices.get("balances", {}) if request.outcome in Outcome.ANSWERS else {}
    return [purpose for purpose in purposes if balances.get(purpose) == Balance.COMPELLING]
