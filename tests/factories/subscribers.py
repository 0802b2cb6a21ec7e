"""People who want topics by e-mail, made by the verbs, few or thousands; and campaigns in every state."""

from __future__ import annotations

from itertools import count
from typing import Any

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences.campaigns.verbs import approve_campaign, save_campaign, send_test
from privacycenter.preferences.domain import Choice, Presented, choose, record_choice, stop_all_marketing
from privacycenter.preferences.enums import EventKind, Method
from privacycenter.preferences.models import Campaign, Topic
from privacycenter.preferences.parties import Party, parties_of, party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.texts import shown
from privacycenter.subjects.models import Identifier, Subject

TOPIC = "product_news"
SCOPE = Scope(purpose="news_and_offers", topic=TOPIC, channel="email")
STAFF = Actor(ActorKind.STAFF, "7")
_numbers = count(1)


def presented(method: Method = Method.PREFERENCE_PAGE) -> Presented:
    """How the choice of a test was put."""
    return Presented(shown("tests.topics", "We may write to you about this topic.", language="en"), method, "save", "/preferences/")


def make_people(number: int, *, domain: str = "example.com") -> list[Subject]:
    """People with one proven address each; a few statements."""
    now = clock.now()
    people = Subject.objects.bulk_create([Subject(created_at=now) for _ in range(number)], batch_size=5_000)
    Identifier.objects.bulk_create(
        [
            Identifier(
                subject=person, kind="email", value=f"reader{next(_numbers)}@{domain}", source="tests", created_at=now, proven_at=now
            )
            for person in people
        ],
        batch_size=5_000,
    )
    return people


def address_of(person: Subject) -> str:
    """The first address of a person."""
    return person.identifiers.order_by("pk").values_list("value", flat=True)[0]


def as_person(person: Subject) -> Actor:
    """The person themselves."""
    return Actor(ActorKind.PERSON, str(person.pk))


def make_subscribers(number: int, *, scope: Scope = SCOPE) -> list[Subject]:
    """People who said yes to a topic by e-mail."""
    people, how = make_people(number), presented()
    for person, party in zip(people, parties_of(people), strict=True):
        record_choice(party, Choice(scope, EventKind.GIVEN), presented=how, actor=as_person(person))
    return people


def subscribe(person: Subject, *scopes: Scope) -> None:
    """The person says yes at their preferences."""
    choose(party_of(person), on=scopes or [SCOPE], presented=presented(), actor=as_person(person))


def opt_out(person: Subject, *scopes: Scope) -> None:
    """The person says no at their preferences: to the topic, or to what is named."""
    choose(party_of(person), off=scopes or [SCOPE], presented=presented(), actor=as_person(person))


def opt_out_by_link(address: str, *, everything: bool = False) -> None:
    """What a POST of an unsubscribe link does, which knows the address only."""
    party: Party = party_of(("email", address))
    how, nobody = presented(Method.ONE_CLICK), Actor(ActorKind.ANONYMOUS)
    if everything:
        stop_all_marketing(party, presented=how, actor=nobody)
    else:
        choose(party, off=[SCOPE], presented=how, actor=nobody)


def make_draft(**fields: Any) -> Campaign:
    """A campaign that is being written."""
    values = {"subject": "New in {topic}", "body": "Hello,\n\nsomething is new.\n\nYours,\n{operator}"} | fields
    topic = values.pop("topic", None) or Topic.objects.get(key=TOPIC)
    return save_campaign(Campaign(topic=topic, language="en", **values), actor=STAFF)


def make_approved(**fields: Any) -> Campaign:
    """A campaign that was tested and approved; the first step is queued."""
    campaign = make_draft(**fields)
    send_test(campaign, to="marketing@example.org", actor=STAFF)
    return approve_campaign(Campaign.objects.get(pk=campaign.pk), actor=STAFF)
