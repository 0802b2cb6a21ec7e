"""Text from outside, made safe to show: nothing is lost, nothing acts.

Control characters, NUL, lone surrogates and bidirectional overrides (Unicode TR 36, CVE-2021-42574) are replaced by
visible marks. JSON and PDF both go through here; the exact characters of a name are thus always readable.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\ufeff\ufff9-\ufffb\ud800-\udfff]")


def visible(text: str) -> str:
    """Return `text` with every character that acts or hides shown as `⟨U+202E⟩`; tab and newline stay."""
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", text)


def storable(text: str) -> str:
    """Return `text` in a form that both databases and UTF-8 take: NUL and lone surrogates shown as marks, NFC."""
    return unicodedata.normalize("NFC", _UNSTORABLE.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", text))


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable_in(value: Any, *, max_depth: int = 64) -> Any:
    """Apply `storable` to every string and key of a nested JSON value. Raises ValueError when nested deeper than `max_depth`."""
    if max_depth < 0:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_in(item, max_depth=max_depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_in(item, max_depth=max_depth - 1) for item in value]
    return value
