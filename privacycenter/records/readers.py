"""Items from a stream, one at a time, with the line they begin in: NDJSON, a JSON list, or CSV.

Nothing is held but the item at hand: a file may be larger than memory, and one line of it as large as the file. What
is wrong with one item costs that item only.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from django.utils.translation import gettext as _

from privacycenter.records.errors import ItemRefused, UnreadableFile
from privacycenter.records.items import MAX_BYTES, parse_json

_CHUNK = 64 * 1024
_CSV_REQUIRED = ("identifier_kind", "identifier_value", "category", "origin", "occurred_at")
_CSV_OPTIONAL = ("idempotency_key", "payload")
_PAYLOAD_PREFIX = "payload."
_ANSWERS_PREFIX = "payload.answers."


class Found(NamedTuple):
    """What stands at a line: a parsed value, or why it could not be parsed."""

    line: int
    value: Any
    problem: ItemRefused | None = None


def read_items(stream: BinaryIO, *, form: str) -> Iterator[Found]:
    """Items of a stream; `form` is ndjson, json or csv. Raises UnreadableFile where nothing can be read at all."""
    readers = {"ndjson": _read_lines, "json": _read_list, "csv": _read_csv}
    return readers[form](_Buffered(stream))


def form_of(name: str, start: bytes) -> str:
    """The form of a file by its name, else by how it begins."""
    ending = name.rpartition(".")[2].lower()
    known = {"csv": "csv", "ndjson": "ndjson", "jsonl": "ndjson"}
    if ending in known:
        return known[ending]
    first = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return {b"[": "json", b"{": "ndjson", b"": "ndjson"}.get(first, "csv")


class _Buffered:
    """Reads a stream in chunks; the byte order mark that Windows programs write is passed over."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._started = False

    def chunks(self) -> Iterator[bytes]:
        while chunk := self._stream.read(_CHUNK):
            if not self._started:
                self._started = True
                chunk = chunk.removeprefix(codecs.BOM_UTF8)
            yield chunk

    def lines(self) -> Iterator[tuple[int, bytes | None]]:
        """(number, line without its end); None for a line that is longer than an item may be, which is skipped unread."""
        number, kept, is_too_long = 1, b"", False
        for chunk in self.chunks():
            *ended, rest = chunk.split(b"\n")
            for piece in ended:
                line = kept + piece
                yield number, None if is_too_long or len(line) > MAX_BYTES else line.removesuffix(b"\r")
                number, kept, is_too_long = number + 1, b"", False
            if not is_too_long:
                kept += rest
                if len(kept) > MAX_BYTES:
                    kept, is_too_long = b"", True
        if kept or is_too_long:
            yield number, None if is_too_long else kept


def _too_long() -> ItemRefused:
    return ItemRefused("too_long", _("It is longer than %(size)s bytes.") % {"size": MAX_BYTES})


def _parsed(line: int, text: bytes) -> Found:
    try:
        return Found(line, parse_json(text))
    except ItemRefused as problem:
        return Found(line, None, problem)


def _read_lines(source: _Buffered) -> Iterator[Found]:
    for number, line in source.lines():
        if line is None:
            yield Found(number, None, _too_long())
        elif line.strip():
            yield _parsed(number, line)


_OUTSIDE_TEXT = re.compile(rb'["\[\]{},\n]')
_INSIDE_TEXT = re.compile(rb'["\\]')


