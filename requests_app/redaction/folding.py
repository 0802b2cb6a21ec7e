"""Text without the differences that writing makes: case, accents, widths, ligatures, kinds of dashes and spaces, hidden characters.

Two texts that a reader takes for the same fold to the same. A fold can be led back to the place in the text it came from.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence

# Letters that Unicode takes for letters of their own, and people for a letter with a mark.
_ALIKE = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
_SKIPPED = {"Cf", "Cc", "Cs"}
_ROUNDS = 3  # so often can a text be escaped in itself
_MASKS = re.compile(
    r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});?|(?:%[0-9a-f]{2})+|(?:\\{1,8}u[0-9a-f]{4})+|\\{1,8}[nrtbf]",
    re.IGNORECASE,
)
_DOT = re.compile(r" ?[(\[{] ?dot ?[)\]}] ?", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:/?[a-z][^<>\n]{0,2000}|!--[^<>\n]{0,2000})>", re.IGNORECASE)
_ESCAPES = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)


class _Folds(dict[int, str]):
    """The fold of each character, found when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_of(chr(code))
        return folded


def _fold_of(sign: str) -> str:
    if sign in "\t\n\r\v\f":
        return " "
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sign).casefold()).translate(_ALIKE)
    return "".join(map(_plain, decomposed))


def _plain(sign: str) -> str:
    category = unicodedata.category(sign)
    if unicodedata.combining(sign) or category in _SKIPPED:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    if category == "Pd" or sign == "\u2212":
        return "-"
    if category.startswith("Z"):
        return " "
    if sign in "\u2018\u2019\u02bc\u00b4`":
        return "'"
    return "." if sign == "\u00b7" else sign


_FOLDS = _Folds()
_BEYOND_ASCII = re.compile("[^\x00-\x7e]+")


def fold(text: str) -> str:
    """The text as it is compared."""
    return text.lower() if text.isascii() and text.isprintable() else text.translate(_FOLDS)


def fold_with_places(text: str) -> tuple[str, Sequence[int]]:
    """The fold, and for each of its characters the place in the text where it came from."""
    if text.isascii() and text.isprintable():
        return text.lower(), range(len(text))
    parts = [_FOLDS[ord(sign)] for sign in text]
    return "".join(parts), [place for place, part in enumerate(parts) for _ in part]


def is_unseen(sign: str) -> bool:
    """Whether the character adds nothing to the fold: a mark on the letter before it, or something hidden."""
    return _FOLDS[ord(sign)] == ""


def fold_json(data: bytes) -> str:
    """Lines of JSON as they are looked through: folded as a whole, with what JSON escapes as it reads. Ends of lines stay."""
    text = data.lower().decode("utf-8", "replace")
    if b"\\" in data:
        text = _ESCAPES.sub(_unescaped, text)
    # Few letters are not ASCII, and only those have more to them than their case.
    return text if text.isascii() and "\x7f" not in text else _BEYOND_ASCII.sub(_folded_run, text)


def other_readings(folded: str) -> Iterator[str]:
    """What folded text says to a program that takes it for markup, JSON or part of a URL; nothing where it says the same. Lines stay."""
    plain = _DOT.sub(".", folded) if "dot" in folded else folded
    for _ in range(_ROUNDS if any(sign in folded for sign in "&%\\") else 0):
        before, plain = plain, _MASKS.sub(_unmasked, plain)
        if plain == before:
            break
    if plain != folded:
        plain = _BEYOND_ASCII.sub(_folded_run, plain.lower())
        yield plain
    for instead in ("", " ") if "<" in plain else ():
        if (bare := _MARKUP.sub(instead, plain)) != plain:
            yield bare


def _unmasked(match: re.Match[str]) -> str:
    mask = match.group()
    if mask[0] == "&":
        text = html.unescape(mask)
    elif mask[0] == "%":
        text = _of_url(bytes.fromhex(mask.replace("%", "")))
    elif "u" in mask.lower():
        units = b"".join(int(unit, 16).to_bytes(2, "big") for unit in re.findall("[0-9a-f]{4}", mask, re.IGNORECASE))
        text = units.decode("utf-16-be", "replace")
    else:
        text = " "
    return text.replace("\n", " ").replace("\r", " ")


def _of_url(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _folded_run(match: re.Match[str]) -> str:
    return match.group().translate(_FOLDS)


def _unescaped(match: re.Match[str]) -> str:
    code = match.group()[1:]
    if code in {"n", "r", "t", "f"}:
        return " "
    if len(code) == 5:
        return _FOLDS[int(code[1:], 16)]
    return "" if code == "b" else code
