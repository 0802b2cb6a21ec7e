"""Engines to outside databases: few connections, read-only, with time-outs, and errors that give nothing away.

One engine per connector and process, made on first use and disposed when the connector changes, and a second one that may
write where staff allowed it. A statement is one short read transaction: the connection goes back to the pool before anything
is handed on.
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
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from privacycenter.datamap.errors import SourceChanged, SourceTimeout, SourceUnavailable
from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql.addresses import Address, read_address

CONNECT_TIMEOUT_SECONDS = 5
POOL_SIZE = 4
_engines: dict[tuple[int, bool], tuple[UUID, Engine]] = {}
_lock = threading.Lock()


def engine_for(connector: Connector, *, writes: bool = False) -> Engine:
    """The engine of a connector as it is configured now; an older one of the same connector is disposed.

    `writes`: the one that may change data. Raises NotAllowed for a connector that only reads.
    """
    if writes and not connector.may_write:
        raise NotAllowed
    which = (connector.pk, writes)
    with _lock:
        known = _engines.get(which)
        if known and known[0] == connector.revision:
            return known[1]
    address = read_address((writes and connector.write_url) or connector.url)
    seconds = connector.statement_timeout_seconds
    engine = make_engine(address, timeout_seconds=seconds, writes=writes, recovers=connector.may_write)
    with _lock:
        before = _engines.get(which)
        _engines[which] = (connector.revision, engine)
    if before:
        before[1].dispose()
    return engine


def forget_engine(connector_id: int) -> None:
    """Dispose this process's engines of a connector; other processes do so when they next see the connector's revision."""
    with _lock:
        known = [engine for engine in (_engines.pop((connector_id, writes), None) for writes in (False, True)) if engine]
    for _revision, engine in known:
        engine.dispose()


def _forget_after_fork() -> None:
    """A child must not use, and not close, connections that its parent still uses."""
    global _lock
    _lock = threading.Lock()
    for _revision, engine in _engines.values():
        engine.dispose(close=False)
    _engines.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


def make_engine(address: Address, *, timeout_seconds: int, writes: bool = False, recovers: bool = False) -> Engine:
    """An engine for a checked address; it can only read unless `writes`. Connects to nothing yet.

    `recovers`: what a killed writer left in an SQLite file is undone before it is read. Without that, nobody who only reads could.
    """
    guards = (_WRITE_GUARDS if writes else _GUARDS).get(address.dialect, _guard_other)
    arguments: dict[str, Any] = {}
    if address.dialect == "sqlite":
        arguments["creator"] = lambda: _open_sqlite(address.url, writes=writes or recovers)
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


class NotAllowed(Exception):
    """The connector, or the account behind it, may only read."""


class Refused(Exception):
    """The database does not take a value, or keeps a row that others refer to."""


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


@contextmanager
def writing(engine: Engine, *, rehearse: bool = False) -> Iterator[Connection]:
    """One transaction that changes data: kept as a whole at the end, or, to `rehearse`, undone.

    Raises as `connected` does, and NotAllowed or Refused.
    """
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            yield connection
            if engine.dialect.name == "postgresql":  # what would only be checked at the end is checked now
                connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
            if rehearse:
                transaction.rollback()
    except PoolTimeout:
        raise SourceUnavailable("pool_exhausted") from None
    except DBAPIError as error:
        raise _translated_write(error) from None
    except SQLAlchemyError:
        raise SourceChanged from None
    except (ValueError, OverflowError):
        raise RowsUnreadable from None


def _translated_write(error: DBAPIError) -> Exception:
    state = getattr(error.orig, "sqlstate", None)
    number = error.orig.args[0] if error.orig is not None and error.orig.args else None
    is_read_only = state in {"25006", "42501"} or number in {1142, 1143, 1290, 1792}  # PostgreSQL; MySQL, MariaDB
    if is_read_only or (isinstance(error.orig, sqlite3.Error) and "readonly" in str(error.orig)):
        return NotAllowed()
    # 22: data that does not fit; 23: a constraint; P0001: a trigger says no
    if isinstance(error, IntegrityError | DataError) or (state or "")[:2] in {"22", "23"} or state == "P0001":
        return Refused()
    return _translated(error)


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


def _open_sqlite(url: URL, *, writes: bool) -> sqlite3.Connection:
    # mode=ro: never creates, never writes, whatever a statement says. Where it may recover, query_only refuses to change anything.
    name = f"file:{quote(url.database or '')}?mode={'rw' if writes else 'ro'}"
    return sqlite3.connect(name, uri=True, timeout=CONNECT_TIMEOUT_SECONDS, check_same_thread=False)


def _guard_sqlite(engine: Engine, timeout_seconds: int, *, writes: bool = False) -> None:
    deadlines: dict[int, float] = {}

    @event.listens_for(engine, "connect")
    def guard(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON" if writes else "PRAGMA query_only = ON")
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


def _guard_sqlite_writing(engine: Engine, timeout_seconds: int) -> None:
    """Foreign keys count, which SQLite leaves to whoever connects; and a transaction has the file to itself from its first look on."""
    _guard_sqlite(engine, timeout_seconds, writes=True)

    @event.listens_for(engine, "connect")
    def leave_transactions(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # the driver would begin only before the first change

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


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

_WRITE_GUARDS: dict[str, Callable[[Engine, int], None]] = {
    "sqlite": _guard_sqlite_writing,
    "postgresql": _guard_with("SET statement_timeout = {milliseconds}", "SET lock_timeout = {milliseconds}"),
    "mysql": _guard_with("SET SESSION innodb_lock_wait_timeout = {seconds}", "SET SESSION max_execution_time = {milliseconds}"),
    "mariadb": _guard_with("SET SESSION innodb_lock_wait_timeout = {seconds}", "SET SESSION max_statement_time = {seconds}"),
}


def is_guarded(connector: Connector) -> bool:
    """Whether the database is told to refuse writing, besides being sent nothing but SELECT."""
    return engine_for(connector).dialect.name in _GUARDS
