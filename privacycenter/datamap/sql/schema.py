"""What tables and columns an outside database has: the only names that reach a statement are those found here."""

from __future__ import annotations

import contextlib
import time
import warnings
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Inspector, inspect
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import TypeEngine

from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql.engines import connected, engine_for

_KEEP_SECONDS = 300
_known: dict[tuple[int, UUID, str], tuple[float, TableFacts | None]] = {}


@dataclass(frozen=True)
class TableFacts:
    """One table or view: its columns with their types, which of them are never null, its primary key, every set of
    columns that is unique, and the columns that refer to other tables."""

    name: str
    columns: dict[str, TypeEngine[Any]]
    required: frozenset[str]
    primary_key: tuple[str, ...]
    unique: frozenset[frozenset[str]]
    referring: frozenset[str] = frozenset()


def table_names(connector: Connector) -> list[str]:
    """Names of the tables and views that the connector's account sees. Raises SourceUnavailable."""
    with connected(engine_for(connector)) as connection:
        return sorted(_names(inspect(connection), connector.schema or None))


def _names(inspector: Inspector, schema: str | None) -> set[str]:
    names = {*inspector.get_table_names(schema), *inspector.get_view_names(schema)}
    with contextlib.suppress(NotImplementedError):  # few databases have them
        names.update(inspector.get_materialized_view_names(schema))
    return names


def table_facts(connector: Connector, name: str) -> TableFacts | None:
    """The facts of one table, kept for five minutes per revision of the connector; None where there is no such table."""
    key = (connector.pk, connector.revision, name)
    kept = _known.get(key)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    facts = _reflect(engine_for(connector), name, connector.schema or None)
    if len(_known) > 2_000:
        _known.clear()
    _known[key] = (time.monotonic() + _KEEP_SECONDS, facts)
    return facts


def _reflect(engine: Engine, name: str, schema: str | None) -> TableFacts | None:
    # SQLAlchemy warns of indexes over expressions and of types it does not know; neither matters here.
    with connected(engine) as connection, warnings.catch_warnings(action="ignore", category=SAWarning):
        inspector = inspect(connection)
        if name not in _names(inspector, schema):  # SQLite would also answer for another spelling
            return None
        found = inspector.get_columns(name, schema)
        primary_key = tuple(inspector.get_pk_constraint(name, schema)["constrained_columns"])
        unique = {frozenset(primary_key)} if primary_key else set()
        unique |= {frozenset(item["column_names"]) for item in inspector.get_unique_constraints(name, schema)}
        # SQLite's own index behind a UNIQUE is the only sign of it that never fails: the words of the table are parsed loosely.
        own = {"include_auto_indexes": True} if engine.dialect.name == "sqlite" else {}
        for index in inspector.get_indexes(name, schema, **own):
            # An index over an expression has None among its names; a partial one is unique among some rows only.
            options = index.get("dialect_options") or {}
            names = index["column_names"]
            if index["unique"] and None not in names and not any(key.endswith("_where") for key in options):
                unique.add(frozenset(filter(None, names)))
        columns = {column["name"]: column["type"] for column in found}
        required = frozenset(column["name"] for column in found if not column["nullable"])
        keys = inspector.get_foreign_keys(name, schema)
        referring = frozenset(column for key in keys for column in key["constrained_columns"])
        return TableFacts(name, columns, required, primary_key, frozenset(unique), referring)


@dataclass(frozen=True)
class Reference:
    """Another table whose foreign key points to one: what the database does there when a row goes (CASCADE, SET NULL, or refuses)."""

    table: str
    on_delete: str

    @property
    def protects(self) -> bool:
        return self.on_delete in {"", "NO ACTION", "RESTRICT"}


def references_to(connector: Connector, name: str) -> list[Reference]:
    """The tables that refer to one. Raises SourceUnavailable."""
    schema = connector.schema or None
    with connected(engine_for(connector)) as connection, warnings.catch_warnings(action="ignore", category=SAWarning):
        inspector = inspect(connection)
        found = [
            Reference(table, str((key.get("options") or {}).get("ondelete") or "").upper())
            for table in sorted(inspector.get_table_names(schema))
            for key in inspector.get_foreign_keys(table, schema)
            if key["referred_table"] == name
        ]
    return list(dict.fromkeys(found))


def forget_facts(connector_id: int) -> None:
    """Forget what is known of a connector's tables, so that the next question asks the database."""
    for key in [key for key in _known if key[0] == connector_id]:
        _known.pop(key, None)
