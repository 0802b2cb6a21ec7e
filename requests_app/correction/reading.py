"""Records of one person as a page shows them, and the values of single ones: always through the source, never around it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import dataclass
from itertools import islice

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import (
    CannotChange,
    FieldChange,
    Item,
    Locator,
    Record,
    Source,
    SourceDescription,
    SourceField,
    UnknownSource,
    registry,
)
from privacycenter.subjects.models import Subject
from requests_app.correction.errors import CannotCorrect
from requests_app.correction.values import words
from requests_app.domain.stops import is_stopped
from requests_app.models import Annotation

log = structlog.get_logger("privacycenter.requests")

PER_PAGE = 10
# What a person changes without anybody's decision, and where; by source and field.
_PROFILE = "account_profile"
SELF_SERVICE = {
    ("accounts.profile", "username"): _PROFILE,
    ("accounts.profile", "full_name"): _PROFILE,
    ("accounts.profile", "email"): "account_email",
    ("accounts.profile", "phone"): _PROFILE,
    ("accounts.profile", "company"): _PROFILE,
    ("accounts.profile", "country"): _PROFILE,
    ("subjects.locale", "time_zone"): _PROFILE,
    ("subjects.locale", "language"): _PROFILE,
}


@dataclass(frozen=True)
class Cell:
    """One value of a record as it is shown."""

    field: SourceField
    words: str
    can_correct: bool
    href: str = ""  # where the person changes it by themselves


@dataclass(frozen=True)
class RecordRow:
    """One record as it is shown, with the notes that the person left beside it."""

    key: str
    cells: tuple[Cell, ...]
    notes: tuple[Annotation, ...]


@dataclass(frozen=True)
class RecordPage:
    """So many records of a source as fit on a page."""

    description: SourceDescription
    number: int
    rows: tuple[RecordRow, ...]
    notes: tuple[Annotation, ...]  # about the source as a whole
    has_next: bool


@dataclass(frozen=True)
class Holding:
    """A source that may hold something about the person. `count` is None for one outside this database: asking takes time."""

    description: SourceDescription
    count: int | None


def find_source(key: str) -> Source:
    """The source with this key. Raises CannotCorrect where there is none or its work is stopped."""
    try:
        source = registry.get(key)
    except UnknownSource as error:
        raise CannotCorrect("unknown_record") from error
    if is_stopped(key):
        raise CannotCorrect("stopped")
    return source


def locate(source: Source, subject: Subject) -> Locator:
    """By what the source finds the person. Raises CannotCorrect for one that can't be asked now."""
    try:
        return source.locate(subject)
    except Exception as error:  # a source is somebody else's code and database
        raise _unreachable(source, error) from error


def holdings(subject: Subject) -> list[Holding]:
    """The sources among which a person looks for what is wrong. One count for each of this database that knows them."""
    found = []
    for source in registry.all():
        description = source.describe()
        try:
            locator = locate(source, subject)
        except CannotCorrect:
            found.append(Holding(description, None))
            continue
        if not locator:
            continue
        count = source.count(locator) if description.in_database else None
        if count != 0:
            found.append(Holding(description, count))
    return found


def page_of(source: Source, subject: Subject, number: int) -> RecordPage:
    """One page of the person's records in this source, in the language of the page. Raises CannotCorrect."""
    description, locator = source.describe(), locate(source, subject)
    start = (number - 1) * PER_PAGE
    items: list[Record] = []
    if locator:
        try:
            items = list(islice(_records(source.export(locator)), start, start + PER_PAGE + 1))
        except Exception as error:
            raise _unreachable(source, error) from error
    notes: dict[str, list[Annotation]] = {}
    for note in Annotation.objects.filter(subject=subject, source_key=description.key).select_related("request"):
        notes.setdefault(note.record, []).append(note)
    rows = tuple(_row(description, item, tuple(notes.get(item.key, ()))) for item in items[:PER_PAGE])
    return RecordPage(description, number, rows, tuple(notes.get("", ())), len(items) > PER_PAGE)


def read_records(source: Source, locator: Locator, keys: Collection[str]) -> dict[str, Record]:
    """The records with these keys that are the person's, by key, in one language, so that what is read twice can be compared.

    A source of one table is asked for these rows only; any other is read until all are found.
    """
    wanted = set(keys)
    with override(settings.LANGUAGE_CODE):
        found = _pick(_few(source, locator, wanted), wanted)
        return found if len(found) == len(wanted) else _pick(source.export(locator), wanted)


def read_record(source: Source, subject: Subject, key: str) -> Record:
    """One record. Raises CannotCorrect: somebody else's record is as unknown as one that does not exist."""
    locator = locate(source, subject)
    try:
        record = read_records(source, locator, [key]).get(key) if locator else None
    except Exception as error:
        raise _unreachable(source, error) from error
    if record is None:
        raise CannotCorrect("unknown_record")
    return record


def field_of(source: Source, name: str) -> SourceField:
    """The field with this name, where it may be shown. Raises CannotCorrect."""
    for field in source.describe().fields:
        if field.name == name and not field.withheld:
            return field
    raise CannotCorrect("unknown_field")


def try_out(source: Source, locator: Locator, change: FieldChange) -> None:
    """Let the source say whether it would take a value; nothing is changed. Raises CannotCorrect.

    Only a source of this database can be asked: the attempt is rolled back. One outside says it when the change is made.
    """
    if not source.describe().in_database:
        return
    try:
        with transaction.atomic():
            source.rectify(locator, [change])
            transaction.set_rollback(True)
    except CannotChange as error:
        raise CannotCorrect(error.code) from error


def _records(items: Iterator[Item]) -> Iterator[Record]:
    return (item for item in items if isinstance(item, Record))


def _few(source: Source, locator: Locator, keys: set[str]) -> Iterator[Item]:
    """The rows of one table that have these primary keys; nothing where the source is not one of a table, or its keys are others."""
    if not isinstance(source, ModelSource):
        return iter(())
    try:
        rows = [queryset.filter(pk__in=keys) for queryset in source.querysets(locator)]
    except (TypeError, ValueError, ValidationError):
        return iter(())
    few = copy(source)
    few.querysets = lambda locator: rows  # type: ignore[method-assign]
    return few.export(locator)


def _pick(items: Iterator[Item], wanted: set[str]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for record in _records(items):
        if record.key in wanted:
            found[record.key] = record
            if len(found) == len(wanted):
                break
    return found


def _row(description: SourceDescription, item: Record, notes: tuple[Annotation, ...]) -> RecordRow:
    cells = tuple(
        Cell(
            field,
            words(item.values.get(field.name)),
            field.correctable,
            reverse(SELF_SERVICE[description.key, field.name]) if (description.key, field.name) in SELF_SERVICE else "",
        )
        for field in description.fields
        if not field.withheld and field.name in item.values
    )
    return RecordRow(item.key, cells, notes)


def _unreachable(source: Source, error: Exception) -> CannotCorrect:
    log.warning("source_unreachable", source=source.describe().key, error=type(error).__name__)
    return CannotCorrect("unreachable")
