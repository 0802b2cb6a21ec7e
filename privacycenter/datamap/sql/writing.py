"""Changes in somebody else's database: only rows of one person, all or none, each found again by the one normaliser.

Rows are found and locked first, checked one by one, and changed by their key: a collation that takes two people for one
changes nobody else's row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from privacycenter.datamap.enums import Strategy
from privacycenter.datamap.models import ConnectorSource
from privacycenter.datamap.sql.engines import NotAllowed, Refused, connected, writing
from privacycenter.datamap.sql.match import condition, guard
from privacycenter.datamap.sql.plan import Plan, PlannedColumn, Reached
from privacycenter.datamap.sql.rows import StrategyRow, strategies_of
from privacycenter.datamap.sql.stored import bound, stored
from privacycenter.datamap.sql.strategies import SAME_FOR_ALL, maker_for
from privacycenter.datamap.sql.values import sqlite_reader
from privacycenter.kernel.sources import CannotChange, FieldChange, Locator, Treatment

CHUNK = 500
_TRIES = 5  # for a random text that happens to exist
Key = tuple[Any, ...]


class TableCount(NamedTuple):
    """How many rows of one table were deleted or changed."""

    table: str
    rows: int


@dataclass
class Writer:
    """One person's rows of one source, to be changed."""

    source: ConnectorSource
    plan: Plan
    engine: sa.Engine
    locator: Locator
    strategies: Mapping[str, Mapping[str, StrategyRow]] = field(init=False)

    def __post_init__(self) -> None:
        by_table: dict[str, dict[str, StrategyRow]] = {}
        for row in strategies_of(self.source):
            found = split(row.column, self.plan)
            if found and row.strategy is not Strategy.KEEP:
                by_table.setdefault(found[0], {})[found[1]] = row
        self.strategies = by_table

    @property
    def root(self) -> Reached:
        return next(iter(self.plan.tables.values()))

    @property
    def root_key(self) -> list[sa.ColumnElement[Any]]:
        return [column.clause for column in self.plan.key]

    @property
    def owned(self) -> list[Reached]:
        """Tables that go along, the furthest first: children before their parents."""
        return [self.plan.tables[name] for name in reversed(list(self.plan.tables)) if name in self.source.owned_tables]

    @cached_property
    def cuts_link(self) -> bool:
        """Whether the finder loses rows that were made anonymous."""
        return any(name in self.strategies.get(table, {}) for table, name in self.plan.links)

    def found(self) -> int:
        """How many rows still lead to the person."""
        with connected(self.engine) as connection:
            return len(self._theirs(connection, is_locking=False))

    def erase(self, treatment: Treatment, *, rehearse: bool = False) -> tuple[TableCount, ...]:
        """Delete or make anonymous in one transaction; counts per table, the source's own last. `rehearse`: and undo it."""
        change = self._delete if treatment is Treatment.DELETE else self._anonymise
        with writing(self.engine, rehearse=rehearse) as connection:
            keys = [key for key in self._theirs(connection) if None not in key]
            done = []
            for table in self.owned:
                found = self._owned_keys(connection, table, keys)
                done.append(TableCount(table.facts.name, change(connection, table, self._key_of(table), found)))
            done.append(TableCount(self.root.facts.name, change(connection, self.root, self.root_key, keys)))
        return tuple(done)

    def rectify(self, changes: Sequence[FieldChange], key_text: Callable[[Sequence[Any]], str]) -> int:
        """Put values right; answers how many rows were changed. Raises CannotChange."""
        by_record: dict[str, list[FieldChange]] = {}
        for change in changes:
            by_record.setdefault(change.record, []).append(change)
        with writing(self.engine) as connection:
            keys = {key_text(key): key for key in self._theirs(connection, is_locking=False, is_leading=False)}
            return sum(self._rectify_row(connection, keys.get(record), wanted) for record, wanted in by_record.items())

    def _rectify_row(self, connection: sa.Connection, key: Key | None, changes: Sequence[FieldChange]) -> int:
        if key is None:
            raise CannotChange("unknown_record", changes[0].record)
        columns = {row.name: column for row, column in self.plan.fields}
        wanted: dict[str, tuple[PlannedColumn, Any]] = {}
        for change in changes:
            column = columns.get(change.field)
            if column is None or change.field not in self.source.correctable:
                raise CannotChange("read_only" if column is not None else "unknown_field", change.field)
            name = str(column.clause.key)
            try:
                value = stored(change.value, column.declared, zone=self.source.connector.zone, is_required=name in self.root.facts.required)
            except ValueError as error:
                raise CannotChange("invalid_value", change.field) from error
            wanted[name] = (column, value)
        is_it = _among(self.root_key, [key])
        statement = sa.select(*(column.clause for column, _value in wanted.values())).where(is_it)
        row = connection.execute(self._locking(statement, self.root)).one_or_none()
        if row is None:
            raise CannotChange("unknown_record", changes[0].record)
        different = {
            name: bound(value, column.declared, self.dialect)
            for (name, (column, value)), before in zip(wanted.items(), row, strict=True)
            if not self._same(before, value, column)
        }
        if not different:
            return 0
        return int(connection.execute(sa.update(self.root.clause).where(is_it).values(different)).rowcount and 1)

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    def _read(self, before: Any, column: PlannedColumn) -> Any:
        read = sqlite_reader(column.declared) if self.dialect == "sqlite" else None
        return read(before) if read else before

    def _same(self, before: Any, value: Any, column: PlannedColumn) -> bool:
        before = self._read(before, column)
        if isinstance(before, str) and isinstance(column.declared, sa.CHAR):
            before = before.rstrip()  # filled up by the database
        return bool(before == value)

    def _theirs(self, connection: sa.Connection, *, is_locking: bool = True, is_leading: bool = True) -> list[Key]:
        """Keys of the person's rows, each once; with `is_leading` without those that were made anonymous but can still be found."""
        columns = [*self.root_key, self.plan.person.clause]
        origin: sa.FromClause = self.root.clause
        for name in reversed(self.plan.path[:-1]):
            origin = origin.join(self.plan.tables[name].clause, self.plan.tables[name].met())
        kind, values = self.locator["kind"], self.locator["values"]
        statement = (
            sa.select(*(column.label(f"c{number}") for number, column in enumerate(columns)))
            .select_from(origin)
            .where(condition(kind, values, self.plan.person, self.dialect))
        )
        if is_leading and self.source.erasure == Treatment.ANONYMISE and not self.cuts_link:
            statement = statement.where(self._still_leads())
        rows = connection.execute(self._locking(statement, self.root) if is_locking else statement).all()
        is_theirs = guard(kind, values)
        return list(dict.fromkeys(tuple(row[:-1]) for row in rows if is_theirs(row[-1])))

    def _still_leads(self) -> sa.ColumnElement[bool]:
        rows = self.strategies.get(self.root.facts.name, {})
        different: list[sa.ColumnElement[bool]] = []
        for name, row in rows.items():
            clause = self.root.clause.c[name]
            if row.strategy is Strategy.NULL:
                different.append(clause.is_not(None))
            elif row.strategy in SAME_FOR_ALL:
                column = PlannedColumn(clause, self.root.facts.columns[name])
                value = maker_for(row, column, "")(None)
                different += [clause != bound(value, column.declared, self.dialect), clause.is_(None)]
        return sa.or_(*different) if different else sa.true()

    def _locking(self, statement: sa.Select[Any], table: Reached) -> sa.Select[Any]:
        # Others may go on with the rows that were only joined, where the database can tell them apart.
        return statement.with_for_update(of=table.clause) if self.dialect == "postgresql" else statement.with_for_update()

    def _key_of(self, table: Reached) -> list[sa.ColumnElement[Any]]:
        return [table.clause.c[name] for name in table.facts.primary_key]

    def _owned_keys(self, connection: sa.Connection, table: Reached, keys: Sequence[Key]) -> list[Key]:
        """Keys of the rows of an owned table that hang on rows of the source."""
        origin: sa.FromClause = self.root.clause
        for step in reversed(list(chain(table, self.plan))):
            origin = origin.join(step.clause, step.met())
        columns = [column.label(f"c{number}") for number, column in enumerate(self._key_of(table))]
        found: dict[Key, None] = {}
        for some in _chunks(keys):
            statement = sa.select(*columns).select_from(origin).where(_among(self.root_key, some))
            found.update(dict.fromkeys(tuple(row) for row in connection.execute(statement)))
        return list(found)

    def _delete(self, connection: sa.Connection, table: Reached, key: list[sa.ColumnElement[Any]], keys: Sequence[Key]) -> int:
        return sum(connection.execute(sa.delete(table.clause).where(_among(key, some))).rowcount for some in _chunks(keys))

    def _anonymise(self, connection: sa.Connection, table: Reached, key: list[sa.ColumnElement[Any]], keys: Sequence[Key]) -> int:
        rows = self.strategies.get(table.facts.name, {})
        if not rows:
            return 0
        columns = {name: PlannedColumn(table.clause.c[name], table.facts.columns[name]) for name in rows}
        makers = {name: maker_for(row, columns[name], f"datamap.{self.source.source_key}.{row.column}") for name, row in rows.items()}
        if all(row.strategy in SAME_FOR_ALL for row in rows.values()):
            values = {name: bound(make(None), columns[name].declared, self.dialect) for name, make in makers.items()}
            return sum(
                connection.execute(sa.update(table.clause).where(_among(key, some)).values(values)).rowcount for some in _chunks(keys)
            )

        def made(before: Sequence[Any]) -> dict[str, Any]:
            return {
                name: bound(make(self._read(value, columns[name])), columns[name].declared, self.dialect)
                for (name, make), value in zip(makers.items(), before, strict=True)
            }

        count = 0
        for some in _chunks(keys):
            statement = sa.select(*key, *(column.clause for column in columns.values())).where(_among(key, some))
            for row in connection.execute(statement).all():
                update = sa.update(table.clause).where(_among(key, [tuple(row[: len(key)])]))
                before = row[len(key) :]
                count += _update_until_unique(connection, partial(_with_values, update, made, before))
        return count


