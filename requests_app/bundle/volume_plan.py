"""Where records are cut into PDF volumes while they stream past: requests_app.pdf.volumes, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from requests_app.bundle.step_output import VolumePlans
from requests_app.pdf.volumes import RECORD_CHARACTERS, VOLUME_CHARACTERS, VOLUME_RECORDS


class VolumePlanner:
    """Cuts at the same places as `requests_app.pdf.volumes.add_record` (a test holds it to that), without a call per record."""

    def __init__(self) -> None:
        self._done = VolumePlans()
        self._records = self._characters = 0
        self._last = self._end = 0

    @property
    def room(self) -> int:
        """How many records the open volume still takes, at most. Batches of that many are counted without being looked at."""
        return VOLUME_RECORDS - self._records or VOLUME_RECORDS

    def add_lines(self, data: bytes, count: int) -> None:
        """Count `count` lines."""
        if self._records + count == VOLUME_RECORDS and self._characters + len(data) <= VOLUME_CHARACTERS:
            # They fill the volume exactly, whatever each of them costs.
            self._take(count, len(data))
            self._close()
        elif count:
            self.add([len(line) + 1 for line in data.split(b"\n")[:count]])

    def add(self, sizes: Sequence[int]) -> None:
        """Count the next records, by the bytes of their lines."""
        costs = sizes if not sizes or max(sizes) <= RECORD_CHARACTERS else [min(size, RECORD_CHARACTERS) for size in sizes]
        start = 0
        while start < len(sizes):
            stop = min(len(sizes), start + VOLUME_RECORDS - self._records)
            cost = sum(costs[start:stop])
            room = VOLUME_CHARACTERS - self._characters
            if cost > room:
                fitting = sum(total <= room for total in accumulate(costs[start:stop]))
                stop = start + (fitting or int(not self._records))
                cost = sum(costs[start:stop])
            if stop == start:
                self._close()
                continue
            self._take(stop - start, sum(sizes[start:stop]))
            self._characters += cost
            start = stop

    def finish(self) -> VolumePlans:
        """Every volume, the last one included."""
        if self._records:
            self._close()
        return self._done

    def _close(self) -> None:
        self._done.append(self._last, self._end)
        self._records = self._characters = 0

    def _take(self, count: int, size: int) -> None:
        self._records += count
        self._last += count
        self._end += size
