"""Values as text for people: nothing invisible stays invisible, nothing is read as markup, nothing runs on for ever."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from itertools import groupby

from .documents import JsonValue
from .volumes import VALUE_CHARACTERS, VALUE_DEPTH, VALUE_LINES

RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_LTR = re.compile("[A-Za-z\u00c0-\u02b8\u0370-\u0589\u0900-\u1fff\u2c00-\ufb17\U00011000-\U0001cfff\U00020000-\U0003ffff]")
_ODD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\ufeff\ufff0-\uffff\ufdd0-\ufdef"
    "\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{8})([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+)"
)
_EMOJI_TAGS = range(0xE0020, 0xE0080)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_LONG_WORD = re.compile(r"\S{34}")
_PLAIN = "!-~\u00a1-\u024f\u0370-\u052f"
_PLAIN_PIECE = re.compile(f"([{_PLAIN}]{{12}})(?=[{_PLAIN}])")
_ANY_PIECE = re.compile("([^\\s\u200b]{200})(?=\\w)")
_LINES = re.compile("\r\n|\u2028|\u2029")

NO_VALUE = "—"
LEFT_TO_RIGHT_ISOLATE, FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2066", "\u2068", "\u2069"


def code_point(character: str) -> str:
    """A character as its number, in angle brackets: U+202E becomes ⟨U+202E⟩."""
    return f"⟨U+{ord(character):04X}⟩"


def _odd(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number == 9:
        return "    "
    if number < 0x20:
        return chr(0x2400 + number)
    if number == 0x7F:
        return "\u2421"
    if number in _EMOJI_TAGS or number == 0xFFFD:
        return match[0]
    return code_point(match[0])


def _pile(match: re.Match[str]) -> str:
    """Combining marks stacked higher than any script does would be drawn off the page: they are counted instead."""
    runs = ((mark, len(list(run))) for mark, run in groupby(match[2]))
    return match[1] + "".join(f"⟨U+{ord(mark):04X} ×{count}⟩" for mark, count in runs)


def visible(text: str, missing: frozenset[str] = frozenset()) -> str:
    """`text` with line ends as \\n and every control, override, lone surrogate and private character made visible.

    `missing` are characters that no font on this machine has; they are shown as their number instead of a box.
    """
    if _ODD.search(text):
        text = _ODD.sub(_odd, _LINES.sub("\n", text))
    if _MARKS.search(text):
        text = _MARKS.sub(_pile, text)
    if missing and not missing.isdisjoint(text):
        text = "".join(code_point(character) if character in missing else character for character in text)
    return text


def readable_time(text: str) -> str:
    """An RFC 3339 time as people write it, the zone named, to the second (the JSON is exact); other text comes back as it is."""
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    day, clock, seconds, zone = match.groups("")
    return f"{day} {clock}{seconds} {'UTC' if zone in ('Z', 'z', '+00:00') else zone}"


def is_rtl(text: str) -> bool:
    """Whether the first character with a strong direction runs from right to left (UAX #9, P2)."""
    rtl = RTL.search(text)
    if rtl is None:
        return False
    ltr = _LTR.search(text)
    return ltr is None or rtl.start() < ltr.start()


def isolated(text: str) -> str:
    """`text` between isolates when it has right-to-left letters, so that it can't turn its neighbours round (UAX #9)."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}" if RTL.search(text) else text


def breakable(text: str) -> str:
    """`text` with places to break (U+200B, which isn't drawn) inside words no line can hold.

    The engine can break anywhere by itself, but its time then grows with the square of the word's length.
    Joined and combined letters are parted only in words of hundreds of them, which no language has.
    """
    if not _LONG_WORD.search(text):
        return text
    return _ANY_PIECE.sub("\\1\u200b", _PLAIN_PIECE.sub("\\1\u200b", text))


def markup(text: str) -> str:
    """`text` for HTML: escaped, never markup."""
    return escape(text, quote=True)


class Words:
    """Turns values into text with the fixed words of one document and what the machine's fonts lack."""

    def __init__(self, labels: Mapping[str, str], missing: frozenset[str] = frozenset(), *, rtl: bool = False) -> None:
        self.labels = labels
        self.missing = missing
        self.rtl = rtl

    def __getitem__(self, key: str) -> str:
        return self.labels[key]

    def get(self, key: str) -> str:
        """A word that not every document has."""
        return self.labels.get(key, "")

    def isolate(self, text: str) -> str:
        """Each line kept to itself (UAX #9): addresses and times must not be turned round in a right-to-left document."""
        if not self.rtl:
            return isolated(text)
        lines = text.split("\n")
        return "\n".join(line if RTL.search(line) or not line else f"{LEFT_TO_RIGHT_ISOLATE}{line}{POP_ISOLATE}" for line in lines)

    def plain(self, text: object) -> str:
        """A text of ours or of the person, made visible and escaped, isolated where it runs the other way."""
        return markup(breakable(self.isolate(visible(str(text), self.missing))))

    def header(self, text: str, length: int) -> str:
        """A text for the running header: one line, no longer than `length`, nothing invisible in it."""
        line = " ".join(visible(text, self.missing).split())
        return line if len(line) <= length else line[: length - 1] + "…"

    def cell(self, value: JsonValue) -> str:
        """A value for a table cell, escaped, its lines kept."""
        return markup(breakable(self.isolate(self.show(value)))).replace("\n", "<br>")

    def show(self, value: JsonValue) -> str:
        """A value as text, lines separated by \\n, not yet escaped; cut at the documented lengths with a sentence."""
        if isinstance(value, str):
            text = readable_time(value) if 16 < len(value) < 40 else value
            text = visible(text, self.missing) if text else NO_VALUE
        elif isinstance(value, list | dict):
            text = "\n".join(self._nested(value))
        else:
            text = self._scalar(value)
        return self._cut(text)

    def _scalar(self, value: JsonValue) -> str:
        if value is None or value == "":
            return NO_VALUE
        if value is True:
            return self.labels["yes"]
        if value is False:
            return self.labels["no"]
        if isinstance(value, str):
            return visible(readable_time(value), self.missing)
        return str(value)

    def _nested(self, value: JsonValue) -> list[str]:
        """One line per leaf, indented by depth; without recursion, so that depth costs no stack."""
        lines: list[str] = []
        size = 0
        stack: list[tuple[int, str, JsonValue]] = [(0, "", value)]
        while stack and len(lines) <= VALUE_LINES and size <= VALUE_CHARACTERS:
            depth, lead, item = stack.pop()
            indent = "\u2003" * max(depth - 1, 0)
            if isinstance(item, list | dict):
                if lead:
                    lines.append(f"{indent}{lead}".rstrip())
                elif not item:
                    lines.append(NO_VALUE)
                if depth > VALUE_DEPTH:
                    lines.append(f"{indent}{self.labels['cut']}")
                    continue
                children = (
                    [(f"{visible(str(key), self.missing)}:", child) for key, child in item.items()]
                    if isinstance(item, dict)
                    else [("•", child) for child in item]
                )
                if lead and not children:
                    lines[-1] += f" {NO_VALUE}"
                stack.extend((depth + 1, label, child) for label, child in reversed(children[: VALUE_LINES + 1]))
            else:
                lines.append(f"{indent}{lead} {self.isolate(self._scalar(item))}".rstrip())
            size += len(lines[-1]) if lines else 0
        return lines

    def _cut(self, text: str) -> str:
        if len(text) <= VALUE_CHARACTERS and text.count("\n") < VALUE_LINES:
            return text
        lines = text[:VALUE_CHARACTERS].split("\n", VALUE_LINES)[:VALUE_LINES]
        return "\n".join(lines) + "\n" + self.labels["cut"]
