"""Which database addresses a connector may use, and what of one may be shown.

An address names a host in OUTBOUND_ALLOW, or an SQLite file under VAR_DIR or named there as `file:/path`. Options that
would lead a driver elsewhere (another host, a socket, a file with settings) are refused, not ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from privacycenter.datamap.errors import BadAddress
from privacycenter.kernel import outbound
from privacycenter.kernel.errors import OutboundRefused

# Dialect name as people write it -> driver. Others go to SQLAlchemy as they are, where their package is installed.
_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "sqlite": "sqlite+pysqlite",
}
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "mssql": 1433}
_OPTIONS = {
    "postgresql": frozenset({"sslmode", "application_name", "channel_binding", "target_session_attrs", "client_encoding"}),
    "mysql": frozenset({"charset"}),
    "mariadb": frozenset({"charset"}),
}


@dataclass(frozen=True, repr=False)
class Address:
    """A checked address. `place` is the part that may be shown: no user, no password, no option."""

    url: URL
    place: str

    @property
    def dialect(self) -> str:
        return self.url.get_backend_name()


def read_address(text: str) -> Address:
    """Check an address as staff typed it, and that it may be reached. Raises BadAddress or OutboundRefused."""
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise BadAddress from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    dialect = url.get_backend_name()
    foreign = set(url.query) - _OPTIONS.get(dialect, frozenset())
    if foreign:
        raise BadAddress(_("The address has options that are not allowed: %(options)s.") % {"options": ", ".join(sorted(foreign))})
    if dialect == "sqlite":
        return _sqlite_address(url)
    if not url.host or not url.database:
        raise BadAddress
    port = url.port or _PORTS.get(dialect)
    outbound.require_allowed(url.host, port)
    host = f"[{url.host}]" if ":" in url.host else url.host
    return Address(url, f"{dialect} {host}:{port}/{url.database}" if port else f"{dialect} {host}/{url.database}")


def _sqlite_address(url: URL) -> Address:
    name = url.database or ""
    if url.host or not name.startswith("/"):
        raise BadAddress(_("Name an SQLite file by its full path: sqlite:////folder/file.sqlite3."))
    path = Path(name).resolve()  # a link counts as what it points to
    if not _may_open(path):
        raise OutboundRefused(_("This file is neither in VAR_DIR nor named in OUTBOUND_ALLOW as file:/path."))
    if any(_is_same_file(path, str(database.get("NAME", ""))) for database in settings.DATABASES.values()):
        raise OutboundRefused(_("This is the privacy center's own database."))
    if not path.is_file():
        raise BadAddress(_("There is no such file."))
    return Address(url.set(database=str(path)), f"sqlite {path.name}")


def _may_open(path: Path) -> bool:
    named = [Path(entry.removeprefix("file:")).resolve() for entry in settings.OUTBOUND_ALLOW if entry.startswith("file:/")]
    return any(path == root or path.is_relative_to(root) for root in [Path(settings.VAR_DIR).resolve(), *named])


def _is_same_file(path: Path, other: str) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False
