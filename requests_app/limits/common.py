"""What the verbs of this package share: notes in a timeline, decisions with a letter, and where a person is reached."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.queries import primary_address
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers
from requests_app.answers.letters import answer_letter
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.domain.words import typed
from requests_app.models import Request, TimelineEvent
from requests_app.queries import account_of, authorities_for_person
from requests_app.transitions import Event, Guard, Role

SYSTEM = Actor.system("requests")
LETTER_LENGTH = 4000


def note(request: Request, event: str, *, words: str = "", actor: Actor, **details: Any) -> None:
    """Write something into a timeline that moves the request nowhere."""
    TimelineEvent.objects.create(
        request=request,
        at=clock.now(),
        event=event,
        status=request.status,
        actor_kind=actor.kind,
        actor_ref=actor.ref,
        note=words or None,
        details=details,
    )


def close(request: Request, *, outcome: str, letter: str = "", choices: dict[str, Any] | None = None, role: Role, actor: Actor) -> None:
    """Decide a request: by staff with a letter around their words, or by the rules alone where nothing is left to decide.

    The letter says as well where to turn for somebody who does not agree. The person is told that it is there.
    """
    now = clock.now()
    columns: dict[str, Any] = {"answered_at": now, "closed_at": now, "decided_at": now, "letter": None}
    if letter:
        columns["letter"] = answer_letter(request, answer=letter, authorities=authorities_for_person(request), at=now)
    if actor.is_staff:
        columns["decided_by_id"] = int(actor.ref)
    if choices is not None:
        columns["choices"] = choices
    with transaction.atomic():
        move(request, Change(Event.DECIDE, Guard.DECISION_MADE, outcome=outcome), role=role, actor=actor, **columns)
        tell_person(request, "requests.decision", actor=actor)


def letter_of(words: str) -> str:
    """The reasoning that a person reads. Raises ReasonMissing where there is none, TooLong."""
    return typed(words, LETTER_LENGTH)


def address_of_subject(subject: Subject) -> str:
    """Where a person is reached: the main address of the account, else the first address they have proven; empty where there is none."""
    account = account_of(subject)
    if account is not None and (address := primary_address(account)):
        return address
    return next((value for kind, value in proven_identifiers(subject) if kind == IdentifierKind.EMAIL), "")
