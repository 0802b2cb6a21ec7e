"""From the configuration of a source to statements: every name is checked against the database's own schema first.

The source's table is the root; each join reaches one further table. Tables between the root and the column that names
the person are inner joins, look-ups beside that path are outer joins, so that a missing look-up never costs a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from django.utils.translation import gettext as _
from sqlalchemy import types

from privacycenter.datamap.errors import SourceMisconfigured
from privacycenter.datamap.models import Connector, ConnectorSource
from privacycenter.datamap.sql.rows import FieldRow, JoinRow, fields_of, joins_of
from privacycenter.datamap.sql.schema import TableFacts, table_facts, table_names

AnyColumn = sa.ColumnElement[Any]


@dataclass(frozen=True)
class PlannedColumn:
    """A column that was found in the schema, with the type it was declared with."""

    clause: AnyColumn
    declared: types.TypeEngine[Any]


@dataclass(frozen=True)
class Plan:
    """What to select from where.

    `is_unique`: the schema proves that no key stands in two rows of the result. `may_lack_key`: it does not prove that
    every row has one.
    """

    origin: sa.FromClause
    key: tuple[PlannedColumn, ...]
    person: PlannedColumn
    dated_by: PlannedColumn | None
    fields: tuple[tuple[FieldRow, PlannedColumn], ...]
    is_unique: bool
    may_lack_key: bool
    tables: Mapping[str, Reached]  # by name, the source's own first, each after the one it is joined to
    path: tuple[str, ...]  # from the table that names the person to the source's own

    @property
    def links(self) -> frozenset[tuple[str, str]]:
        """(table, column) of everything by which a row leads to its person."""
        links = {(self.path[0], str(self.person.clause.key))}
        for name in self.path[:-1]:
            table = self.tables[name]
            links |= {(name, right) for _left, _right, right in table.conditions}
            links |= {(table.parent, str(left.key)) for left, _right, _name in table.conditions}
        return frozenset(links)

    @property
    def has_binary(self) -> bool:
        return any(isinstance(column.declared, types.LargeBinary) for _row, column in self.fields)


@dataclass
class Reached:
    """A table of the statement: how it was reached, from which table, by which equalities."""

    facts: TableFacts
    clause: sa.TableClause
    parent: str = ""
    conditions: list[tuple[AnyColumn, AnyColumn, str]] = field(default_factory=list)  # left, right, right's column name

    @property
    def is_single(self) -> bool:
        """Whether at most one row of this table meets a row of its parent."""
        met = {name for _left, _right, name in self.conditions}
        return any(unique <= met for unique in self.facts.unique)

    def hangs_on(self, parent: Reached) -> bool:
        """Whether a row of this table meets at most one row of its parent."""
        met = {str(left.key) for left, _right, _name in self.conditions}
        return any(unique <= met for unique in parent.facts.unique)

    def met(self) -> sa.ColumnElement[bool]:
        """The condition under which a row of this table meets one of its parent."""
        return sa.and_(*(left == right for left, right, _name in self.conditions))


class _Planner:
    def __init__(self, connector: Connector, source: ConnectorSource) -> None:
        self.connector = connector
        self.source = source
        self.reached: dict[str, Reached] = {}
        self.problems: list[tuple[str, str]] = []

    def plan(self) -> Plan:
        root = table_facts(self.connector, self.source.table)
        if root is None:
            raise SourceMisconfigured([("table", self._no_table(self.source.table))])
        self.reached[root.name] = Reached(root, self._clause(root))
        self._join(list(joins_of(self.source)))
        person = self._column("person_column", self.source.person_column)
        dated_by = self._column("date_column", self.source.date_column) if self.source.date_column else None
        key = self._key(root)
        fields = [(row, self._column("columns", row.column)) for row in fields_of(self.source) if not row.withheld]
        if self.problems or person is None:
            raise SourceMisconfigured(self.problems)
        return Plan(
            origin=self._origin(root, person[0]),
            key=tuple(column for _table, column in key),
            person=person[1],
            dated_by=dated_by[1] if dated_by else None,
            fields=tuple((row, found[1]) for row, found in fields if found),
            is_unique=self._is_unique(root, key),
            may_lack_key=not all(column.clause.key in self.reached[table].facts.required for table, column in key),
            tables=self.reached,
            path=tuple(self._path(person[0])),
        )

    def _clause(self, facts: TableFacts) -> sa.TableClause:
        # Columns without types: values arrive as the driver gives them, so that one odd value can't end a whole page.
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in facts.columns]
        return sa.table(facts.name, *columns, schema=self.connector.schema or None)

    def _join(self, waiting: list[JoinRow]) -> None:
        while waiting:
            for row in waiting:
                if self._apply(row):
                    waiting.remove(row)
                    break
            else:
                for row in waiting:
                    self._blame_join(row)
                return

    def _apply(self, row: JoinRow) -> bool:
        """Use a join if it touches a table that is reached; say so."""
        sides = [self._find(row.left), self._find(row.right)]
        if not all(sides):
            return False
        (left, left_name), (right, right_name) = [side for side in sides if side]
        if left.name not in self.reached:
            (left, left_name), (right, right_name) = (right, right_name), (left, left_name)
        if left.name not in self.reached or left.name == right.name:
            return False
        new = self.reached.get(right.name)
        if new is None:
            new = self.reached[right.name] = Reached(right, self._clause(right), parent=left.name)
        elif self._depth(right.name) < self._depth(left.name):  # a further condition on the table that came later
            (left, left_name), (right_name, new) = (right, right_name), (left_name, self.reached[left.name])
        new.conditions.append((self.reached[left.name].clause.c[left_name], new.clause.c[right_name], right_name))
        return True

    def _depth(self, name: str) -> int:
        return list(self.reached).index(name)

    def _blame_join(self, row: JoinRow) -> None:
        for expression in (row.left, row.right):
            if self._find(expression) is None:
                self.problems.append(("joins", self._no_column(expression)))
                return
        self.problems.append(("joins", _("The join %(join)s meets no other table of this source.") % {"join": f"{row.left} = {row.right}"}))

    def _find(self, expression: str) -> tuple[TableFacts, str] | None:
        """The table and column that `table.column` names; both may hold dots themselves."""
        for table, column in _splits(expression):
            facts = table_facts(self.connector, table)
            if facts and column in facts.columns:
                return facts, column
        return None

    def _column(self, form_field: str, expression: str) -> tuple[str, PlannedColumn] | None:
        found = self._find(expression)
        if found is None:
            self.problems.append((form_field, self._no_column(expression)))
            return None
        facts, name = found
        if facts.name not in self.reached:
            message = _("%(column)s lies in a table that no join reaches from %(table)s.")
            self.problems.append((form_field, message % {"column": expression, "table": self.source.table}))
            return None
        return facts.name, PlannedColumn(self.reached[facts.name].clause.c[name], facts.columns[name])

    def _key(self, root: TableFacts) -> list[tuple[str, PlannedColumn]]:
        names = [name if name not in root.columns else f"{root.name}.{name}" for name in self.source.key_columns]
        names = names or [f"{root.name}.{name}" for name in root.primary_key]
        if not names:
            message = _("%(table)s has no primary key. Name the columns that together tell its rows apart.")
            self.problems.append(("key_columns", message % {"table": root.name}))
        return [found for found in (self._column("key_columns", name) for name in names) if found]

    def _is_unique(self, root: TableFacts, key: list[tuple[str, PlannedColumn]]) -> bool:
        of_root = {column.clause.key for table, column in key if table == root.name}
        return any(unique <= of_root for unique in root.unique) and all(
            table.is_single for name, table in self.reached.items() if name != root.name
        )

    def _origin(self, root: TableFacts, person_table: str) -> sa.FromClause:
        inner = set(self._path(person_table))
        origin: sa.FromClause = self.reached[root.name].clause
        for name, table in self.reached.items():
            if name != root.name:
                origin = origin.join(table.clause, table.met(), isouter=name not in inner)
        return origin

    def _path(self, table: str) -> Iterator[str]:
        while table:
            yield table
            table = self.reached[table].parent

    def _no_table(self, name: str) -> str:
        return _("There is no table %(name)s.") % {"name": name or "?"} + _meant(name, table_names(self.connector))

    def _no_column(self, expression: str) -> str:
        for table, _column in _splits(expression):
            facts = table_facts(self.connector, table)
            if facts:
                known = [f"{table}.{name}" for name in facts.columns]
                return _("There is no column %(name)s.") % {"name": expression} + _meant(expression, known)
        if "." not in expression:
            return _("Write %(name)s as table.column.") % {"name": expression or "?"}
        return self._no_table(next(_splits(expression))[0])


def _splits(expression: str) -> Iterator[tuple[str, str]]:
    position = expression.rfind(".")
    while position > 0:
        yield expression[:position], expression[position + 1 :]
        position = expression.rfind(".", 0, position)


def _meant(wrong: str, known: list[str]) -> str:
    """A suggestion: the name that differs only in case, else nothing."""
    return "".join(" " + _("Did you mean %(name)s?") % {"name": name} for name in known if name.casefold() == wrong.casefold())


def plan_for(connector: Connector, source: ConnectorSource) -> Plan:
    """Check a source against the schema and plan its statements. Raises SourceMisconfigured or SourceUnavailable."""
    return _Planner(connector, source).plan()
