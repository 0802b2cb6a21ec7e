"""Engines to outside databases: few connections, read-only, with time-outs, and errors that give nothing away.

One engine per connector and process, made on first use and disposed when the connector changes. A statement is one
short read transaction: the connection goes back to the pool before anything is handed on.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from privacycenter.datamap.errors import SourceChanged, SourceTimeout, SourceUnavailable
from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql.addresses import Address, read_address

CONNECT_TIMEOUT_SECONDS = 5
POOL_SIZE = 4
_engines: dict[int, tuple[UUID, Engine]] = {}
_lock = threading.Lock()


def engine_for(connector: Connector) -> Engine:
    """The engine of a connector as it is configured now; an older one of the same connector is disposed."""
    with _lock:
        known = _engines.get(connector.pk)
        if known and known[0] == connector.revision:
            return known[1]
    engine = make_engine(read_address(connector.url), timeout_seconds=connector.statement_timeout_seconds)
    with _lock:
        before = _engines.get(connector.pk)
        _engines[connector.pk] = (connector.revision, engine)
    if before:
        before[1].dispose()
    return engine


def forget_engine(connector_id: int) -> None:
    """Dispose this process's engine of a connector; other processes do so when they next see the connector's revision."""
    with _lock:
        known = _engines.pop(connector_id, None)
    if known:
        known[1].dispose()


def _forget_after_fork() -> None:
    """A child must not use, and not close, connections that its parent still uses."""
    global _lock
    _lock = threading.Lock()
    for _revision, engine in _engines.values():
        engine.dispose(close=False)
    _engines.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


def make_engine(address: Address, *, timeout_seconds: int) -> Engine:
    """An engine for a checked address that can only read. Connects to nothing yet."""
    guards = _GUARDS.get(address.dialect, _guard_other)
    arguments: dict[str, Any] = {}
    if address.dialect == "sqlite":
        arguments["creator"] = lambda: _open_sqlite(address.url)
    elif address.dialect in {"postgresql", "mysql", "mariadb"}:
        arguments["connect_args"] = {"connect_timeout": CONNECT_TIMEOUT_SECONDS}
    try:
        engine = create_engine(
            address.url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=CONNECT_TIMEOUT_SECONDS * 3,
            pool_recycle=300,
            pool_pre_ping=address.dialect != "sqlite",
            hide_parameters=True,
            **arguments,
        )
    except (SQLAlchemyError, ImportError):
        raise SourceUnavailable("driver_missing") from None
    guards(engine, timeout_seconds)
    return engine


class RowsUnreadable(Exception):
    """The database answered, but the driver could not turn some value of the answer into one of Python's."""


class Damaged(str):
    """Text of SQLite that is no UTF-8: shown with `\\xNN` for each wrong byte; `raw` is what is stored."""

    raw: bytes

    @classmethod
    def of(cls, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            text = cls(raw.decode(errors="backslashreplace"))
            text.raw = raw
            return text


@contextmanager
def tolerating_damage(connection: Connection) -> Iterator[None]:
    """Let an SQLite connection read text that is no UTF-8, as Damaged; slower, so only where it is needed."""
    driver: Any = connection.connection.dbapi_connection
    driver.text_factory = Damaged.of
    try:
        yield
    finally:
        driver.text_factory = str


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection for one short read.

    Raises SourceUnavailable, SourceTimeout, SourceChanged or RowsUnreadable, never with the driver's own text: that may
    hold addresses, names and values.
    """
    try:
        with engine.connect() as connection:
            yield connection
    except PoolTimeout:
        raise SourceUnavailable("pool_exhausted") from None
    except DBAPIError as error:
        raise _translated(error) from None
    except SQLAlchemyError:
        raise SourceChanged from None
    except (ValueError, OverflowError):
        raise RowsUnreadable from None


def _translated(error: DBAPIError) -> Exception:
    state = getattr(error.orig, "sqlstate", None)
    number = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if state == "57014" or number in {"interrupted", 3024, 1969}:  # PostgreSQL; SQLite; MySQL, MariaDB
        return SourceTimeout()
    if isinstance(error.orig, sqlite3.Error):
        return _translated_sqlite(str(error.orig))
    if isinstance(error, DataError) and state is None:  # raised while reading; the server's own have a state
        return RowsUnreadable()
    return SourceUnavailable() if isinstance(error, OperationalError) or error.connection_invalidated else SourceChanged()


def _translated_sqlite(message: str) -> Exception:
    # SQLite has no codes for these; the words have been the same for many years.
    if message.startswith("Could not decode"):
        return RowsUnreadable()
    return SourceChanged() if message.startswith("no such") else SourceUnavailable()


def _open_sqlite(url: URL) -> sqlite3.Connection:
    # mode=ro: never creates, never writes, whatever a statement says
    return sqlite3.connect(f"file:{quote(url.database or '')}?mode=ro", uri=True, timeout=CONNECT_TIMEOUT_SECONDS, check_same_thread=False)


def _guard_sqlite(engine: Engine, timeout_seconds: int) -> None:
    deadlines: dict[int, float] = {}

    @event.listens_for(engine, "connect")
    def guard(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.create_function("unicode_lower", 1, lambda value: value.lower() if isinstance(value, str) else value, deterministic=True)
        identity = id(connection)
        # Asked every so many steps of SQLite's machine, about once a millisecond; anything but 0 ends the statement.
        connection.set_progress_handler(lambda: int(time.monotonic() > deadlines.get(identity, float("inf"))), 50_000)

    @event.listens_for(engine, "before_cursor_execute")
    def start(connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        deadlines[id(cursor.connection)] = time.monotonic() + timeout_seconds

    @event.listens_for(engine, "close")
    def close(connection: sqlite3.Connection, record: object) -> None:
        deadlines.pop(id(connection), None)


def _guard_with(*statements: str) -> Callable[[Engine, int], None]:
    def guard(engine: Engine, timeout_seconds: int) -> None:
        @event.listens_for(engine, "connect")
        def prepare(connection: Any, record: object) -> None:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement.format(seconds=timeout_seconds, milliseconds=timeout_seconds * 1000))
            connection.commit()

    return guard


def _guard_other(engine: Engine, timeout_seconds: int) -> None:
    """No common way to make other databases read-only: only SELECT is ever sent, and every transaction is rolled back."""


_GUARDS: dict[str, Callable[[Engine, int], None]] = {
    "sqlite": _guard_sqlite,
    "postgresql": _guard_with("SET default_transaction_read_only = on", "SET statement_timeout = {milliseconds}"),
    "mysql": _guard_with("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = {milliseconds}"),
    "mariadb": _guard_with("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {seconds}"),
}


def is_guarded(connector: Connector) -> bool:
    """Whether the database is told to refuse writing, besides being sent nothing but SELECT."""
    return engine_for(connector).dialect.name in _GUARDS
