"""Opting out by a mailed link: at once, without signing in, as often and as late as somebody likes.

A link acts for the address it was mailed to and can only ever stop things, or pause them for longer. The one-click path
(RFC 8058) takes at most three statements: privacycenter.preferences.one_click.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences import one_click
from privacycenter.preferences.domain import Choice, Presented, set_delivery, stop_all_marketing
from privacycenter.preferences.domain.ledger import new_event
from privacycenter.preferences.enums import DeliveryKind, EventKind, Method
from privacycenter.preferences.links import token_digest
from privacycenter.preferences.models import LinkToken, Topic
from privacycenter.preferences.parties import Party, hashes_of, party_of, party_of_row
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.texts import ShownText, shown
from privacycenter.subjects.queries import person_with, proven_identifiers

PAUSE_DAYS = (30, 90)
# What an event names where its topic is gone from the list: an opt-out counts all the same.
FALLBACK_PURPOSE = "news_and_offers"
WHOEVER_HOLDS_THE_LINK = Actor(ActorKind.ANONYMOUS, "link")


class Subscription(NamedTuple):
    """What can be stopped: a topic by the key that it keeps, its title of today, and the purpose it is sent for."""

    topic: str
    title: str
    purpose: str


@dataclass(frozen=True)
class WayOut:
    """A link and what it is about; `is_off` where the same was said before, and no yes can stand against it."""

    link: LinkToken
    subscription: Subscription
    is_off: bool

    @property
    def is_for_all(self) -> bool:
        """Whether the link is about all marketing."""
        return not self.subscription.topic


def way_out(token: str) -> WayOut | None:
    """What an unsubscribe link is about; None for anything that is none. One query, none for what can't be a token."""
    wanted = token_digest(token)
    if not wanted:
        return None
    found = one_click.find(wanted)
    if found is None:
        return None
    title = found.title or (_("messages of this kind") if found.link.topic else "")
    return WayOut(found.link, Subscription(found.link.topic, title, found.purpose or FALLBACK_PURPOSE), found.is_off)


def stop_by_link(found: WayOut, *, page: str, control: str) -> None:
    """Do what the link is for. Repeated at once, as mail programs do, it writes nothing more."""
    if found.is_off:
        return
    if found.is_for_all:
        stop_everything(found.link, page=page, control=control)
        return
    stop(party_of_row(found.link), found.subscription, channel=found.link.channel, page=page, control=control)


def stop(party: Party, subscription: Subscription, *, channel: str, page: str, control: str) -> None:
    """Stop one topic on one channel for the address of a link: an event and a suppression; a confirmation follows by mail."""
    presented = Presented(topic_text(subscription), Method.ONE_CLICK, control, page)
    scope = Scope(purpose=subscription.purpose, topic=subscription.topic, channel=channel)
    one_click.write(new_event(party, Choice(scope, EventKind.WITHDRAWN), presented, WHOEVER_HOLDS_THE_LINK, clock.now()))


@transaction.atomic
def stop_topics(link: LinkToken, subscriptions: Sequence[Subscription], *, page: str, control: str) -> None:
    """Stop several topics on the link's channel at once."""
    for subscription in subscriptions:
        stop(party_of_row(link), subscription, channel=link.channel, page=page, control=control)


def stop_everything(link: LinkToken, *, page: str, control: str) -> None:
    """Stop all marketing to the person behind a link, on every channel."""
    text = shown("preferences.unsubscribe", _("Unsubscribe from all marketing"), language=get_language() or "")
    presented = Presented(text, Method.ONE_CLICK, control, page)
    stop_all_marketing(party_behind(link), presented=presented, notice=True, actor=WHOEVER_HOLDS_THE_LINK)


def pause(link: LinkToken, *, days: int, page: str) -> None:
    """Send nothing non-essential to the address of a link for so many days; a longer pause that is set stays. Raises UnfitDelivery."""
    until = clock.now() + timedelta(days=days)
    set_delivery(
        party_of_row(link),
        DeliveryKind.PAUSE,
        {"until": until},
        method=Method.ONE_CLICK,
        page=page,
        actor=WHOEVER_HOLDS_THE_LINK,
    )


def topic_text(subscription: Subscription) -> ShownText:
    """The words by which a topic is stopped: those of the mail's footer and of the page's button."""
    words = _("Unsubscribe from %(topic)s") % {"topic": subscription.title}
    return shown(f"preferences.unsubscribe.{subscription.topic}", words, language=get_language() or "")


def party_behind(link: LinkToken) -> Party:
    """The party of a link's address: written under the link's own hash, and read with all that a known owner has said elsewhere."""
    own, address = party_of_row(link), address_behind(link)
    return replace(party_of(address), writes_to=own.writes_to, contacts=own.contacts) if address else own


def address_behind(link: LinkToken) -> tuple[str, str] | None:
    """Kind and value of the identifier that a link was mailed to, where a person we know has proven it; else None."""
    subject = person_with(link.subject_key)
    for kind, value in proven_identifiers(subject) if subject else []:
        if kind == link.party_kind and any(link.party_hash == hashed.digest for hashed in hashes_of(kind, value)):
            return kind, value
    return None


def subscriptions_of(topics: Sequence[Topic]) -> list[Subscription]:
    """Topics as what can be stopped."""
    return [Subscription(topic.key, topic.title, topic.purpose_id) for topic in topics]
