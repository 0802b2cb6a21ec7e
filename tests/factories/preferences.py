"""People with choices, topics, and how a choice was put to somebody."""

from __future__ import annotations

from itertools import count
from typing import Any

from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences import texts
from privacycenter.preferences.domain import Presented
from privacycenter.preferences.enums import Method
from privacycenter.preferences.models import Topic
from privacycenter.subjects.domain import add_identifier, create_subject
from privacycenter.subjects.models import Subject

SYSTEM = Actor.system("tests")
PERSON = Actor(ActorKind.PERSON, "1")
STAFF = Actor(ActorKind.STAFF, "7")
NOBODY = Actor(ActorKind.ANONYMOUS)
_numbers = count(1)


def make_person(*emails: str, phones: tuple[str, ...] = (), time_zone: str = "") -> Subject:
    """A person who has proven these addresses and numbers; a fresh address where none is given."""
    subject = create_subject(time_zone=time_zone, actor=SYSTEM)
    for email in emails or (f"someone{next(_numbers)}@example.com",):
        add_identifier(subject, kind="email", value=email, source="test", proven=True, actor=SYSTEM)
    for phone in phones:
        add_identifier(subject, kind="phone", value=phone, source="test", proven=True, actor=SYSTEM)
    return subject


def make_topic(key: str = "product_news", *, purpose: str = "news_and_offers", **fields: Any) -> Topic:
    """A topic that is offered; of a purpose that needs consent unless told otherwise."""
    described = {"title": key, "description": "What comes, and how often.", "purpose_id": purpose, "channels": ["email"], "is_active": True}
    return Topic.objects.update_or_create(key=key, defaults=described | fields)[0]


def presented(method: Method = Method.PREFERENCE_PAGE, **fields: Any) -> Presented:
    """A choice put to somebody on the preference page, unless told otherwise."""
    return Presented(texts.shown("tests.choice", "Do you want this?", language="en"), method, **fields)
