"""A source in an outside database, as the registry sees it: found by proven identifiers, read page by page, changed row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from django.utils import timezone
from django.utils.translation import gettext as _
from sqlalchemy import types

from privacycenter.datamap.enums import ErasureChoice
from privacycenter.datamap.errors import BadAddress, SourceChanged, SourceMisconfigured, SourceUnavailable
from privacycenter.datamap.models import ConnectorSource
from privacycenter.datamap.sql.engines import Damaged, RowsUnreadable, connected, engine_for, tolerating_damage
from privacycenter.datamap.sql.match import condition, guard
from privacycenter.datamap.sql.plan import Plan, plan_for
from privacycenter.datamap.sql.rows import description_of
from privacycenter.datamap.sql.values import Converter, Values, sqlite_reader
from privacycenter.datamap.sql.writing import TableCount, Writer, refused_as
from privacycenter.kernel.errors import DecryptionFailed, OutboundRefused
from privacycenter.kernel.page_size import FIRST_ROWS, PageSize, weight
from privacycenter.kernel.sources import (
    CannotChange,
    CannotErase,
    Erased,
    FieldChange,
    Item,
    Locator,
    Problem,
    Record,
    SourceDescription,
    Treatment,
)
from privacycenter.subjects.queries import proven_identifiers

PAGE = 5_000  # at most; fewer where the rows are large
BINARY_PAGE = 50  # at first: rows with bytes in them may be large
# Rows of one key come together, so they are held together: beyond this they are named instead of read.
GROUP_ROWS, GROUP_BYTES = 20_000, 64 * 1024 * 1024

Row = Sequence[Any]


class SqlSource:
    """Reads one configured source, and changes it where staff allowed that. Holds no connection between pages."""

    def __init__(self, source: ConnectorSource) -> None:
        self.source = source
        self.connector = source.connector
        self._description = description_of(source)

    def describe(self) -> SourceDescription:
        return self._description

    def locate(self, subject: Any) -> Locator:
        kind = self.source.identifier_kind
        values = [value for known_kind, value in proven_identifiers(subject) if known_kind == kind]
        return {"kind": kind, "values": values} if values else {}

    def count(self, locator: Locator) -> int:
        if not locator:
            return 0
        with self._errors_translated():
            reading = self._reading(locator)
            return int(reading.scalar(sa.select(sa.func.count()).select_from(reading.plan.origin).where(reading.is_theirs)))

    def newest(self, locator: Locator) -> datetime | None:
        if not locator or not self.source.date_column:
            return None
        with self._errors_translated():
            reading = self._reading(locator)
            dated_by = reading.plan.dated_by
            if dated_by is None:
                return None
            statement = sa.select(sa.func.max(dated_by.clause)).select_from(reading.plan.origin).where(reading.is_theirs)
            value = reading.converter(dated_by.declared)(reading.scalar(statement))
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day, tzinfo=self.connector.zone)
        return value if isinstance(value, datetime) and timezone.is_aware(value) else None

    def export(self, locator: Locator) -> Iterator[Item]:
        if locator:
            with self._errors_translated():
                yield from self._reading(locator).items()

    @property
    def may_erase(self) -> bool:
        """Whether staff said what an erasure does, and that the connector may do it."""
        return self.connector.may_write and self.source.erasure != ErasureChoice.UNDECIDED

    def rectify(self, locator: Locator, changes: Sequence[FieldChange]) -> int:
        """In one transaction of the outside database. Raises CannotChange, SourceUnavailable or SourceChanged."""
        if not self.connector.may_write:
            raise CannotChange("read_only")
        if not changes:
            return 0
        if not locator:
            raise CannotChange("unknown_record", changes[0].record)
        with self._errors_translated(), refused_as(CannotChange, "invalid_value"):
            return self._writer(locator).rectify(changes, key_text)

    def obstacle(self, locator: Locator) -> str:
        """Rows stay as they are as long as staff did not say otherwise; whoever has none there is not held up by that."""
        if self.may_erase or self._description.erasure.treatment is Treatment.RETAIN:
            return ""
        return "read_only" if self.count(locator) else ""

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        """As it was set up, or kept. Raises CannotErase, SourceUnavailable or SourceChanged; then nothing was changed."""
        if treatment is Treatment.RETAIN:
            return Erased(retained=self.count(locator))
        if not locator:
            return Erased()
        if not self.may_erase:
            if self.count(locator):
                raise CannotErase("read_only")
            return Erased()
        rows = self._erase(locator, treatment, rehearse=False)[-1].rows
        return Erased(removed=rows) if treatment is Treatment.DELETE else Erased(anonymised=rows)

    def rehearse(self, locator: Locator) -> tuple[TableCount, ...]:
        """Erase as it was set up, and undo it: counts per table. Raises as `erase` does."""
        return self._erase(locator, self._description.erasure.treatment, rehearse=True)

    def _erase(self, locator: Locator, treatment: Treatment, *, rehearse: bool) -> tuple[TableCount, ...]:
        if not self.may_erase:
            raise CannotErase("read_only")
        if treatment is Treatment.RETAIN or treatment is not self._description.erasure.treatment:
            raise CannotErase("unfit_treatment")
        with self._errors_translated(), refused_as(CannotErase, "unfit_treatment"):
            return self._writer(locator).erase(treatment, rehearse=rehearse)

    def verify_erased(self, locator: Locator) -> int:
        if not locator:
            return 0
        with self._errors_translated():
            return Writer(self.source, plan_for(self.connector, self.source), engine_for(self.connector), locator).found()

    def _writer(self, locator: Locator) -> Writer:
        return Writer(self.source, plan_for(self.connector, self.source), engine_for(self.connector, writes=True), locator)

    def _reading(self, locator: Locator) -> Reading:
        return Reading(plan_for(self.connector, self.source), engine_for(self.connector), Values(self.connector.zone), locator)

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        try:
            yield
        except (BadAddress, OutboundRefused, DecryptionFailed):
            raise SourceUnavailable("source_address_refused") from None
        except (SourceMisconfigured, RowsUnreadable):
            raise SourceChanged from None


@dataclass
class Reading:
    """One person's rows of one source: the statements and how their rows become records."""

    plan: Plan
    engine: sa.Engine
    values: Values
    locator: Locator

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @cached_property
    def is_theirs(self) -> sa.ColumnElement[bool]:
        return condition(self.locator["kind"], self.locator["values"], self.plan.person, self.dialect)

    def scalar(self, statement: sa.Select[Any]) -> Any:
        with connected(self.engine) as connection:
            return connection.execute(statement).scalar()

    def converter(self, declared: types.TypeEngine[Any]) -> Converter:
        """From a value as the driver gives it to the value of a record."""
        read = sqlite_reader(declared) if self.dialect == "sqlite" else None
        of = self.values.of
        return (lambda value: of(read(value))) if read else of

    def items(self) -> Iterator[Item]:
        width = len(self.plan.key)
        record = self._record_maker(width)
        is_theirs = guard(self.locator["kind"], self.locator["values"])
        if self.plan.is_unique:
            for row in self._rows(width):
                if isinstance(row, Problem):
                    yield row
                elif is_theirs(row[width]):
                    yield record(row)
        else:
            yield from self._grouped(width, record, is_theirs)
        if self.plan.may_lack_key:
            yield from self._keyless()

    def _grouped(self, width: int, record: Callable[[Row], Record], is_theirs: Callable[[Any], bool]) -> Iterator[Item]:
        """Rows whose key may repeat: those of one key come together, in an order that does not depend on the database."""
        last: Row | None = None
        group: list[Record] = []
        for row in self._rows(width):
            if isinstance(row, Problem):
                yield row
                continue
            if not is_theirs(row[width]):
                continue
            if last is not None and list(row[:width]) != list(last):
                yield from _numbered(group)
                group = []
            last = row[:width]
            group.append(record(row))
        yield from _numbered(group)

    def _keyless(self) -> Iterator[Problem]:
        """Paging goes along the key, so rows without one can't be paged; they are named rather than passed over."""
        keyless = sa.or_(*(column.clause.is_(None) for column in self.plan.key))
        statement = sa.select(sa.func.count()).select_from(self.plan.origin).where(self.is_theirs, keyless)
        for number in range(1, int(self.scalar(statement)) + 1):
            yield Problem(f"without-key-{number}", _("This record has no key in the connected database, so it could not be read."))

    def _record_maker(self, width: int) -> Callable[[Row], Record]:
        names = [row.name for row, _column in self.plan.fields]
        converters = [self.converter(column.declared) for _row, column in self.plan.fields]
        first = width + 1  # after the key and the column that names the person

        def record(row: Row) -> Record:
            return Record(
                key_text(row[:width]), {name: convert(value) for name, convert, value in zip(names, converters, row[first:], strict=True)}
            )

        return record

    def _statement(self, columns: list[sa.ColumnElement[Any]], *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
        # Names of our own: two tables may have columns of one name.
        selected = [column.label(f"c{number}") for number, column in enumerate(columns)]
        keys = [column.clause for column in self.plan.key]
        present = [key.is_not(None) for key in keys] if self.plan.may_lack_key else []
        return sa.select(*selected).select_from(self.plan.origin).where(self.is_theirs, *present, *conditions).order_by(*keys)

    def _rows(self, width: int) -> Iterator[Row | Problem]:
        keys = [column.clause for column in self.plan.key]
        columns = [*keys, self.plan.person.clause, *(column.clause for _row, column in self.plan.fields)]
        size = PageSize(largest=PAGE, first=BINARY_PAGE if self.plan.has_binary else FIRST_ROWS)
        limit = size.rows
        conditions: list[sa.ColumnElement[bool]] = []
        while True:
            rows = self._page(self._statement(columns, *conditions).limit(limit), width)
            is_full = len(rows) == limit
            if is_full and not self.plan.is_unique:
                # The last key may go on behind the page: leave its rows to the next one.
                last = self._key_of(rows[-1], width)
                whole = [row for row in rows if self._key_of(row, width) != last]
                if not whole and (limit >= GROUP_ROWS or _weight(rows) >= GROUP_BYTES):
                    yield Problem(key_text(last), _("Too many records of the connected database share this key to be read."))
                    conditions, limit = [_after(keys, last)], size.rows
                    continue
                if not whole:
                    limit *= 2
                    continue
                rows = whole
            for row in rows:
                yield row.problem if isinstance(row, _Unreadable) else row
            if not is_full:
                return
            conditions = [_after(keys, self._key_of(rows[-1], width))]
            size.learn([row for row in rows if not isinstance(row, _Unreadable)])
            limit = size.rows

    @staticmethod
    def _key_of(row: Row | _Unreadable, width: int) -> list[Any]:
        return list(row.key if isinstance(row, _Unreadable) else row[:width])

    def _page(self, statement: sa.Select[Any], width: int) -> list[Any]:
        try:
            with connected(self.engine) as connection:
                return list(connection.execute(statement).all())
        except RowsUnreadable:
            return self._page_carefully(statement, width)

    def _page_carefully(self, statement: sa.Select[Any], width: int) -> list[Any]:
        """A page in which the driver can't read some row: SQLite's text as it stands, elsewhere row by row."""
        if self.dialect == "sqlite":
            with connected(self.engine) as connection, tolerating_damage(connection):
                return list(connection.execute(statement).all())
        keys = [column.clause for column in self.plan.key]
        with connected(self.engine) as connection:
            found = list(connection.execute(statement.with_only_columns(*keys)).all())
        rows: list[Any] = []
        for key in dict.fromkeys(tuple(key) for key in found):
            try:
                with connected(self.engine) as connection:
                    same = [column == value for column, value in zip(keys, key, strict=True)]
                    rows.extend(connection.execute(statement.limit(None).where(*same)).all())
            except RowsUnreadable:
                rows.append(_Unreadable(key))
        return rows


def _weight(rows: list[Any]) -> int:
    return weight([row for row in rows if not isinstance(row, _Unreadable)])


@dataclass(frozen=True)
class _Unreadable:
    """A row that the driver can't turn into values."""

    key: Row

    @property
    def problem(self) -> Problem:
        return Problem(key_text(self.key), _("The connected database holds a value here that could not be read."))


def _after(keys: list[sa.ColumnElement[Any]], last: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Rows behind `last` in key order, spelled out: not every database compares tuples, and few do so by an index."""
    bound = [_bound(value) for value in last]
    behind: sa.ColumnElement[bool] = keys[-1] > bound[-1]
    for column, value in zip(reversed(keys[:-1]), reversed(bound[:-1]), strict=True):
        behind = sa.and_(column >= value, sa.or_(column > value, behind))
    return behind


def _bound(value: Any) -> Any:
    # Text that is no UTF-8 goes back as the bytes it came from.
    return sa.cast(sa.literal(value.raw, types.LargeBinary), types.Text) if isinstance(value, Damaged) else value


def _numbered(group: list[Record]) -> Iterator[Record]:
    if len(group) > 1:
        group.sort(key=lambda record: repr(record.values))
    for number, record in enumerate(group, start=1):
        yield record if number == 1 else Record(f"{record.key}#{number}", record.values)


def key_text(key: Sequence[Any]) -> str:
    """A key as text: the parts joined by a slash, bytes in hex."""
    if len(key) == 1 and type(key[0]) in {int, str}:  # nearly always
        return str(key[0])
    return "/".join(bytes(part).hex() if isinstance(part, bytes | bytearray | memoryview) else str(part) for part in key)
