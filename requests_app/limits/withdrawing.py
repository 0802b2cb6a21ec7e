"""Withdrawal of consent (GDPR Art. 7(3)) as a request: it counts at once, and no staff is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from privacycenter.datamap.models import Purpose, Recipient
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences import standing, texts
from privacycenter.preferences.domain import Presented, choose
from privacycenter.preferences.enums import Channel, Method
from privacycenter.preferences.models import ConsentEvent, Topic
from privacycenter.preferences.parties import Party, party_of
from privacycenter.preferences.queries import scope_of, states_of
from privacycenter.preferences.scopes import PARTNERS, Scope
from requests_app.enums import Outcome
from requests_app.limits.common import SYSTEM, close
from requests_app.limits.words import WITHDRAWN
from requests_app.models import Request
from requests_app.transitions import Role


@dataclass(frozen=True)
class Standing:
    """A consent that stands: the record under which the ledger keeps it, what it is about in words, since when."""

    record: str
    words: str
    event: ConsentEvent
    scope: Scope


def standing_consents(party: Party) -> list[Standing]:
    """The consents that stand for a party now, oldest first. Four queries."""
    now = clock.now()
    yes = [event for event in states_of(party).values() if standing.says(event, now)]
    lines = in_words(sorted(yes, key=lambda event: event.id))
    return [Standing(str(event.record_id), words, event, scope_of(event)) for words, event in lines]


def in_words(events: Sequence[ConsentEvent]) -> list[tuple[str, ConsentEvent]]:
    """What each event of the ledger is about, in words: the purpose, the topic, the channel, the service, the recipient. Three queries."""
    purposes = {**dict(Purpose.objects.values_list("key", "title")), PARTNERS: _("Your data may go to a partner")}
    names = {**dict(Topic.objects.values_list("key", "title")), **dict(Recipient.objects.values_list("key", "name"))}
    return [(_words(scope_of(event), purposes, names), event) for event in events]


def _is_meant(consent: Standing, choices: dict[str, Any]) -> bool:
    """Whether the person chose its record, or others its purpose or topic for them. Where nothing was chosen all are meant."""
    records, purposes, topics = (choices.get(name) for name in ("records", "purposes", "topics"))
    if records is None and not purposes and not topics:
        return True
    return consent.record in (records or []) or consent.scope.purpose in (purposes or []) or consent.scope.topic in (topics or [])


def _words(scope: Scope, purposes: dict[str, str], names: dict[str, str]) -> str:
    parts = [
        purposes.get(scope.purpose, scope.purpose),
        names.get(scope.topic, scope.topic),
        str(Channel(scope.channel).label) if scope.channel in Channel.values else "",
        scope.service,
        names.get(scope.recipient, scope.recipient),
    ]
    return ", ".join(part for part in parts if part)


def withdraw_on_proof(request: Request, actor: Actor) -> None:
    """Take back the consents that the person chose, or all that stand for them, and close the request. Each leaves its receipt."""
    assert request.subject is not None
    party = party_of(request.subject)
    wanted = [each for each in standing_consents(party) if _is_meant(each, request.choices)]
    method = Method.STAFF if actor.is_staff else Method.FORM
    presented = Presented(texts.registered(WITHDRAWN, language=request.language), method, "withdraw", "/requests/new/")
    reason, evidence = ("withdrawal", request.ref) if actor.is_staff else ("", "")
    scopes = [each.scope for each in wanted]
    events = choose(party, off=scopes, presented=presented, actor=actor, reason=reason, evidence=evidence) if scopes else []
    choices = {**request.choices, "events": [str(event.event_id) for event in events]}
    outcome = Outcome.FULFILLED if events else Outcome.NOTHING_HELD
    close(request, outcome=outcome, choices=choices, role=Role.SYSTEM, actor=SYSTEM)
