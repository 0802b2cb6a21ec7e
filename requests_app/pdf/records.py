"""Records as a numbered list of "label: value" lines, in few boxes.

Layout costs about 0.3 ms for every run of text, whatever its length, so a record is written in as few runs
as possible: short fields stand two to a line, held in columns by tab stops that are counted out here from
the font's own widths. A value that doesn't fit, or can't be measured, gets a paragraph with a hanging indent.
Every value follows its label in reading order, which is also the order of the tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from .documents import Field, JsonValue, Record
from .metrics import BOLD, REGULAR, Widths, widths
from .text import Words, breakable, is_rtl, markup, visible
from .volumes import RECORD_CHARACTERS, RECORD_FIELDS

EM = 12.0
"""Font size of records in CSS pixels (9 pt)."""
UNIT = 20
"""Distance of the tab stops in CSS pixels."""
LINE = 642
"""Width of the text area in CSS pixels: A4 less two margins of 20 mm."""
EM_SPACE = chr(0x2003)
NUMBER_SPACES = 3 * " "
"""What keeps the number from the text. A margin would make the engine lay out every number twice."""
_LEAST_LABEL, _MOST_LABEL = 3, 9
_CELL_GAP = 10.0
_LONG_WORD = re.compile(r"\S{34}")
_EMOJI = re.compile(
    "[\u20e3\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff]"
)


class RecordSheet:
    """Writes the records of one source. `css` collects the few rules that depend on what was written."""

    def __init__(self, words: Words, fields: Sequence[Field], names: Iterable[str], *, last_number: int) -> None:
        """`names` are the fields that occur; labels come from `fields`, or else are the names themselves."""
        self.words = words
        self.rtl = words.rtl
        self.regular = Widths() if words.rtl else widths(REGULAR)
        self.digits = len(str(last_number))
        bold = widths(BOLD).of(chr(0x2007) * self.digits + NUMBER_SPACES)
        self.origin = EM * (bold if bold is not None else 0.6 * self.digits + 0.8)
        known = {field.name: field.label for field in fields}
        self.labels: dict[str, tuple[str, float | None]] = {}
        for name in names:
            label = visible(known.get(name) or name, words.missing).replace("\n", " ") + ":"
            width = self.regular.of(label)
            self.labels[name] = (label, None if width is None else width * EM)
        fitting = [width for _, width in self.labels.values() if width is not None and width < _MOST_LABEL * UNIT - 4]
        self.label_units = max(_LEAST_LABEL, int((max(fitting, default=0.0) + 8) // UNIT) + 1)
        self.units = int((LINE - self.origin) // UNIT)
        self.half = self.units // 2
        self.key = f"d{self.digits}h{self.label_units}"

    def css(self) -> str:
        """The rules for this sheet's number column and hanging indent, in logical directions."""
        if self.rtl:  # WeasyPrint 70 measures a negative indent from the wrong side
            return ""
        hang, origin = self.label_units * UNIT, self.origin
        return (
            f".{self.key}>li{{padding-inline-start:{origin:.3f}px;text-indent:-{origin:.3f}px}}"
            f".{self.key} p{{padding-inline-start:{hang}px;text-indent:-{hang}px}}"
            f".{self.key} p.f{{text-indent:-{hang + origin:.3f}px}}"
            f".{self.key} p.v{{text-indent:0}}"
            f".{self.key} p.n{{padding:0;text-indent:0}}"
        )

    def html(self, records: Iterable[Record | None], first: int) -> str:
        """The list itself, numbered from `first`."""
        items = "".join(self._record(number, record) for number, record in enumerate(records, first))
        return f'<ol class="r {self.key}">{items}</ol>'

    def _record(self, number: int, record: Record | None) -> str:
        lead = f"<b>{str(number).rjust(self.digits, chr(0x2007))}{NUMBER_SPACES}</b>"
        if record is None:
            return f'<li><p class="l f">{lead}{markup(self.words["unprintable"])}</p></li>'
        lines: list[str] = []
        blocks: list[str] = []
        pending: tuple[str, float, str, float] | None = None
        left = RECORD_CHARACTERS
        shown = 0
        for name, value in islice(record.items(), RECORD_FIELDS):
            label, label_width = self.labels[name]
            text = self.words.show(value)
            shown += 1
            left -= len(text) + len(label)
            size = self._fits(label_width, text)
            if size is None or label_width is None:
                if pending:
                    lines.append(self._line(pending))
                    pending = None
                blocks.append(self._flush(lines, lead if not any(blocks) else ""))
                blocks.append(self._paragraphs(label, label_width, text, lead if not any(blocks) else ""))
            elif size > (self.half - self.label_units) * UNIT - _CELL_GAP:
                if pending:
                    lines.append(self._line(pending))
                    pending = None
                lines.append(self._line((label, label_width, text, size)))
            elif pending:
                lines.append(self._line(pending, (label, label_width, text, size)))
                pending = None
            else:
                pending = (label, label_width, text, size)
            if left < 0:
                break
        if pending:
            lines.append(self._line(pending))
        if not record:
            lines.append("—")
        blocks.append(self._flush(lines, lead if not any(blocks) else ""))
        if shown < len(record):
            blocks.append(f'<p class="l">{markup(self.words["cut"])}</p>')
        return f"<li>{''.join(blocks)}</li>"

    def _fits(self, label_width: float | None, text: str) -> float | None:
        """Width of the value in pixels when it fits on one line beside its label, else None."""
        if label_width is None or label_width > self.label_units * UNIT - 4 or len(text) > 160:
            return None
        width = self.regular.of(text)
        if width is None or width * EM > (self.units - self.label_units) * UNIT - _CELL_GAP:
            return None
        return width * EM

    def _line(self, *cells: tuple[str, float, str, float]) -> str:
        """One or two cells on a line, held in place by tabs."""
        parts: list[str] = []
        for column, (label, label_width, text, size) in enumerate(cells):
            start = column * self.half
            parts.append(label + self._gap(start * UNIT + label_width, start + self.label_units) + text)
            if column + 1 < len(cells):
                parts.append(self._gap((start + self.label_units) * UNIT + size, self.half))
        return markup("".join(parts))

    @staticmethod
    def _gap(position: float, target: int) -> str:
        """What moves the pen from `position` to the tab stop number `target`: em spaces, then one tab for what is left.

        One tab only, because WeasyPrint 70 draws tabs 2.4 % too wide. It is left 3 to 15 px: kerning makes text up to a
        few pixels narrower than measured, and the pen must still be beyond the stop before.
        """
        return EM_SPACE * int((target * UNIT - position - 3) // EM) + "\t"

    def _spaces(self, position: float) -> str:
        """What moves the pen about as far as `_gap`, without a tab: WeasyPrint 70 forgets tabs when it places the pictures of emoji."""
        ems, rest = divmod(self.label_units * UNIT - position, EM)
        return EM_SPACE * int(ems) + " " * max(1, round(rest / (self.regular[" "] * EM)))

    def _flush(self, lines: list[str], lead: str) -> str:
        """The lines so far: behind the number, or after a paragraph in one of their own, which the number's indent doesn't move."""
        text = "\n".join(lines)
        lines.clear()
        if not text or lead:
            return f"{lead}{text}" if text else ""
        return f'<p class="n">{text}</p>'

    def _paragraphs(self, label: str, label_width: float | None, text: str, lead: str) -> str:
        """A field that wraps: label and value in one paragraph, or in two when a long value runs the other way."""
        first = " f" if lead else ""
        name, breaks = breakable(self.words.isolate(label)), self._breaks(text + label)
        if not self.rtl and is_rtl(text) and (len(text) > 60 or "\n" in text):
            value = f'<p class="v x{breaks}">{markup(breakable(text))}</p>'
            return f'<p class="l{first}">{lead}{markup(name)}</p>{value}'
        if self.rtl or "\n" not in text:
            text = self.words.isolate(text)
        gap = " "
        if label_width is not None and label_width <= self.label_units * UNIT - 4:
            gap = self._spaces(label_width) if _EMOJI.search(text) else self._gap(label_width, self.label_units)
        return f'<p class="l{first}{breaks}">{lead}{markup(name + gap + breakable(text))}</p>'

    @staticmethod
    def _breaks(text: str) -> str:
        """The class that allows breaks inside words, only where one is long: it makes layout slower."""
        return " w" if _LONG_WORD.search(text) else ""


def field_names(records: Iterable[Record | None]) -> list[str]:
    """The names that occur in the records, in the order of their first occurrence."""
    names: dict[str, None] = {}
    for record in records:
        if record:
            names.update(dict.fromkeys(record))
    return list(names)


def records_html(
    words: Words,
    fields: Sequence[Field],
    records: Sequence[Mapping[str, JsonValue] | None],
    *,
    first: int,
) -> tuple[str, str]:
    """The list of records, and the CSS it needs."""
    sheet = RecordSheet(words, fields, field_names(records), last_number=first + len(records) - 1)
    return sheet.html(records, first), sheet.css()
