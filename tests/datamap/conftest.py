"""A real shop database as an outside system: Chinook, as an SQLite file and in PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings

from privacycenter.datamap.domain import save_connector
from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql.engines import forget_engine
from tests.datamap.builders import STAFF, make_connector


@pytest.fixture
def outside_folder() -> Iterator[Path]:
    """A folder under VAR_DIR in which SQLite files may be opened."""
    folder = Path(django_settings.VAR_DIR) / "outside"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    for connector in list(Connector.objects.all()):
        forget_engine(connector.pk)
    shutil.rmtree(folder)


@pytest.fixture
def chinook_file(db: None, shared_data: Path, outside_folder: Path) -> Path:
    """A copy of the shop's SQLite file."""
    target = outside_folder / "chinook.sqlite3"
    shutil.copyfile(shared_data / "chinook" / "chinook.sqlite", target)
    return target


@pytest.fixture
def chinook_sqlite(chinook_file: Path) -> Connector:
    return make_connector(f"sqlite:///{chinook_file}")


@pytest.fixture
def chinook_postgresql(db: None, shared_data: Path, postgresql_database: str, settings: Any) -> Iterator[Connector]:
    """The shop's PostgreSQL script, loaded into a database of its own."""
    import psycopg  # slow import

    script = (shared_data / "chinook" / "chinook-postgresql.sql").read_text(encoding="utf-8")
    with psycopg.connect(postgresql_database) as connection:
        connection.execute(script.partition("\\c chinook;")[2].encode())
    settings.OUTBOUND_ALLOW = [urlsplit(postgresql_database).hostname]
    connector = make_connector(postgresql_database)
    yield connector
    forget_engine(connector.pk)


@pytest.fixture
def sqlite_shop(db: None, outside_folder: Path) -> Callable[[str], Connector]:
    """Make a connector to a small SQLite database from a script."""
    import sqlite3

    def make(script: str) -> Connector:
        path = outside_folder / "small.sqlite3"
        with sqlite3.connect(path) as connection:
            connection.executescript(script)
        connection.close()
        return make_connector(f"sqlite:///{path}")

    return make


@pytest.fixture
def shop(sqlite_shop: Callable[[str], Connector]) -> Callable[[str], Connector]:
    def make(script: str) -> Connector:
        connector = sqlite_shop(script)
        connector.may_write = True
        return save_connector(connector, changed=("may_write",), actor=STAFF)

    return make


@pytest.fixture(params=["chinook_sqlite", pytest.param("chinook_postgresql", marks=pytest.mark.services)])
def chinook(request: pytest.FixtureRequest) -> Connector:
    connector = request.getfixturevalue(request.param)
    connector.may_write = True
    return save_connector(connector, changed=("may_write",), actor=STAFF)
