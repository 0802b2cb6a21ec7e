"""Restriction (GDPR Art. 18): at once where the law says so, else on a decision. How it ends: requests_app.limits.lifting."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from privacycenter.kernel.actor import Actor
from privacycenter.subjects.domain import restrict_sources, restrict_subject
from privacycenter.subjects.models import Restriction
from requests_app.correction.reading import holdings
from requests_app.domain.recipients import Changed, make_notices, tell_recipients
from requests_app.enums import NoticeEvent, Outcome
from requests_app.limits.common import SYSTEM, close, letter_of, note
from requests_app.limits.decided import freed_sources, sources_in
from requests_app.limits.enums import AT_ONCE, LiftReason
from requests_app.limits.errors import NothingChosen
from requests_app.limits.lifting import order_lift
from requests_app.models import Request
from requests_app.transitions import Role

RESTRICTED = "restricted"


def categories_of(request: Request) -> list[str]:
    """The categories of data that a person asked to restrict; none for everything."""
    return list(request.choices.get("categories", []))


def restrict_on_proof(request: Request, actor: Actor) -> None:
    """Restrict at once what is disputed or objected to, pending its verification; other grounds wait for a decision."""
    if request.choices.get("ground") in AT_ONCE:
        _restrict(request, categories_of(request))
        note(request, RESTRICTED, actor=SYSTEM)


def grant_restriction(request: Request, *, categories: Iterable[str] = (), letter: str, actor: Actor) -> None:
    """Restrict what was asked for, or only some of its `categories` (none for all that was asked), with a letter that says why.

    What was restricted at once and is not granted is free again after the person was told. Raises NothingChosen for categories that
    nobody asked for, ReasonMissing, and what a move raises.
    """
    words, asked, chosen = letter_of(letter), categories_of(request), list(dict.fromkeys(categories))
    if asked and not set(chosen) <= set(asked):
        raise NothingChosen
    assert request.subject is not None
    in_part = bool(chosen) and set(chosen) != set(asked)
    with transaction.atomic():
        outcome = Outcome.IN_PART if in_part else Outcome.FULFILLED
        choices = {**request.choices, "granted": chosen or asked}
        close(request, outcome=outcome, letter=words, choices=choices, role=Role.STAFF, actor=actor)
        _restrict(request, chosen or asked)
        rows = Restriction.objects.filter(subject=request.subject, ref=request.ref)
        if freed := freed_sources(request, rows.values_list("source", flat=True)):
            order_lift(request, reason=LiftReason.NOT_GRANTED, sources=freed, actor=actor)


def _restrict(request: Request, categories: list[str]) -> None:
    """Restrict categories, or everything where none is named, and tell those who have the data."""
    assert request.subject is not None
    reason = str(request.choices.get("ground", ""))
    if categories:
        restrict_sources(request.subject, sources=sources_in(categories), reason=reason, ref=request.ref, actor=SYSTEM)
    else:
        restrict_subject(request.subject, reason=reason, ref=request.ref, actor=SYSTEM)
    held = [holding.description for holding in holdings(request.subject)]
    restricted = [each for each in held if not categories or each.category in categories]
    make_notices(request, NoticeEvent.RESTRICTED, [Changed(each.key, str(each.title)) for each in restricted])
    tell_recipients(request)
