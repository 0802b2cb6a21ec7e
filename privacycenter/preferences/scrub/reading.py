"""Reading somebody else's CSV: any usual encoding and separator, one line at a time, whatever is wrong with a line.

What can't be read is named by the number of its line and passed over; the rest is read. Memory holds one block of the file: a line
that is too long is skipped while it passes, and a quote that nobody closed gives the lines it swallowed back.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator

MAX_LINE = 1024 * 1024  # bytes
MAX_RECORD_LINES = 50  # a cell with more line breaks is a quote that was never closed
_SAMPLE = 64 * 1024
SEPARATORS = ",;\t|"

TOO_LONG = "line_too_long"
UNCLOSED = "quote_not_closed"
UNREADABLE = "unreadable"


class _Unclosed(Exception):
    """The record that is being read has gone on for too many lines."""


class Rows:
    """The records of a CSV as (line number, cells), the first of them the column names. Empty lines are left out.

    `encoding` and `separator` are known once iteration has begun. `remark` is told (line number, code) of what was passed over.
    """

    def __init__(self, chunks: Iterable[bytes], remark: Callable[[int, str], None]) -> None:
        self.encoding = "utf-8"
        self.separator = ","
        self._remark = remark
        self._lines = _Lines(self._blocks(iter(chunks)), remark)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines
        first = lines.peek()
        if first is None:
            return
        self.separator = max(SEPARATORS, key=first.count) if any(sign in first for sign in SEPARATORS) else ","
        reader = csv.reader(lines, delimiter=self.separator)
        while True:
            started = lines.number + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except _Unclosed:
                lines.give_back()
                self._remark(started, UNCLOSED)
                continue
            except csv.Error:
                lines.pending.clear()
                self._remark(started, UNREADABLE)
                continue
            lines.pending.clear()
            if row and (len(row) > 1 or row[0].strip()):
                yield started, row

    def _blocks(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The file as UTF-8, or as Latin-1 bytes where it is that."""
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= _SAMPLE:
                break
        self.encoding = encoding_of(head)
        if self.encoding.startswith("utf-16"):
            decoder = codecs.getincrementaldecoder(self.encoding)("replace")
            yield decoder.decode(head).lstrip("\ufeff").encode("utf-8", "replace")
            for chunk in chunks:
                yield decoder.decode(chunk).encode("utf-8", "replace")
            return
        if b"\r" in head and b"\n" not in head:  # written on a very old system
            yield head.removeprefix(codecs.BOM_UTF8).replace(b"\r", b"\n")
            yield from (chunk.replace(b"\r", b"\n") for chunk in chunks)
            return
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from chunks


def encoding_of(sample: bytes) -> str:
    """What a file that begins with `sample` is written in: utf-8, utf-8-sig, utf-16-le, utf-16-be or latin-1."""
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if sample.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    if sample and sample.count(0) > len(sample) // 4:  # ASCII in two bytes has a zero in every other place
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


class _Lines:
    """An iterator of lines for csv.reader that can take back what it has given."""

    def __init__(self, blocks: Iterator[bytes], remark: Callable[[int, str], None]) -> None:
        self.number = 0  # of the line that was given last
        self.pending: list[str] = []  # given since the last whole record
        self._blocks = blocks
        self._remark = remark
        self._ready: deque[str] = deque()
        self._rest = b""
        self._skipping = False
        self._ended = False
        self._read = 0  # lines taken from the file

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.pending) >= MAX_RECORD_LINES:
            raise _Unclosed
        ready = self._ready
        if not ready and not self._fill():
            if self.pending:
                raise _Unclosed
            raise StopIteration
        line = ready.popleft()
        self.pending.append(line)
        self.number += 1
        return line + "\n"  # or a line break in quotes would be lost

    def peek(self) -> str | None:
        """The first line that is not empty; empty ones before it are dropped."""
        while self._ready or self._fill():
            if self._ready[0].strip():
                return self._ready[0]
            self._ready.popleft()
            self.number += 1
        return None

    def give_back(self) -> None:
        """Offer all but the first line of the unfinished record again."""
        again = self.pending[1:]
        self._ready.extendleft(reversed(again))
        self.number -= len(again)
        self.pending.clear()

    def _fill(self) -> bool:
        """Get the lines of the next blocks until there is one; whether there is."""
        while not self._ready and not self._ended:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
                if self._rest and not self._skipping:
                    self._take([self._rest])
                self._rest = b""
            else:
                self._cut(block)
        return bool(self._ready)

    def _cut(self, block: bytes) -> None:
        if self._skipping:
            _, newline, block = block.partition(b"\n")
            if not newline:
                return
            self._skipping = False
        *whole, self._rest = (self._rest + block).replace(b"\r\n", b"\n").split(b"\n")
        self._take(whole)
        if len(self._rest) > MAX_LINE:
            self._rest, self._skipping = b"", True
            self._too_long()

    def _take(self, lines: list[bytes]) -> None:
        if max(map(len, lines), default=0) > MAX_LINE:
            for line in lines:
                if len(line) > MAX_LINE:
                    self._too_long()
                else:
                    self._append(line)
            return
        try:
            # one call for the whole block; splitting again is safe because no line holds a newline
            self._ready.extend(b"\n".join(lines).decode("utf-8").split("\n") if lines else ())
            self._read += len(lines)
        except UnicodeDecodeError:
            for line in lines:
                self._append(line)

    def _append(self, line: bytes) -> None:
        self._read += 1
        try:
            self._ready.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            self._ready.append(line.decode("latin-1"))

    def _too_long(self) -> None:
        self._read += 1
        self._remark(self._read, TOO_LONG)
        self._ready.append("")  # keeps the numbers of the lines after it right
