"""Rows of one queryset page by page, as plain tuples: the quick way through very many of them.

One record at a time costs a generator step, a mapping and a named tuple each; a million of them more than the database itself.
What reads pages gets the same values under the same names.

Most people have a few rows in each of many tables. There the ORM takes longer to write a statement than PostgreSQL to answer it,
and it writes the same one for everybody: it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, F, IntegerField, JSONField, Model, QuerySet, TextField
from django.db.models.functions import Cast

from privacycenter.kernel.page_size import PageSize

Rows = Sequence[Sequence[Any]]
_LAYOUTS = 1_000  # kept; a source has one
_STATEMENTS = 50  # kept for each; a source has one or two, and one more for each length of a list of values


class Page(NamedTuple):
    """Some rows: the record's key first, then the columns, as `names` has them, then the primary key.

    Columns in `json_names` hold JSON as text.
    """

    names: tuple[str, ...]
    rows: Rows
    json_names: tuple[str, ...]


def row_pages(queryset: QuerySet[Any], columns: Mapping[str, str], *, size: int) -> Iterator[Page]:
    """Pages along the primary key, each a short query for at most `size` rows.

    `columns` maps names to ORM look-up paths of the queryset's model.

    JSON columns come as the database's text, unparsed: parsing and writing again is most of the cost of a row that has one.
    """
    layout = _layout(queryset.model, tuple(columns.items()))  # type: ignore[arg-type]  # a class is hashable
    last, page_size = None, PageSize(largest=size)
    while True:
        limit = page_size.rows
        rows = _first_rows(queryset, layout, limit) if last is None else _rows(layout.page(queryset.filter(pk__gt=last), limit))
        if rows:
            yield Page(layout.names, rows if layout.is_key_text else [(str(row[0]), *row[1:]) for row in rows], layout.json_names)
        if len(rows) < limit:
            return
        page_size.learn(rows)
        last = rows[-1][-1]


class _Layout:
    """What is asked of a model, whichever rows are wanted, and the statements that were written for it."""

    def __init__(self, model: type[Model], columns: tuple[tuple[str, str], ...]) -> None:
        # A key is text, as str() gives it. Only whole numbers are written alike by every database.
        self.is_key_text = isinstance(model._meta.pk, IntegerField)
        concrete = {field.name: field for field in model._meta.concrete_fields}
        self.json_names = tuple(name for name, path in columns if type(concrete.get(path)) is JSONField)
        self.names = ("key", *(name for name, _path in columns))
        key = Cast("pk", CharField()) if self.is_key_text else F("pk")
        values = (Cast(path, TextField()) if name in self.json_names else F(path) for name, path in columns)
        self._wanted = (key, *values, "pk")
        self.statements: dict[tuple[str, str, int], str] = {}

    def page(self, queryset: QuerySet[Any], limit: int) -> QuerySet[Any]:
        return queryset.order_by("pk").values_list(*self._wanted)[:limit]


@lru_cache(_LAYOUTS)
def _layout(model: type[Model], columns: tuple[tuple[str, str], ...]) -> _Layout:
    return _Layout(model, columns)


def _first_rows(queryset: QuerySet[Any], layout: _Layout, limit: int) -> Rows:
    """The rows of the first page: by the kept statement where the condition reads like one before, with other values."""
    connection, query = connections[queryset.db], queryset.query
    has_more = query.annotations or query.extra or query.distinct or query.combinator or query.is_sliced
    if connection.vendor != "postgresql" or has_more or len(query.alias_map) != 1:
        return _rows(layout.page(queryset, limit))  # more than a condition on one table
    try:
        condition, values = query.where.as_sql(query.get_compiler(connection=connection), connection)
    except (EmptyResultSet, FullResultSet):
        return _rows(layout.page(queryset, limit))
    known_by = (connection.alias, condition, limit)
    if known_by in layout.statements:
        return _sent(connection, layout.statements[known_by], values)
    page = layout.page(queryset, limit)
    written = _written(page)
    # Only where the condition's values are all there are does the statement fit others.
    if written and list(written[1]) == list(values) and len(layout.statements) < _STATEMENTS:
        layout.statements[known_by] = written[0]
    return _sent(connection, *written) if written else list(page)


def _rows(page: QuerySet[Any]) -> Rows:
    written = _written(page)
    return _sent(connections[page.db], *written) if written else list(page)


def _written(page: QuerySet[Any]) -> tuple[str, Sequence[Any]] | None:
    """The statement of a page and its values, where its rows are right as psycopg reads them; otherwise None."""
    connection = connections[page.db]
    if connection.vendor != "postgresql":
        return None
    compiler = page.query.get_compiler(connection=connection)
    try:
        statement, values = compiler.as_sql()
    except EmptyResultSet:
        return None
    return None if compiler.get_converters([expression for expression, *_ in compiler.select]) else (statement, values)


def _sent(connection: BaseDatabaseWrapper, statement: str, values: Sequence[Any]) -> Rows:
    """The rows of a statement, with moments read by psycopg's C code.

    Django's reader of moments derives from the one in Python, which takes longer than all the rest of a row. The moments are the
    same: both give them in the time zone of the connection. Django takes no other reader for a connection, so it is the cursor's.
    """
    from psycopg import adapters, postgres  # optional dependency
    from psycopg.pq import Format  # optional dependency

    moments = postgres.types["timestamptz"].oid
    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader(moments, adapters.get_loader(moments, Format.TEXT))
        cursor.execute(statement, values)
        rows: Rows = cursor.fetchall()
    return rows
