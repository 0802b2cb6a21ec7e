"""How wide a text will be, so that short values can share a line without asking the layout engine.

Advance widths come from the font that will be used. Only scripts whose letters neither join nor reorder are
measured; any other text answers None and gets a paragraph of its own, which the engine wraps.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/opt/homebrew/share/fonts"))
REGULAR, BOLD = "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"

_MEASURED = (
    range(0x20, 0x7F),
    range(0xA0, 0xAD),
    range(0xAE, 0x250),
    range(0x370, 0x483),
    range(0x48A, 0x530),
    range(0x1E00, 0x2000),
    range(0x2000, 0x200B),
    range(0x2010, 0x2028),
    range(0x20A0, 0x20C0),
)
_FULL_WIDTH = (range(0x3001, 0x302A), range(0x3041, 0x3097), range(0x30A1, 0x3100), range(0x3400, 0xA000), range(0xAC00, 0xD7A4))


class Widths(dict[str, float]):
    """Character to advance width in em. A character that can't be measured is a KeyError."""

    def __missing__(self, character: str) -> float:
        if self and any(ord(character) in block for block in _FULL_WIDTH):
            self[character] = 1.0
            return 1.0
        raise KeyError(character)

    def of(self, text: str) -> float | None:
        """Width of `text` in em, or None when it holds a character that can't be measured."""
        try:
            return sum(map(self.__getitem__, text))
        except KeyError:
            return None


@cache
def widths(file_name: str) -> Widths:
    """The advance widths of a font file; empty when it isn't installed, and then nothing shares a line."""
    for folder in FONT_FOLDERS:
        for path in sorted(folder.rglob(file_name)):
            with TTFont(path, lazy=True) as font:
                units, metrics, names = font["head"].unitsPerEm, font["hmtx"].metrics, font.getBestCmap()
                return Widths(
                    (chr(number), metrics[names[number]][0] / units) for block in _MEASURED for number in block if number in names
                )
    return Widths()
