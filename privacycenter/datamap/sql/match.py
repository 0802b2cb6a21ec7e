"""How an identifier finds its person in a column of somebody else's database.

What is stored there was never normalised by us, so the statement matches generously and every row is checked again with
the one normaliser: a database that compares without accents must not hand out somebody else's row.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import idna
import sqlalchemy as sa
from sqlalchemy import types

from privacycenter.datamap.sql.plan import PlannedColumn
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import IdentifierKind, normalise

_PHONE_SIGNS = (" ", "-", "(", ")", ".", "/", "+")


def condition(kind: str, values: Sequence[str], column: PlannedColumn, dialect: str) -> sa.ColumnElement[bool]:
    """Rows in which `column` holds one of `values` (normalised)."""
    if kind == IdentifierKind.PHONE:
        digits = [value.removeprefix("+") for value in values]
        bare: sa.ColumnElement[Any] = _as_text(column)
        for sign in _PHONE_SIGNS:
            bare = sa.func.replace(bare, sign, "")
        return bare.in_([form for number in digits for form in (number, f"00{number}")])
    if kind in {IdentifierKind.EMAIL, IdentifierKind.USERNAME}:
        forms = list(dict.fromkeys(form for value in values for form in _spellings(kind, value)))
        # SQLite's lower() knows ASCII only; ours knows the rest, but no index.
        lower = sa.func.unicode_lower if dialect == "sqlite" and not all(form.isascii() for form in forms) else sa.func.lower
        return lower(column.clause).in_(forms)
    if isinstance(column.declared, types.Integer):
        return column.clause.in_([int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19])
    return _as_text(column).in_(list(values))


def _as_text(column: PlannedColumn) -> sa.ColumnElement[Any]:
    is_text = isinstance(column.declared, types.String | types.NullType)
    return column.clause if is_text else sa.cast(column.clause, types.String)


def _spellings(kind: str, value: str) -> list[str]:
    """How a normalised value may be stored, in small letters: both forms of the domain, composed and decomposed."""
    forms = [value]
    local, separator, domain = value.rpartition("@")
    if kind == IdentifierKind.EMAIL and separator and "xn--" in domain:
        with contextlib.suppress(idna.IDNAError, UnicodeError):  # where the name has no other spelling
            forms.append(f"{local}@{idna.decode(domain)}")
    return [spelling for form in forms for spelling in (form, unicodedata.normalize("NFD", form))]


def guard(kind: str, values: Sequence[str]) -> Callable[[Any], bool]:
    """Tells whether what stands in a row really is one of `values`. Remembers its answers: a person has few spellings."""
    wanted = frozenset(values)
    numbers = frozenset(value.removeprefix("+") for value in values)
    answers: dict[str, bool] = {}

    def is_wanted(stored: str) -> bool:
        if kind == IdentifierKind.PHONE:
            return "".join(sign for sign in stored if sign.isdigit()).removeprefix("00") in numbers
        try:
            return normalise(kind, stored) in wanted
        except InvalidIdentifier:
            return False

    def check(stored: Any) -> bool:
        text = str(stored)
        answer = answers.get(text)
        if answer is None:
            answer = answers[text] = is_wanted(text)
        return answer

    return check
