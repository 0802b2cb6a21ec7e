"""Rows of one queryset page by page, as plain tuples: the quick way through very many of them.

One record at a time costs a generator step, a mapping and a named tuple each; a million of them more than the database itself.
What reads pages gets the same values under the same names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import CharField, F, IntegerField, JSONField, QuerySet, TextField
from django.db.models.functions import Cast

from privacycenter.kernel.page_size import PageSize

Rows = Sequence[Sequence[Any]]


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
    # A key is text, as str() gives it. Only whole numbers are written alike by every database.
    is_text = isinstance(queryset.model._meta.pk, IntegerField)
    concrete = {field.name: field for field in queryset.model._meta.concrete_fields}
    json_names = tuple(name for name, path in columns.items() if type(concrete.get(path)) is JSONField)
    wanted: list[Any] = [Cast("pk", CharField()) if is_text else F("pk")]
    wanted += [Cast(path, TextField()) if name in json_names else F(path) for name, path in columns.items()]
    names = ("key", *columns)
    page = queryset.order_by("pk").values_list(*wanted, "pk")

    last, page_size = None, PageSize(largest=size)
    while True:
        limit = page_size.rows
        rows = _fetched(page[:limit] if last is None else page.filter(pk__gt=last)[:limit])
        if rows:
            yield Page(names, rows if is_text else [(str(row[0]), *row[1:]) for row in rows], json_names)
        if len(rows) < limit:
            return
        page_size.learn(rows)
        last = rows[-1][-1]


def _fetched(page: QuerySet[Any]) -> Rows:
    """The rows of a page. On PostgreSQL moments are read by psycopg's C code where nothing else has to be converted.

    Django's reader of moments derives from the one in Python, which takes longer than all the rest of a row. The moments are the
    same: both give them in the time zone of the connection. Django takes no other reader for a connection, so it is the cursor's.
    """
    connection = connections[page.db]
    if connection.vendor != "postgresql":
        return list(page)
    compiler = page.query.get_compiler(connection=connection)
    try:
        statement, parameters = compiler.as_sql()
    except EmptyResultSet:
        return []
    if compiler.get_converters([expression for expression, *_ in compiler.select]):
        return list(page)
    from psycopg import adapters, postgres  # optional dependency
    from psycopg.pq import Format  # optional dependency

    moments = postgres.types["timestamptz"].oid
    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader(moments, adapters.get_loader(moments, Format.TEXT))
        cursor.execute(statement, parameters)
        rows: Rows = cursor.fetchall()
    return rows
