"""Cells for spreadsheets: none that one of them takes for a formula (CWE-1236)."""

from __future__ import annotations

import re

# What a spreadsheet would take for a formula, and what looks like one but is only a number. It may cut a cell at another sign than
# the one that the file is written with.
_FORMULA = "=+-@"
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_CUTS = re.compile(r"([,;|\t\r\n])")


def safe_cell(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, wherever it cuts it. A plain number may keep its sign."""
    if not cell or _NUMBER.fullmatch(cell):
        return cell
    made = "".join(_quoted(part) for part in _CUTS.split(cell))
    return f"'{made}" if cell[0] in "\t\r" else made


def _quoted(part: str) -> str:
    bare = part.lstrip('" ')
    risky = bare and bare[0] in _FORMULA and not _NUMBER.fullmatch(bare)
    return part[: len(part) - len(bare)] + "'" + bare if risky else part
