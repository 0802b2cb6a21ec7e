"""Sources of personal data: what the kernel knows of them, and nothing about who owns them.

Each room registers its own in `personal_data.py`. A source says what it is and, for one person, finds, counts and exports
what is held. Later verbs (rectify, erase, restrict, expire) join the protocol together with the features that call them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO, NamedTuple, Protocol, runtime_checkable

from django.core.exceptions import ImproperlyConfigured


class Sensitivity(StrEnum):
    """How much harm a field could do in wrong hands. Labels follow W3C DPV where it has a term."""

    ORDINARY = "ordinary"
    CONTACT = "contact"
    FINANCIAL = "financial"
    SPECIAL = "special"  # GDPR Art. 9
    SECRET = "secret"  # never exported: password hashes, answers, keys


@dataclass(frozen=True)
class SourceField:
    """One field of a source's records, with the words a person reads."""

    name: str
    label: str
    sensitivity: Sensitivity = Sensitivity.ORDINARY
    withheld: str = ""  # the ground, where the field exists but is not exported


@dataclass(frozen=True)
class SourceDescription:
    """What a source is. Purposes, recipients and the retention rule are keys into the data map (privacycenter.datamap)."""

    key: str  # "room.name", stable: it stands in bundles
    title: str
    category: str  # a key of CATEGORIES
    fields: tuple[SourceField, ...]
    purposes: tuple[str, ...]
    origin: str  # where the data comes from, as a sentence part
    retention: str  # key of a retention rule
    recipients: tuple[str, ...] = ()
    portable: bool = False  # provided by the person, under consent or contract (GDPR Art. 20(1))
    in_database: bool = True


# The categories a person sees, in this order. Keys stand in bundles.
CATEGORIES = ("identity", "account", "security", "contact", "purchases", "interactions", "forms", "requests", "other")

Locator = Mapping[str, Any]
"""JSON-ready identifiers by which one source finds one person; frozen into the plan of a request, encrypted."""


class Record(NamedTuple):
    """One exported record: a key that is stable and unique within the source, and values by field name.

    Values: str, int, float, bool, None, datetime (aware), date, time, Decimal, UUID, and lists and dicts of these.
    """

    key: str
    values: Mapping[str, Any]


class FileItem(NamedTuple):
    """One exported file. `open` returns a fresh binary stream; `original_name` is shown, never used as a path."""

    key: str
    original_name: str
    media_type: str
    open: Callable[[], BinaryIO]


class Problem(NamedTuple):
    """A record that exists but could not be read. `reason` is for the person and holds no data."""

    record: str
    reason: str


Item = Record | FileItem | Problem


@runtime_checkable
class Source(Protocol):
    """What every source does. `party` of `locate` is a privacycenter.subjects Subject; the kernel does not know its class."""

    def describe(self) -> SourceDescription: ...

    def locate(self, subject: Any) -> Locator:
        """The proven identifiers by which this source finds the person. Empty: it can't hold anything about them."""

    def count(self, locator: Locator) -> int: ...

    def newest(self, locator: Locator) -> Any:
        """Aware datetime of the newest record, or None: for the dashboard, cheap."""

    def export(self, locator: Locator) -> Iterator[Item]:
        """Everything that is held, in key order, never as a list. One unreadable record is a Problem, not an exception.

        Runs outside a transaction and reads page by page, so that it blocks no writer and heartbeats get through.
        """


class UnknownSource(LookupError):
    """No source has this key."""


@dataclass
class SourceRegistry:
    """Static sources by key, and providers that yield further ones from configuration (connectors)."""

    _static: dict[str, Source] = field(default_factory=dict)
    _providers: list[Callable[[], Iterable[Source]]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def register(self, source: Source) -> Source:
        """Add a source. Raises ImproperlyConfigured for a duplicate key or an incomplete description."""
        problem = _problem_of(source)
        key = source.describe().key if not problem else ""
        with self._lock:
            if problem or key in self._static:
                raise ImproperlyConfigured(problem or f"source {key} is registered twice")
            self._static[key] = source
        return source

    def register_provider(self, provider: Callable[[], Iterable[Source]]) -> None:
        """Add a callable that yields sources which are configured as data. It is asked anew each time."""
        with self._lock:
            self._providers.append(provider)

    def all(self) -> list[Source]:
        """Every source, ordered by category, then key. A configured source can't displace a static one."""
        found = dict(self._static)
        for provider in self._providers:
            for source in provider():
                found.setdefault(source.describe().key, source)
        return sorted(found.values(), key=lambda source: order_of(source.describe()))

    def static_keys(self) -> frozenset[str]:
        """Keys of the sources that are registered in code; asks no provider, and so no database."""
        return frozenset(self._static)

    def get(self, key: str) -> Source:
        """The source with this key. Raises UnknownSource."""
        if key in self._static:
            return self._static[key]
        for source in self.all():
            if source.describe().key == key:
                return source
        raise UnknownSource(key)

    @contextmanager
    def temporarily(self, *sources: Source, only: bool = False) -> Iterator[None]:
        """Add sources inside the block (`only`: and hide all others). For tests and benchmarks."""
        before_static, before_providers = dict(self._static), list(self._providers)
        try:
            if only:
                self._static.clear()
                self._providers.clear()
            for source in sources:
                self.register(source)
            yield
        finally:
            self._static, self._providers = before_static, before_providers


def order_of(description: SourceDescription) -> tuple[int, str]:
    """Sort key of a source: by category as a person sees them, then by key."""
    return CATEGORIES.index(description.category), description.key


def _problem_of(source: Source) -> str:
    if not isinstance(source, Source):
        return f"{source!r} lacks a verb of the source protocol"
    description = source.describe()
    for attribute in ("key", "title", "category", "fields", "purposes", "origin", "retention"):
        if not getattr(description, attribute):
            return f"source {description.key or source!r} says nothing about its {attribute}"
    if description.category not in CATEGORIES:
        return f"source {description.key}: unknown category {description.category}"
    names = [item.name for item in description.fields]
    if len(names) != len(set(names)):
        return f"source {description.key}: a field stands twice"
    return ""


registry = SourceRegistry()
