"""What is held about one person, counted source by source for the dashboard."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.core.cache import cache
from django.db import connections

from privacycenter.datamap.enums import RecordCategory
from privacycenter.kernel.sources import CATEGORIES, Locator, Source, SourceDescription, registry
from privacycenter.subjects.models import Subject

log = structlog.get_logger("privacycenter.portal")

WAIT_SECONDS = 1.5  # how long a page waits for all databases outside this one together
REST_SECONDS = 60  # how long one that did not answer is left alone, so that it slows one page and not every page


@dataclass(frozen=True)
class SourceHolding:
    """One source, for one person. `count` is None where the source could not be asked now."""

    description: SourceDescription
    count: int | None
    newest: datetime | None = None

    @property
    def is_reachable(self) -> bool:
        return self.count is not None


@dataclass(frozen=True)
class CategoryHolding:
    """One category with its sources, as a line of the dashboard."""

    key: str
    sources: tuple[SourceHolding, ...]
    largest: int = 0  # the largest count of any category: what the small bars are drawn against

    @property
    def title(self) -> str:
        return str(RecordCategory(self.key).label)

    @property
    def count(self) -> int:
        return sum(source.count or 0 for source in self.sources)

    @property
    def newest(self) -> datetime | None:
        return max((source.newest for source in self.sources if source.newest), default=None)

    @property
    def unreachable_count(self) -> int:
        return sum(not source.is_reachable for source in self.sources)

    @property
    def share(self) -> int:
        """Length of the bar in percent; anything that is held shows at least a little."""
        return max(2, round(100 * self.count / self.largest)) if self.count and self.largest else 0


def holdings_of(subject: Subject, *, category: str = "") -> list[CategoryHolding]:
    """What every source (of one category) holds about `subject`, by category in the order people see.

    Two queries per source of this database that holds anything, one for others. Sources outside are asked side by side
    for `WAIT_SECONDS` at most; a slow or broken one is shown as such and breaks nothing.
    """
    sources = [source for source in registry.all() if category in ("", source.describe().category)]
    located = [(source, source.locate(subject)) for source in sources]
    inside = [_hold(source, locator) for source, locator in located if source.describe().in_database]
    outside = _hold_outside([(source, locator) for source, locator in located if not source.describe().in_database])
    return _by_category([*inside, *outside])


def _hold(source: Source, locator: Locator) -> SourceHolding:
    description = source.describe()
    count = source.count(locator) if locator else 0
    return SourceHolding(description, count, source.newest(locator) if count else None)


def _hold_outside(located: list[tuple[Source, Locator]]) -> list[SourceHolding]:
    """Ask each in a thread of its own, so that their waits run side by side and none outlasts the page."""
    found: dict[str, SourceHolding] = {}
    threads = []
    for source, locator in located:
        key = source.describe().key
        if cache.get(_rest_key(key)):
            continue
        thread = threading.Thread(target=_ask, args=(source, locator, found), name=f"count {key}", daemon=True)
        thread.start()
        threads.append(thread)
    deadline = time.monotonic() + WAIT_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    answered = dict(found)
    holdings = []
    for source, _locator in located:
        description = source.describe()
        if description.key not in answered:
            cache.add(_rest_key(description.key), True, REST_SECONDS)
        holdings.append(answered.get(description.key) or SourceHolding(description, None))
    return holdings


def _ask(source: Source, locator: Locator, found: dict[str, SourceHolding]) -> None:
    key = source.describe().key
    try:
        found[key] = _hold(source, locator)
    except Exception as failure:  # whatever somebody else's database raises, this page stands
        log.warning("source_unreachable", source=key, error=type(failure).__name__)
    finally:
        connections.close_all()  # this thread's own


def _by_category(holdings: Iterable[SourceHolding]) -> list[CategoryHolding]:
    grouped: dict[str, list[SourceHolding]] = {}
    for holding in holdings:
        grouped.setdefault(holding.description.category, []).append(holding)
    largest = max((sum(item.count or 0 for item in items) for items in grouped.values()), default=0)
    return [
        CategoryHolding(key, tuple(sorted(grouped[key], key=lambda item: item.description.key)), largest)
        for key in CATEGORIES
        if key in grouped
    ]


def _rest_key(source_key: str) -> str:
    return f"portal.unreachable:{source_key}"
