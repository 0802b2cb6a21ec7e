"""What the dashboard counts, source by source, and what it does when one does not answer."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.core.cache import cache

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Item, ReadOnlySource, Record, SourceDescription, SourceField, registry
from privacycenter.portal import holdings
from privacycenter.portal.holdings import holdings_of
from privacycenter.subjects.domain import create_subject

NEWEST = dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC)


class Shelf(ReadOnlySource):
    """A source with a fixed number of records."""

    def __init__(self, key: str, category: str = "other", *, count: int = 1, in_database: bool = True, finds: bool = True) -> None:
        self._count = count
        self._finds = finds
        self.asked = 0
        self.description = SourceDescription(
            key=key,
            title=key,
            category=category,
            fields=(SourceField("a", "A"),),
            purposes=("support",),
            origin="from you",
            retention="interactions",
            in_database=in_database,
        )

    def describe(self) -> SourceDescription:
        return self.description

    def locate(self, subject: Any) -> Mapping[str, Any]:
        return {"pk": subject.pk} if self._finds else {}

    def count(self, locator: Mapping[str, Any]) -> int:
        self.asked += 1
        return self._count

    def newest(self, locator: Mapping[str, Any]) -> Any:
        return NEWEST

    def export(self, locator: Mapping[str, Any]) -> Iterator[Item]:
        yield Record("1", {"a": 1})


class Broken(Shelf):
    def count(self, locator: Mapping[str, Any]) -> int:
        super().count(locator)
        raise RuntimeError("secret address")


class Hanging(Shelf):
    def __init__(self, key: str) -> None:
        super().__init__(key, in_database=False)
        self.let_go = threading.Event()

    def count(self, locator: Mapping[str, Any]) -> int:
        answer = super().count(locator)
        self.let_go.wait(60)
        return answer


@pytest.fixture
def subject(db):
    return create_subject(actor=Actor.system("test"))


def test_categories_come_in_the_order_of_the_kernel_with_sums_and_shares(subject):
    sources = (Shelf("x.forms", "forms", count=5), Shelf("x.one", "identity", count=100), Shelf("x.two", "identity", count=100))

    with registry.temporarily(*sources, only=True):
        found = holdings_of(subject)

    assert [(item.key, str(item.title), item.count, item.share, item.newest) for item in found] == [
        ("identity", "Who you are", 200, 100, NEWEST),
        ("forms", "Forms you filled in", 5, 2, NEWEST),
    ]


def test_a_category_can_be_asked_for_alone(subject):
    other = Shelf("x.one", "identity")

    with registry.temporarily(Shelf("x.forms", "forms"), other, only=True):
        found = holdings_of(subject, category="forms")

    assert [item.key for item in found] == ["forms"]
    assert other.asked == 0


@pytest.mark.parametrize("in_database", [True, False])
def test_a_source_that_can_hold_nothing_about_the_person_is_not_asked(subject, in_database):
    source = Shelf("x.one", finds=False, in_database=in_database)

    with registry.temporarily(source, only=True):
        [found] = holdings_of(subject)

    assert (found.count, found.newest, found.share, source.asked) == (0, None, 0, 0)


def test_a_broken_source_outside_is_shown_as_such_and_left_alone_for_a_while(subject):
    broken = Broken("x.broken", in_database=False)

    with registry.temporarily(broken, Shelf("x.fine", in_database=False, count=7), only=True):
        [first] = holdings_of(subject)
        [second] = holdings_of(subject)

    for found in (first, second):
        assert [(item.description.key, item.count, item.is_reachable) for item in found.sources] == [
            ("x.broken", None, False),
            ("x.fine", 7, True),
        ]
        assert (found.count, found.unreachable_count) == (7, 1)
    assert broken.asked == 1


def test_slow_sources_outside_are_asked_once_and_not_waited_for(subject, monkeypatch):
    monkeypatch.setattr(holdings, "WAIT_SECONDS", 0.2)
    slow = [Hanging("x.a"), Hanging("x.b"), Hanging("x.c")]

    try:
        with registry.temporarily(*slow, only=True):
            [first] = holdings_of(subject)
            [second] = holdings_of(subject)
    finally:
        still_waiting = sum(thread.name.startswith("count x.") for thread in threading.enumerate())
        for source in slow:
            source.let_go.set()

    assert still_waiting == 3
    assert (first.unreachable_count, second.unreachable_count) == (3, 3)
    assert [source.asked for source in slow] == [1, 1, 1]


def test_the_note_that_a_source_rests_says_nothing_about_the_person(subject):
    with registry.temporarily(Broken("x.broken", in_database=False), only=True):
        holdings_of(subject)

    assert cache.get("portal.unreachable:x.broken") is True
