"""Inserting rows with a statement of our own: for a clause that Django's can't say, and where a request consists of one insert."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@cache
def _beginning(model: type[models.Model], vendor: str) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in _fields(model))
    # Names come from the model, values are parameters.
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES "  # noqa: S608


def statement(rows: Sequence[models.Model]) -> tuple[str, list[Any]]:
    """An INSERT of rows of one model, all columns but the primary key, and its parameters. The caller may add a clause."""
    model = type(rows[0])
    fields = _fields(model)
    holders = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
    parameters = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields]
    return _beginning(model, connection.vendor) + holders, parameters


def insert(row: models.Model) -> None:
    """Insert one row and give it its primary key, as `save(force_insert=True)` without signals."""
    sql, parameters = statement([row])
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING {connection.ops.quote_name(str(row._meta.pk.column))}", parameters)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias
