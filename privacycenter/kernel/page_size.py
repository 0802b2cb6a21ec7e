"""How many rows to read next: as many as fit in a few megabytes, judged by the rows that came last.

A fixed number would be too many where each row holds a megabyte of text and too few where each holds a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FIRST_ROWS = 100
PAGE_BYTES = 4 * 1024 * 1024
_GROWTH, _SAMPLE = 8, 200


class PageSize:
    """`rows` to ask for, at first few; a source with fewer than that is read by one query."""

    def __init__(self, *, largest: int, first: int = FIRST_ROWS) -> None:
        self._largest = largest
        self.rows = min(first, largest)

    def learn(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take note of a full page."""
        if rows:
            fitting = PAGE_BYTES * len(rows) // weight(rows)
            self.rows = max(1, min(fitting, self.rows * _GROWTH, self._largest))


def weight(rows: Sequence[Sequence[Any]]) -> int:
    """About how many bytes rows hold, judged by some of them where they are many."""
    sample = rows[:: len(rows) // _SAMPLE + 1]
    return max(1, sum(_bytes(value) for row in sample for value in row) * len(rows) // max(1, len(sample)))


def _bytes(value: Any) -> int:
    if isinstance(value, str | bytes | bytearray | memoryview):
        return 16 + len(value)
    return len(repr(value)) if isinstance(value, dict | list | tuple) else 16
