"""Database triggers that refuse update, delete and truncate on tables to which rows are only ever added.

A room protects its tables at import and has `install_after_migrate` called by post_migrate, not by a migration: SQLite drops
triggers silently when a migration rebuilds a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, router

_protected: dict[str, AppendOnly] = {}


@dataclass(frozen=True)
class AppendOnly:
    """Tables of one room. `tables` names for each the columns that may still change: sealed ones, so that keys can rotate."""

    room: str
    tables: Mapping[str, tuple[str, ...]]
    refusal: str

    def names(self, vendor: str) -> set[str]:
        """The triggers that must exist. SQLite has no TRUNCATE."""
        verbs = ("update", "delete", "truncate") if vendor == "postgresql" else ("update", "delete")
        return {f"{table}_no_{verb}" for table in self.tables for verb in verbs}

    def install(self, using: str = DEFAULT_DB_ALIAS) -> None:
        """Make the triggers, replacing what is there. Idempotent."""
        connection = connections[using]
        with connection.cursor() as cursor:
            statements = _for_postgresql if connection.vendor == "postgresql" else _for_sqlite
            for statement in statements(self, cursor, connection):
                cursor.execute(statement)

    def drop(self, using: str = DEFAULT_DB_ALIAS) -> None:
        """Remove the triggers. For test databases, which are emptied between tests."""
        connection = connections[using]
        with connection.cursor() as cursor:
            for table in self.tables:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                for verb in ("update", "delete", "truncate"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}")

    def missing(self, using: str = DEFAULT_DB_ALIAS) -> set[str]:
        """The triggers that should exist and don't."""
        connection = connections[using]
        # Only ALWAYS counts: any other trigger is passed by a session that sets session_replication_role.
        query = (
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
            if connection.vendor == "postgresql"
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        with connection.cursor() as cursor:
            cursor.execute(query)
            return self.names(connection.vendor) - {row[0] for row in cursor.fetchall()}

    def has_tables(self, using: str = DEFAULT_DB_ALIAS) -> bool:
        """Whether the tables exist: before the first migration there is nothing to protect."""
        return set(self.tables) <= set(connections[using].introspection.table_names())

    def install_after_migrate(self, *, using: str, **kwargs: Any) -> None:
        """Signal handler: (re)make the triggers after every migration of the room."""
        if router.allow_migrate(using, self.room) and self.has_tables(using):
            self.install(using)


def protect(room: str, tables: Mapping[str, tuple[str, ...]], *, refusal: str) -> AppendOnly:
    """Protect tables of a room (its app label). Raises ImproperlyConfigured for a room that did so already."""
    if room in _protected:
        raise ImproperlyConfigured(f"{room} protects its tables twice")
    _protected[room] = AppendOnly(room, tables, refusal)
    return _protected[room]


def protected() -> tuple[AppendOnly, ...]:
    """What every room protects."""
    return tuple(_protected.values())


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Without any of the triggers inside the block. For tests, whose databases are emptied."""
    for each in protected():
        each.drop(using)
    try:
        yield
    finally:
        for each in protected():
            each.install(using)


def _what_of_update(table: str, may_change: tuple[str, ...], cursor: Any, connection: Any) -> str:
    """`UPDATE`, or `UPDATE OF` every column that may not change."""
    if not may_change:
        return "UPDATE"
    columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
    return f"UPDATE OF {', '.join(connection.ops.quote_name(name) for name in columns if name not in may_change)}"


def _for_postgresql(protection: AppendOnly, cursor: Any, connection: Any) -> Iterator[str]:
    yield (
        f"CREATE OR REPLACE FUNCTION {protection.room}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{protection.refusal}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table, may_change in protection.tables.items():
        update = _what_of_update(table, may_change, cursor, connection)
        for verb, what, level in (("update", update, "ROW"), ("delete", "DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT")):
            yield (
                f"CREATE OR REPLACE TRIGGER {table}_no_{verb} BEFORE {what} ON {table} "
                f"FOR EACH {level} EXECUTE FUNCTION {protection.room}_refuse()"
            )
            # ALWAYS: also for sessions that set session_replication_role to replica
            yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_{verb}"


def _for_sqlite(protection: AppendOnly, cursor: Any, connection: Any) -> Iterator[str]:
    for table, may_change in protection.tables.items():
        for verb, what in (("update", _what_of_update(table, may_change, cursor, connection)), ("delete", "DELETE")):
            yield f"DROP TRIGGER IF EXISTS {table}_no_{verb}"
            yield f"CREATE TRIGGER {table}_no_{verb} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, '{protection.refusal}'); END"
