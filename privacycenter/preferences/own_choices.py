"""What a signed-in person chose about messages and partners, on one page; and saving what they changed there.

What is shown as on is what the gate would let through, apart from what only waits (a pause, quiet hours, a limit). Each thing that
was changed is a choice of its own, bound to the exact words that stood beside its box.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.preferences import gate
from privacycenter.preferences.domain import Presented, choose, choose_partner, set_delivery, stop_all_marketing
from privacycenter.preferences.enums import Channel, DeliveryKind, Method
from privacycenter.preferences.gate import Picture, Rule
from privacycenter.preferences.limits import limit_words
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import Party, party_of
from privacycenter.preferences.partners import PartnerChoice, partner_choices, partner_text
from privacycenter.preferences.queries import Delivery, active_topics
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.texts import shown
from privacycenter.subjects.domain import switch_off_push_device
from privacycenter.subjects.models import PushDevice, Subject
from privacycenter.subjects.queries import reach_of

BY = {
    Channel.EMAIL: gettext_lazy("by e-mail"),
    Channel.SMS: gettext_lazy("by text message"),
    Channel.PHONE: gettext_lazy("by phone"),
    Channel.PUSH: gettext_lazy("by push message"),
    Channel.POST: gettext_lazy("by letter"),
}
_WAITING = frozenset({Rule.PAUSE, Rule.QUIET_HOURS, Rule.FREQUENCY})
_HELD_BACK = {
    Rule.RESTRICTION: gettext_lazy("held back, because the use of your data is restricted at present"),
    Rule.GPC: gettext_lazy("held back, because your browser asks us not to (Global Privacy Control)"),
    Rule.AGE: gettext_lazy("held back, because of your age"),
}
_NEEDS_A_NUMBER = frozenset({Channel.SMS, Channel.PHONE})


@dataclass(frozen=True)
class TopicChoice:
    """A topic, the ways it can come to this person, those that are on, and what holds it back."""

    topic: Topic
    channels: tuple[Channel, ...]
    on: frozenset[Channel]
    held_back: tuple[str, ...] = ()

    def words(self, channel: Channel) -> str:
        """The exact words beside the box of a channel."""
        return f"{self.topic.title}. {self.topic.description} ({channel.label})"


@dataclass(frozen=True)
class Messages:
    """The topics that can come to a person, and everything else that is known about their choices."""

    topics: tuple[TopicChoice, ...]
    missing: tuple[Channel, ...]  # ways that some topic comes by, but not to this person
    has_number: bool
    picture: Picture


@dataclass(frozen=True)
class OwnChoices:
    """Everything on the page."""

    subject: Subject
    topics: tuple[TopicChoice, ...]
    partners: tuple[PartnerChoice, ...]
    devices: tuple[PushDevice, ...]
    delivery: Delivery
    has_number: bool
    missing: tuple[Channel, ...] = ()  # ways that some topic comes by, but not to this person

    @property
    def digest(self) -> str:
        """A hash of all words that can be chosen about: a page that is saved later was about the same words, or is shown again."""
        words = [choice.words(channel) for choice in self.topics for channel in choice.channels]
        words += [partner.words for partner in self.partners]
        return hashlib.sha256("\x1f".join(words).encode()).hexdigest()


@dataclass(frozen=True)
class Wanted:
    """What the page should say after saving. A pause ends at the beginning of its day, in the person's time zone."""

    topics: Mapping[str, frozenset[str]]
    partners: Mapping[str, bool]
    devices: frozenset[str] = field(default_factory=frozenset)  # public ids of those that stay on
    pause_until: date | None = None
    quiet_hours: tuple[time, time] | None = None
    frequency: tuple[int, int] | None = None  # messages, days


def choices_of(subject: Subject) -> OwnChoices:
    """What a person has chosen, for their own page. Eight queries, however many topics, partners and devices there are."""
    known = messages_of(subject)
    return OwnChoices(
        subject=subject,
        topics=known.topics,
        partners=partner_choices(known.picture.states),
        devices=tuple(PushDevice.objects.filter(subject=subject, disabled_at__isnull=True).order_by("created_at")),
        delivery=known.picture.delivery,
        has_number=known.has_number,
        missing=known.missing,
    )


def messages_of(subject: Subject) -> Messages:
    """The topics that can come to a person, with what is on. Five queries, however many topics there are."""
    reach = reach_of(subject)
    has_number = IdentifierKind.PHONE in reach.kinds
    out_of_reach = set(_NEEDS_A_NUMBER if not has_number else ()) | ({Channel.PUSH} if not reach.has_device else set())
    topics = active_topics()
    picture = gate.picture_of(party_of(subject), topics)
    offered = [(topic, tuple(each for each in Channel if each in topic.channels and each not in out_of_reach)) for topic in topics]
    return Messages(
        topics=tuple(_topic_choice(picture, topic, channels) for topic, channels in offered if channels),
        missing=tuple(each for each in Channel if each in out_of_reach and any(each in topic.channels for topic in topics)),
        has_number=has_number,
        picture=picture,
    )


def _topic_choice(picture: Picture, topic: Topic, channels: tuple[Channel, ...]) -> TopicChoice:
    on, held_back = set(), []
    for channel in channels:
        decision = picture.may(topic, channel)
        if decision.allowed or decision.rule in _WAITING:
            on.add(channel)
        elif decision.rule in _HELD_BACK:
            held_back.append(f"{channel.label}: {_HELD_BACK[decision.rule]}")
    return TopicChoice(topic, channels, frozenset(on), tuple(held_back))


@transaction.atomic
def save_choices(shown_choices: OwnChoices, wanted: Wanted, *, page: str, actor: Actor) -> list[str]:
    """Write what differs from what was shown; answers it in whole sentences, nothing where nothing changed. Raises UnfitDelivery."""
    party = party_of(shown_choices.subject)
    said = [
        *_save_topics(party, shown_choices.topics, wanted.topics, page, actor),
        *_save_delivery(party, shown_choices.delivery, wanted, page, actor),
        *_save_partners(party, shown_choices.partners, wanted.partners, page, actor),
    ]
    for device in shown_choices.devices:
        if str(device.public_id) not in wanted.devices:
            switch_off_push_device(device, actor=actor)
            said.append(_("You get no more push messages on “%(device)s”.") % {"device": device.label})
    return said


def stop_all(subject: Subject, *, page: str, actor: Actor) -> None:
    """All marketing off, on every channel, for a signed-in person."""
    text = shown("preferences.unsubscribe", _("Unsubscribe from all marketing"), language=get_language() or "")
    presented = Presented(text, Method.PREFERENCE_PAGE, "all", page)
    stop_all_marketing(party_of(subject), presented=presented, actor=actor)


def _save_topics(party: Party, topics: Sequence[TopicChoice], wanted: Mapping[str, frozenset[str]], page: str, actor: Actor) -> list[str]:
    said = []
    for each in topics:
        topic = each.topic
        want = wanted.get(topic.key, frozenset())
        for channel in each.channels:
            is_wanted = channel in want
            if is_wanted == (channel in each.on):
                continue
            text = shown(f"preferences.topic.{topic.key}", each.words(channel), language=get_language() or "")
            presented = Presented(text, Method.PREFERENCE_PAGE, "on" if is_wanted else "off", page)
            scope = [Scope(purpose=topic.purpose_id, topic=topic.key, channel=channel)]
            choose(party, on=scope if is_wanted else (), off=() if is_wanted else scope, presented=presented, actor=actor)
            words = _("You will get %(topic)s %(way)s.") if is_wanted else _("You will no longer get %(topic)s %(way)s.")
            said.append(words % {"topic": topic.title, "way": BY[channel]})
    return said


def _save_partners(party: Party, partners: Sequence[PartnerChoice], wanted: Mapping[str, bool], page: str, actor: Actor) -> list[str]:
    said = []
    for each in partners:
        allowed = wanted.get(each.recipient.key, each.is_allowed)
        if allowed == each.is_allowed:
            continue
        presented = Presented(partner_text(each.recipient), Method.PREFERENCE_PAGE, "on" if allowed else "off", page)
        choose_partner(party, each.recipient.key, allowed, presented=presented, actor=actor)
        words = _("%(partner)s may get your data again.") if allowed else _("%(partner)s gets no more of your data.")
        said.append(words % {"partner": each.recipient.name})
    return said


def _save_delivery(party: Party, delivery: Delivery, wanted: Wanted, page: str, actor: Actor) -> list[str]:
    def put(kind: DeliveryKind, value: dict[str, Any]) -> None:
        set_delivery(party, kind, value, method=Method.PREFERENCE_PAGE, page=page, actor=actor)

    said = []
    if wanted.pause_until != pause_day(delivery):
        put(DeliveryKind.PAUSE, {"until": _beginning(wanted.pause_until)} if wanted.pause_until else {})
        said.append(
            _("Everything that is not essential is paused until %(day)s.") % {"day": date_format(wanted.pause_until, "l, j F Y")}
            if wanted.pause_until
            else _("The pause is over.")
        )
    if wanted.quiet_hours != quiet_hours(delivery):
        begin, end = wanted.quiet_hours or (None, None)
        put(DeliveryKind.QUIET_HOURS, {"from": begin, "until": end} if wanted.quiet_hours else {})
        said.append(
            _("Quiet hours are from %(begin)s to %(end)s.") % {"begin": f"{begin:%H:%M}", "end": f"{end:%H:%M}"}
            if wanted.quiet_hours
            else _("You have no quiet hours any more.")
        )
    if wanted.frequency != (tuple(delivery.frequency) if delivery.frequency else None):
        messages, days = wanted.frequency or (0, 0)
        put(DeliveryKind.FREQUENCY, {"messages": messages, "days": days} if wanted.frequency else {})
        said.append(
            frequency_words(messages, days) if wanted.frequency else _("There is no limit to how often we may write to you any more.")
        )
    return said


def pause_day(delivery: Delivery) -> date | None:
    """The day on which a pause ends, in the active time zone; None where there is none or it is over."""
    until = delivery.pause_until
    return timezone.localdate(until) if until is not None and until > clock.now() else None


def quiet_hours(delivery: Delivery) -> tuple[time, time] | None:
    """Begin and end of quiet hours."""
    return (delivery.quiet_from, delivery.quiet_until) if delivery.quiet_from is not None and delivery.quiet_until is not None else None


def frequency_words(messages: int, days: int) -> str:
    """A limit as a sentence."""
    return _("You get at most %(limit)s.") % {"limit": limit_words(messages, days)}


def _beginning(day: date | None) -> datetime:
    assert day is not None
    return timezone.make_aware(datetime.combine(day, time.min))