def _with_values(update: sa.Update, made: Callable[[Sequence[Any]], dict[str, Any]], before: Sequence[Any]) -> sa.Update:
    return update.values(made(before))


def _update_until_unique(connection: sa.Connection, statement: Callable[[], sa.Update]) -> int:
    """Again with other random texts where one exists already. Raises Refused when no try is taken."""
    for _attempt in range(_TRIES):
        try:
            with connection.begin_nested():
                return connection.execute(statement()).rowcount
        except sa.exc.IntegrityError:
            continue
    raise Refused


def chain(table: Reached, plan: Plan) -> Iterator[Reached]:
    """A joined table and those between it and the source's own, which is left out."""
    while table.parent:
        yield table
        table = plan.tables[table.parent]


def split(expression: str, plan: Plan) -> tuple[str, str] | None:
    """The table and column of `table.column`, among the tables that are reached."""
    for name, table in plan.tables.items():
        column = expression.removeprefix(f"{name}.")
        if column != expression and column in table.facts.columns:
            return name, column
    return None


def _chunks(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    return (keys[first : first + CHUNK] for first in range(0, len(keys), CHUNK))


def _among(columns: Sequence[sa.ColumnElement[Any]], keys: Iterable[Key]) -> sa.ColumnElement[bool]:
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return sa.or_(*(sa.and_(*(column == value for column, value in zip(columns, key, strict=True))) for key in keys))


@contextmanager
def refused_as(error: Callable[[str], Exception], code: str) -> Iterator[None]:
    """What the database does not take, as an error of the source protocol."""
    try:
        yield
    except NotAllowed:
        raise error("read_only") from None
    except Refused:
        raise error(code) from None
