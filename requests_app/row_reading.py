"""Rows with encrypted columns: one that can't be decrypted costs itself, not its neighbours."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from privacycenter.kernel.errors import DecryptionFailed

Row = tuple[Any, ...] | int  # what was read, key first; the key alone where it can't be decrypted


def key_of(row: Row) -> int:
    return int(row[0]) if isinstance(row, tuple) else row


def read_rows(rows: QuerySet[Any, Any], *, at_most: int | None = None) -> list[Row]:
    """Rows in one query; one by one where that fails because one of them can't be decrypted."""
    try:
        return list(rows[:at_most])
    except DecryptionFailed:
        return [_read_one(rows, key) for key in rows.values_list("pk", flat=True)[:at_most]]


def _read_one(rows: QuerySet[Any, Any], key: int) -> Row:
    try:
        return tuple(rows.get(pk=key))
    except DecryptionFailed:
        return key
