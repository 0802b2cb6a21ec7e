"""Charts as numbers: what a template needs to draw bars as SVG on the server, without a script and without a style attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ROW, GAP, LABEL, WIDTH, FIGURE = 30, 10, 170, 640, 60


@dataclass(frozen=True)
class Bar:
    """One bar: where it stands, and what it says in words."""

    x: int
    y: int
    width: int
    height: int
    value: int
    css_class: str


@dataclass(frozen=True)
class Row:
    """A label with its bars."""

    label: Any
    y: int
    bars: tuple[Bar, ...]
    value_x: int
    value_y: int
    words: str


@dataclass(frozen=True)
class Chart:
    """A chart of horizontal bars, one group for each label."""

    width: int
    height: int
    rows: tuple[Row, ...]
    is_empty: bool


def bars(rows: Sequence[tuple[Any, Sequence[tuple[int, str]], str]]) -> Chart:
    """Rows of (label, [(value, class of the bar), …] one after the other, words at the end), to one scale."""
    longest = max((sum(value for value, _name in parts) for _label, parts, _words in rows), default=0)
    room = WIDTH - LABEL - FIGURE
    drawn = []
    for number, (label, parts, words) in enumerate(rows):
        y, x, made = number * (ROW + GAP), LABEL, []
        for value, name in parts:
            width = round(room * value / longest) if longest else 0
            width = max(width, 2) if value else 0
            made.append(Bar(x, y, width, ROW, value, name))
            x += width
        drawn.append(Row(label, y + 20, tuple(made), x + 8, y + 20, words))
    return Chart(WIDTH, max(len(rows) * (ROW + GAP) - GAP, ROW), tuple(drawn), longest == 0)