class _ListSplitter:
    """Cuts a JSON list into its items by counting brackets outside texts, without parsing them."""

    def __init__(self) -> None:
        self.line = 1
        self.depth = 0
        self.in_text = False
        self.is_escaped = False
        self.is_closed = False
        self.item = bytearray()
        self.item_line = 1
        self.is_too_long = False

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Items that end in this chunk."""
        position = kept = 0
        if self.is_escaped and chunk:
            self.is_escaped, position = False, 1
        while match := (_INSIDE_TEXT if self.in_text else _OUTSIDE_TEXT).search(chunk, position):
            sign, position = match.group(), match.end()
            if self.in_text:
                if sign == b'"':
                    self.in_text = False
                elif position == len(chunk):
                    self.is_escaped = True
                else:
                    position += 1
            elif sign == b"\n":
                self.line += 1
            elif sign == b'"':
                self.in_text = True
            elif sign in b"[{":
                self.depth += 1
                if self.depth == 1:
                    kept = position
            elif sign in b"]}" and self.depth > 1:
                self.depth -= 1
            elif sign == b"," and self.depth > 1:
                continue
            else:  # a comma between items, or the end of the list
                self._keep(chunk[kept : position - 1])
                yield from self._ended()
                kept = position
                if sign == b"]":
                    self.depth, self.is_closed = 0, True
        self._keep(chunk[kept:])

    def _keep(self, piece: bytes) -> None:
        if self.is_too_long:
            return
        if not self.item:
            piece = piece.lstrip()
            self.item_line = self.line - piece.count(b"\n")
        self.item += piece
        if len(self.item) > MAX_BYTES:
            self.is_too_long = True
            self.item.clear()

    def _ended(self) -> Iterator[tuple[int, bytes | None]]:
        if self.is_too_long:
            yield self.item_line, None
        elif self.item.strip():
            yield self.item_line, bytes(self.item)
        self.item.clear()
        self.is_too_long = False


def _read_list(source: _Buffered) -> Iterator[Found]:
    splitter = _ListSplitter()
    for chunk in source.chunks():
        for line, text in splitter.feed(chunk):
            yield Found(line, None, _too_long()) if text is None else _parsed(line, text)
    if not splitter.is_closed:
        problem = ItemRefused("cut_off", _("The list has no end: the file is cut off or not a JSON list."))
        yield Found(splitter.line, None, problem)


def _read_csv(source: _Buffered) -> Iterator[Found]:
    csv.field_size_limit(MAX_BYTES)
    lines = _TextLines(source)
    rows = csv.reader(lines, strict=True)
    header = _header(rows)
    while True:
        line = lines.number + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield Found(line, None, lines.take_problem() or ItemRefused("not_csv", _("It is not valid CSV.")))
            rows = csv.reader(lines, strict=True)  # the parser is in the middle of a text: begin anew with the next line
            continue
        problem = lines.take_problem()
        if problem:
            yield Found(line, None, problem)
        elif row:
            yield _row(line, header, row)


class _TextLines:
    """Lines as text for the CSV parser. A bad line comes as an empty one; `take_problem` tells what was wrong with it."""

    def __init__(self, source: _Buffered) -> None:
        self._lines = source.lines()
        self._problem: ItemRefused | None = None
        self.number = 0

    def __iter__(self) -> _TextLines:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if line is None:
            self._problem = _too_long()
            return ""
        try:
            return line.decode("utf-8") + "\n"
        except UnicodeDecodeError:
            self._problem = ItemRefused("not_utf8", _("It is not UTF-8."))
            return ""

    def take_problem(self) -> ItemRefused | None:
        problem, self._problem = self._problem, None
        return problem


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error:
        header = []
    missing = [name for name in _CSV_REQUIRED if name not in header]
    unknown = [name for name in header if name not in (*_CSV_REQUIRED, *_CSV_OPTIONAL) and not name.startswith(_PAYLOAD_PREFIX)]
    if missing or unknown or len(set(header)) != len(header):
        raise UnreadableFile(
            _("The columns must be %(names)s, then payload or payload.NAME columns; each once.") % {"names": ", ".join(_CSV_REQUIRED)}
        )
    return header


def _row(line: int, header: list[str], row: list[str]) -> Found:
    if len(row) != len(header):
        return Found(line, None, ItemRefused("wrong_columns", _("It has another number of columns than the first line.")))
    cells = dict(zip(header, row, strict=True))
    item: dict[str, Any] = {name: cells[name] for name in ("category", "origin", "occurred_at")}
    item["identifier"] = {"kind": cells["identifier_kind"], "value": cells["identifier_value"]}
    if cells.get("idempotency_key"):
        item["idempotency_key"] = cells["idempotency_key"]
    try:
        payload = parse_json(cells["payload"]) if cells.get("payload") else {}
    except ItemRefused as problem:
        return Found(line, None, problem)
    if isinstance(payload, dict):
        for name, value in cells.items():
            if name.startswith(_ANSWERS_PREFIX):
                answers = payload.setdefault("answers", {})
                if value and isinstance(answers, dict):
                    answers[name.removeprefix(_ANSWERS_PREFIX)] = value
            elif name.startswith(_PAYLOAD_PREFIX) and value:
                payload[name.removeprefix(_PAYLOAD_PREFIX)] = value
    item["payload"] = payload
    return Found(line, item)
