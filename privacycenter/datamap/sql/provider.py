"""What the registry asks for connected sources: one query when nothing changed."""

from __future__ import annotations

import threading
from uuid import UUID

from privacycenter.datamap.models import Connector, ConnectorSource
from privacycenter.datamap.sql.source import SqlSource

_lock = threading.Lock()
_stamp: tuple[tuple[int, UUID], ...] = ()
_sources: list[SqlSource] = []


def connected_sources() -> list[SqlSource]:
    """Every enabled source of every enabled connector, by key. Kept per process until a connector's revision changes."""
    global _stamp, _sources
    stamp = tuple(Connector.objects.filter(is_enabled=True).order_by("pk").values_list("pk", "revision"))
    with _lock:
        if stamp != _stamp:
            rows = ConnectorSource.objects.filter(is_enabled=True, connector__is_enabled=True)
            # The address is decrypted only when it is needed: one lost key must not hide every source.
            _sources = [SqlSource(row) for row in rows.select_related("connector").defer("connector__url", "connector__write_url")]
            _stamp = stamp
        return list(_sources)
