"""Taking hidden things out of what a copy is made of. Without anything hidden, none of this runs.

A batch of records is looked through as a whole, by plain searches for the rarest part of each hidden text; only a record in which
something was found is taken apart. So the cost depends on how much is hidden, and memory on the size of a batch alone.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from privacycenter.kernel.sources import FileItem, Problem
from requests_app.bundle.facts import BundleFacts, Row
from requests_app.bundle.serialise import to_json
from requests_app.redaction.encodings import Reader, encoded, encoding_of, encodings_to_try, is_text, plain_type
from requests_app.redaction.folding import fold, fold_json, fold_with_places, is_unseen, other_readings
from requests_app.redaction.mails import NotReadable, is_mail, texts_of
from requests_app.redaction.patterns import Needle, digits_of

PLACES, RECORDS, FILES = "places", "records", "files"
TEXT_FILE_BYTES = 8 * 1024 * 1024
_TEXT_TYPES = frozenset({"text/plain", "text/csv"})
_CHUNK = 256 * 1024
_OVERLAP = 2048  # more than any hidden text with everything that may stand between its parts


@dataclass(frozen=True, slots=True)
class HiddenText:
    """A text that is hidden wherever it stands. `key` is how it is counted."""

    key: str
    needle: Needle
    label: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Everything that is hidden in one copy; records, fields and files by source and by the key of their record."""

    texts: Sequence[HiddenText] = ()
    records: Mapping[tuple[str, str], str] = field(default_factory=dict)  # → how it is counted
    fields: Mapping[tuple[str, str], Mapping[str, tuple[str, str]]] = field(default_factory=dict)  # → name → (count key, label)
    files: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def text_in(self, value: str) -> tuple[str, Counter[str]]:
        """The text with labels in place of what is hidden, and how often each was found.

        Where something stands in it only for a program that takes it for markup, JSON or part of a URL, all of it is hidden.
        """
        spans = self.spans(value)
        if (text := self._masked_in(value, spans)) is not None:
            return f"[{text.label}]", Counter({text.key: 1})
        if not spans:
            return value, Counter()
        parts, done = [], 0
        for start, end, found in spans:
            parts += [value[done:start], f"[{found.label}]"]
            done = end
        return "".join([*parts, value[done:]]), Counter(found.key for _, _, found in spans)

    def is_in(self, value: str) -> bool:
        """Whether something hidden stands in the text."""
        return self._first_in(fold(value)) is not None

    def is_masked_in(self, value: str) -> bool:
        """Whether something hidden stands in the text where it is not seen as it is written, so that no label can take its place."""
        return self._masked_in(value, self.spans(value)) is not None

    def may_be_in(self, data: bytes) -> bool:
        """Whether a stretch of JSON can hold something hidden. Quick, and right where it says no."""
        return self._first_in(fold_json(data)) is not None

    def lines_in(self, data: bytes) -> set[int]:
        """Which lines of JSON are to be looked at, by their numbers from 0."""
        if not self.texts:
            return set()
        folded = fold_json(data)
        lines: set[int] = set()
        for reading in (folded, *other_readings(folded)):
            digits = digits_of(reading)
            for text in self.texts:
                if text.needle.may_be_in(reading, digits):
                    lines.update(text.needle.lines_in(reading, digits))
        return lines

    def value_in(self, value: Any) -> tuple[Any, Counter[str]]:
        """A value with everything in it."""
        found: Counter[str] = Counter()
        return self._walk(value, found), found

    def _walk(self, value: Any, found: Counter[str]) -> Any:
        if isinstance(value, str):
            hidden, counts = self.text_in(value)
            found += counts
            return hidden
        if isinstance(value, Mapping):
            result: dict[Any, Any] = {}
            for key, item in value.items():
                name = self._walk(key, found)
                while name in result:
                    name += "'"
                result[name] = self._walk(item, found)
            return result
        if isinstance(value, list | tuple):
            return [self._walk(item, found) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool) and _is_whole(value):
            hidden, counts = self.text_in(str(int(value)))
            found += counts
            return hidden if counts else value
        return value

    def _first_in(self, folded: str) -> HiddenText | None:
        return next((found for reading in (folded, *other_readings(folded)) if (found := self._first_as_written(reading))), None)

    def _first_as_written(self, folded: str) -> HiddenText | None:
        digits = digits_of(folded)
        return next((text for text in self.texts if text.needle.may_be_in(folded, digits) and text.needle.pattern.search(folded)), None)

    def _masked_in(self, value: str, spans: Sequence[tuple[int, int, HiddenText]]) -> HiddenText | None:
        """What stands in another reading of the text than the one with these spans."""
        kept, done = [], 0
        for start, end, _found in spans:
            kept.append(value[done:start])
            done = end
        folded = fold((" " * 9).join([*kept, value[done:]]))
        return next((found for reading in other_readings(folded) if (found := self._first_as_written(reading))), None)

    def spans(self, value: str) -> list[tuple[int, int, HiddenText]]:
        """Where hidden texts stand, in order and without overlaps; what overlaps is hidden as one, by the label of the first."""
        folded, places = fold_with_places(value)
        digits = digits_of(folded)
        found = [
            (places[match.start()], places[match.end() - 1] + 1, text)
            for text in self.texts
            if text.needle.may_be_in(folded, digits)
            for match in text.needle.pattern.finditer(folded)
        ]
        spans: list[tuple[int, int, HiddenText]] = []
        for start, end, text in sorted(found, key=lambda span: (span[0], -span[1])):
            while end < len(value) and is_unseen(value[end]):
                end += 1
            if spans and start < spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]), spans[-1][2])
            else:
                spans.append((start, end, text))
        return spans


