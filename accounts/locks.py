"""Taking turns: counts and limits that must not race."""

from __future__ import annotations

import hashlib

from django.db import connection


def take_turns(*names: str) -> None:
    """Let only one transaction at a time go on under each name, until it ends. Call inside a transaction.

    PostgreSQL: advisory locks, taken in one order so that two callers can't block each other. SQLite: a transaction
    (IMMEDIATE) is alone anyway.
    """
    if connection.vendor != "postgresql":
        return
    numbers = sorted({int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True) for name in names})
    with connection.cursor() as cursor:
        for number in numbers:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
