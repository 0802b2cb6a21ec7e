"""Choices of the demo people, made by the same verbs as real ones, over the last months."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from datetime import time, timedelta
from typing import Any

from privacycenter.datamap.domain import save_recipient
from privacycenter.datamap.models import Recipient
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences.domain import Presented, choose, choose_partner, object_to, set_delivery, suppress
from privacycenter.preferences.enums import Channel, DeliveryKind, Method, SuppressionReason
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import Party, party_of
from privacycenter.preferences.queries import history_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.texts import shown
from privacycenter.subjects.models import PushDevice, Subject

_PARTNERS: tuple[dict[str, Any], ...] = (
    {
        "key": "partner_aurora",
        "name": "Aurora Office Systems",
        "receives": "Your name, company and contact details, and which of our products you asked about.",
        "why": "Sells and supports our products in Malaysia and Singapore.",
        "safeguards": "A contract that allows this use only; standard contractual clauses; a yearly audit.",
        "countries": "MY, SG",
    },
    {
        "key": "partner_nordlicht",
        "name": "Nordlicht IT",
        "receives": "Your name, company and contact details, and which of our products you asked about.",
        "why": "Sells and supports our products in Germany, Austria and Switzerland.",
        "safeguards": "A contract that allows this use only, under the law of the European Union.",
        "countries": "DE, AT, CH",
    },
)
_DEVICES = ("Phone", "Tablet", "Firefox on the laptop")
_LINK = Actor(ActorKind.ANONYMOUS, "link")
_PAGE = "/preferences/"


def make_partners(*, actor: Actor) -> None:
    """Two resale partners with names of their own, if they are not there yet."""
    known = set(Recipient.objects.values_list("key", flat=True))
    for position, partner in enumerate(_PARTNERS, start=71):
        if partner["key"] not in known:
            save_recipient(Recipient(**partner, is_partner=True, position=position), changed=("name",), note="Demo", actor=actor)


def make_choices(people: Iterable[tuple[Subject, str]], *, seed: int = 1) -> int:
    """Choices for each (subject, reference of their account) who has none yet; the same seed gives the same. Answers for how many."""
    topics = list(Topic.objects.filter(is_active=True))
    made = 0
    for number, (subject, account) in enumerate(people):
        party = party_of(subject)
        if history_of(party).exists():
            continue
        chance = random.Random(f"{seed}:{number}")  # noqa: S311 - demo data, the same each time
        _Story(party, Actor(ActorKind.PERSON, account), topics, chance).play(number)
        made += 1
    return made


class _Story:
    """What one person chose, told from the oldest on: the ledger's order is that of time."""

    def __init__(self, party: Party, actor: Actor, topics: list[Topic], chance: random.Random) -> None:
        self._party, self._actor, self._topics, self._chance = party, actor, topics, chance
        self._now = clock.now()

    def play(self, number: int) -> None:
        """A newsletter or two at first; then what differs from person to person."""
        wanted = self._topics[: 1 + number % len(self._topics)] if self._topics else []
        first = 150 + self._chance.randrange(60)
        for step, topic in enumerate(wanted):
            self._at(first - step, lambda topic=topic: self._choose(topic, Channel.EMAIL, on=True, method=Method.FORM))  # type: ignore[misc]
        later: tuple[Callable[[], None], ...] = (
            self._tires_of_one,
            self._wants_quiet,
            self._declines_a_partner,
            self._objects,
            self._bounces,
            self._pauses,
        )
        for step in range(3):
            self._at(100 - 30 * step - self._chance.randrange(20), later[(number + step) % len(later)])
        if number % 3 == 0:
            self._adds_a_device()

    def _at(self, days_ago: int, deed: Callable[[], None]) -> None:
        moment = self._now - timedelta(days=days_ago, minutes=self._chance.randrange(1, 600))
        with clock.stopped_at(moment):
            deed()

    def _choose(self, topic: Topic, channel: Channel, *, on: bool, method: Method = Method.PREFERENCE_PAGE) -> None:
        text = shown(f"preferences.topic.{topic.key}", f"{topic.title}. {topic.description} ({channel.label})", language="en")
        scope = [Scope(topic.purpose_id, topic.key, channel)]
        page = "/accounts/signup/" if method == Method.FORM else _PAGE
        presented = Presented(text, method, "on" if on else "off", page)
        choose(self._party, on=scope if on else (), off=() if on else scope, presented=presented, actor=self._actor)

    def _tires_of_one(self) -> None:
        if self._topics:
            topic = self._topics[0]
            text = shown(f"preferences.unsubscribe.{topic.key}", f"Unsubscribe from {topic.title}", language="en")
            presented = Presented(text, Method.ONE_CLICK, "List-Unsubscribe", "/u/")
            choose(self._party, off=[Scope(topic.purpose_id, topic.key, Channel.EMAIL)], presented=presented, actor=_LINK)

    def _wants_quiet(self) -> None:
        self._set(DeliveryKind.QUIET_HOURS, {"from": time(21, 30), "until": time(7, 30)})
        self._set(DeliveryKind.FREQUENCY, {"messages": 2, "days": 7})

    def _declines_a_partner(self) -> None:
        partner = self._chance.choice(_PARTNERS)
        text = shown(f"preferences.partner.{partner['key']}", f"{partner['name']}. {partner['receives']} {partner['why']}", language="en")
        presented = Presented(text, Method.PREFERENCE_PAGE, "off", _PAGE)
        choose_partner(self._party, partner["key"], False, presented=presented, actor=self._actor)

    def _objects(self) -> None:
        words = "We suggest products and services that suit you. You can object at any time."
        presented = Presented(shown("preferences.objection.marketing_improvement", words, language="en"), Method.FORM, "object", _PAGE)
        object_to(self._party, "marketing_improvement", presented=presented, actor=self._actor)

    def _bounces(self) -> None:
        server = Actor.system("mail_reports")
        suppress(self._party, channel=Channel.EMAIL, reason=SuppressionReason.HARD_BOUNCE, actor=server)

    def _pauses(self) -> None:
        self._set(DeliveryKind.PAUSE, {"until": clock.now() + timedelta(days=90)})

    def _adds_a_device(self) -> None:
        if self._party.subject is not None:
            endpoint = f"https://push.example/{self._chance.getrandbits(64):016x}"
            PushDevice.objects.create(
                subject=self._party.subject,
                label=self._chance.choice(_DEVICES),
                endpoint=endpoint,
                endpoint_digest=hashlib.sha256(endpoint.encode()).hexdigest(),
                created_at=self._now - timedelta(days=30),
            )

    def _set(self, kind: DeliveryKind, value: dict[str, Any]) -> None:
        set_delivery(self._party, kind, value, method=Method.PREFERENCE_PAGE, page=_PAGE, actor=self._actor)