class SourceHider:
    """Hides in what one source gives, and counts what it hid."""

    def __init__(self, hidden: Hidden, source: str) -> None:
        self._hidden, self._source = hidden, source
        self.counts: Counter[str] = Counter()

    def records(self, batch: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """The records without those that are hidden as a whole, and with labels in fields that are. Changes them."""
        if not self._hidden.records and not self._hidden.fields:
            return batch
        kept = []
        for record in batch:
            place = (self._source, str(record["key"]))
            if (key := self._hidden.records.get(place)) is not None:
                self._count(key, RECORDS)
                continue
            for name, (counted, label) in self._hidden.fields.get(place, {}).items():
                if record.get(name) is not None:
                    record[name] = f"[{label}]"
                    self._count(counted, PLACES)
            kept.append(record)
        return kept

    def plain_fields(self, batch: Sequence[dict[str, Any]], json_fields: Sequence[str]) -> Sequence[dict[str, Any]]:
        """The same, where some fields hold JSON as text: a label is made JSON, too."""
        if not json_fields:
            return self.records(batch)
        kept = self.records(batch)
        for record in kept:
            names = self._hidden.fields.get((self._source, str(record["key"])), {})
            record |= {name: json.dumps(record[name]) for name in json_fields if name in names and record[name] is not None}
        return kept

    def lines(self, data: bytes) -> bytes:
        """Lines of JSON with labels in place of hidden texts."""
        found = self._hidden.lines_in(data)
        if not found:
            return data
        return b"".join(self._line(line) if number in found else line for number, line in enumerate(data.splitlines(keepends=True)))

    def text(self, value: str) -> str:
        """A name or remark with labels in place of hidden texts."""
        hidden, counts = self._hidden.text_in(value)
        self._note(counts)
        return hidden

    def problem(self, problem: Problem) -> Problem:
        """A problem, which names a record."""
        return Problem(self.text(problem.record), self.text(problem.reason))

    def file(self, item: FileItem) -> FileItem | None:
        """The file as it is given: itself, one with labels in it where it is plain text, or None where it is left out.

        What can't be read as text, such as a picture, is given as it is unless staff left it out.
        """
        place = (self._source, str(item.key))
        if (key := self._hidden.files.get(place) or self._hidden.records.get(place)) is not None:
            self._count(key, FILES)
            return None
        if not self._hidden.texts or not self._stands_in(item):
            return item
        data = self._short_text(item)
        if data is None:
            self.counts[FILES] += 1
            return None
        return item._replace(open=lambda: io.BytesIO(data))

    def _line(self, line: bytes) -> bytes:
        if not self._hidden.may_be_in(line):
            return line
        hidden, counts = self._hidden.value_in(json.loads(line))
        self._note(counts)
        return to_json(hidden) + b"\n"

    def _stands_in(self, item: FileItem) -> bool:
        """Whether something hidden stands in the file in any encoding it may be in; or may stand in it, as its text can't be read."""
        encoding = encoding_of(item) if is_text(item.media_type) else None
        if encoding is None and is_text(item.media_type):
            return True
        if is_mail(item.media_type, item.original_name) and self._stands_in_mail(item):
            return True
        with item.open() as stream:
            chunk = stream.read(_CHUNK)
            readers = [Reader(name, _OVERLAP) for name in encodings_to_try(chunk, encoding)]
            while chunk:
                if any(self._hidden.is_in(reader.more(chunk)) for reader in readers):
                    return True
                chunk = stream.read(_CHUNK)
        return any(self._hidden.is_in(reader.more(b"", final=True)) for reader in readers)

    def _stands_in_mail(self, item: FileItem) -> bool:
        """Whether something hidden stands in the decoded text of a message; or may stand in it, as nobody can look through it."""
        try:
            with item.open() as stream:
                return any(self._hidden.is_in(text) for text in texts_of(stream))
        except NotReadable:
            return True

    def _short_text(self, item: FileItem) -> bytes | None:
        """A small file of plain text with labels in it; None for any other, and where what is hidden can't be found in its text."""
        encoding = encoding_of(item) if plain_type(item.media_type) in _TEXT_TYPES else None
        if encoding is None:
            return None
        with item.open() as stream:
            data = stream.read(TEXT_FILE_BYTES + 1)
        if len(data) > TEXT_FILE_BYTES:
            return None
        text = data.decode(encoding)
        if self._hidden.is_masked_in(text):
            return None
        hidden, counts = self._hidden.text_in(text)
        if not counts:
            return None
        self._note(counts)
        return encoded(hidden, encoding)

    def _count(self, key: str, kind: str) -> None:
        self.counts[kind] += 1
        self.counts[key] += 1

    def _note(self, counts: Counter[str]) -> None:
        if counts:
            self.counts += counts
            self.counts[PLACES] += counts.total()


def hide_in_facts(facts: BundleFacts, hidden: Hidden) -> tuple[BundleFacts, Counter[str]]:
    """What a copy says besides its records, without what is hidden, and how often each was found. The person's own facts stay."""
    found: Counter[str] = Counter()

    def rows(given: Sequence[Row]) -> Sequence[Row]:
        changed = []
        for row in given:
            values, counts = hidden.value_in(row)
            found.update(counts)
            changed.append(values if counts else row)
        return changed

    def words(text: str) -> str:
        value, counts = hidden.text_in(text)
        found.update(counts)
        return value

    sources = [replace(source, reason=words(source.reason)) if source.reason else source for source in facts.sources]
    changed = replace(
        facts,
        sources=sources,
        failure_reason=words(facts.failure_reason),
        consents=rows(facts.consents),
        disclosures=rows(facts.disclosures),
        access_log=rows(facts.access_log),
        automated_decisions=rows(facts.automated_decisions),
        transfers=rows(facts.transfers),
    )
    return changed, found


def _is_whole(value: float) -> bool:
    """Whether a number can be one that people write with digits alone, such as a phone number."""
    return isinstance(value, int) or value.is_integer()
