"""Sources of personal data: what the kernel knows of them, and nothing about who owns them.

Each room registers its own in `personal_data.py`. A source says what it is and, for one person, finds, counts, exports, corrects
and erases what is held. `expire` joins the protocol together with the retention that calls it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO, NamedTuple, Protocol, runtime_checkable

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


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
    correctable: bool = False  # whether `rectify` can change it (GDPR Art. 16)
    corrected_by: str = ""  # where it is put right in another way: how, as a sentence for the person


class Treatment(StrEnum):
    """What an erasure does with the records of a source."""

    DELETE = "delete"
    ANONYMISE = "anonymise"  # the record stays, nothing in it leads to the person any more
    RETAIN = "retain"  # kept, with a reason and an end (GDPR Art. 17(3))


@dataclass(frozen=True)
class ErasureRule:
    """What an erasure does with a source if nobody decides otherwise, and why where something stays.

    `until` counts from the erasure: the days for which it is kept. None: as long as the retention rule of the source says.
    """

    treatment: Treatment = Treatment.DELETE
    reason: str = ""  # a sentence for the person; needed where records are kept or only made anonymous
    keep_days: int | None = None
    # A source is erased after those of lower order: accounts after what hangs on them, the person's own row last.
    order: int = 100


UNDECIDED = ErasureRule()
"""What holds for a source that says nothing: its records are deleted."""


class Erased(NamedTuple):
    """What an erasure did with the records of one source, in counts."""

    removed: int = 0
    anonymised: int = 0
    retained: int = 0

    def __add__(self, other: Any) -> Erased:
        return Erased(self.removed + other[0], self.anonymised + other[1], self.retained + other[2])


class FieldChange(NamedTuple):
    """One value to be put right: the key of the record as `export` gives it, the field's name, the new value."""

    record: str
    field: str
    value: Any


class CannotChange(LookupError):
    """A correction that can't be made; `code` says why: unknown_record, unknown_field, read_only, invalid_value, conflict."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code


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
    erasure: ErasureRule = UNDECIDED  # a source in code decides: privacycenter.E017


# The categories a person sees, in this order. Keys stand in bundles.
CATEGORIES = ("identity", "account", "security", "contact", "purchases", "interactions", "forms", "choices", "requests", "other")

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

    def rectify(self, locator: Locator, changes: Sequence[FieldChange]) -> int:
        """Put values right in records of this person, all or none; answers how many records were changed. Raises CannotChange.

        A source in this database does so in the caller's transaction. Made twice, it changes nothing the second time.
        """

    def obstacle(self, locator: Locator) -> str:
        """Why records can't be erased now, as a code (a key of OBSTACLES), or nothing. Asked before a plan is made and again by `erase`."""

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        """Delete, make anonymous or keep everything that the locator finds. A second time finds nothing left to do.

        Raises CannotErase with the code of an `obstacle`.

        A source in this database does so in the caller's transaction. Works when the person's own rows are gone.
        """

    def verify_erased(self, locator: Locator) -> int:
        """Run the finder again: how many records still lead to the person. Those that were made anonymous don't count."""


OBSTACLES: Mapping[str, str | Promise] = {
    "unfit_treatment": _("These records can't be treated like this: others need them, or they are written once and never changed."),
    "read_only": _("These records can be read here, but not changed."),
    "last_data_protection_officer": _(
        "This account belongs to the last data protection officer. Somebody else must hold that role before it can be erased."
    ),
    "last_administrator": _("This account belongs to the last administrator. Somebody else must be one before it can be erased."),
}
"""Why an erasure is refused, by code, in words for staff."""


class CannotErase(RuntimeError):
    """Records that can't be erased as asked; `code` says why: a key of OBSTACLES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ReadOnlySource:
    """A source that can be read, and nothing else: what it holds is kept or erased elsewhere. For sources to derive from."""

    def count(self, locator: Locator) -> int:
        raise TypeError(f"{type(self).__name__} does not count")

    def rectify(self, locator: Locator, changes: Sequence[FieldChange]) -> int:
        raise CannotChange("read_only")

    def obstacle(self, locator: Locator) -> str:
        return ""

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        if treatment is not Treatment.RETAIN:
            raise CannotErase("read_only")
        return Erased(retained=self.count(locator))

    def verify_erased(self, locator: Locator) -> int:
        return self.count(locator)


@runtime_checkable
class CarriesIdentifiers(Protocol):
    """What a source may offer whose rows bear an address or number, whether or not it points to somebody we know.

    A locator {"identifiers": [[kind, value], …]} finds the rows that bear these.
    """

    def identifiers(self) -> Iterator[tuple[str, str]]:
        """Every (kind, value) that stands in a row, each once, read in pages."""


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
    if description.erasure.treatment is not Treatment.DELETE and not description.erasure.reason:
        return f"source {description.key} does not say why its records are not deleted"
    names = [item.name for item in description.fields]
    if len(names) != len(set(names)):
        return f"source {description.key}: a field stands twice"
    return ""


registry = SourceRegistry()
