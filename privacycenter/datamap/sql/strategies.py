"""What becomes of a column of a row that is made anonymous: which strategies fit it, a first proposal, and the value itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from sqlalchemy import types

from privacycenter.datamap.enums import Strategy
from privacycenter.datamap.sql.engines import Refused
from privacycenter.datamap.sql.plan import Plan, PlannedColumn
from privacycenter.datamap.sql.propose import sensitivity_of
from privacycenter.datamap.sql.rows import StrategyRow
from privacycenter.datamap.sql.schema import TableFacts
from privacycenter.kernel.hashing import keyed_hash
from privacycenter.kernel.sources import Sensitivity

PLACEHOLDER = "erased"
_TOKEN = 32  # signs of chance in a random text, 128 bits, where there is room
_SHORTEST = 12

# Those that leave the same in every row: by them a row that was made anonymous is known again.
SAME_FOR_ALL = frozenset({Strategy.NULL, Strategy.EMPTY, Strategy.FIXED, Strategy.ZERO})


def is_text(declared: types.TypeEngine[Any]) -> bool:
    return isinstance(declared, types.String | types.NullType) and not isinstance(declared, types.Enum)


def room_in(declared: types.TypeEngine[Any]) -> int:
    """How many signs a text column takes; a million where it says nothing."""
    return getattr(declared, "length", None) or 1_000_000


def misfit(row: StrategyRow, facts: TableFacts, name: str) -> str:
    """Why a strategy does not fit a column, in words, or nothing."""
    declared, strategy = facts.columns[name], row.strategy
    if strategy in {Strategy.EMPTY, Strategy.FIXED, Strategy.UNIQUE, Strategy.PSEUDONYM} and not is_text(declared):
        return _("this holds no text.")
    if strategy is Strategy.NULL and name in facts.required:
        return _("this may not be NULL.")
    if strategy in {Strategy.EMPTY, Strategy.FIXED, Strategy.ZERO, Strategy.YEAR} and frozenset({name}) in facts.unique:
        return _("each row must have another value here. Choose the random text.")
    if strategy is Strategy.YEAR and not isinstance(declared, types.Date | types.DateTime):
        return _("this holds no date.")
    if strategy is Strategy.ZERO and not isinstance(declared, types.Numeric | types.Integer):
        return _("this holds no number.")
    if strategy is Strategy.FIXED and not 0 < len(row.text) <= room_in(declared):
        return _("give a text of at most %(count)s signs.") % {"count": min(room_in(declared), 300)}
    if strategy is Strategy.UNIQUE and room_in(declared) - len(row.text.replace("*", "", 1)) < _SHORTEST:
        return _("there is no room for a random text of at least %(count)s signs.") % {"count": _SHORTEST}
    if strategy is Strategy.PSEUDONYM and room_in(declared) < _SHORTEST:
        return _("there is no room for a pseudonym.")
    return ""


def proposed_strategies(plan: Plan) -> tuple[StrategyRow, ...]:
    """Every column of the source's own table: keys stay, the person's column never does, what may be missing goes."""
    table = next(iter(plan.tables.values()))
    keys = {*table.facts.primary_key, *table.facts.referring, *(str(column.clause.key) for column in plan.key)}
    person = str(plan.person.clause.key) if plan.path == (table.facts.name,) else ""
    return tuple(
        StrategyRow(f"{table.facts.name}.{name}") if name in keys else _proposed(table.facts, name, is_person=name == person)
        for name in table.facts.columns
    )


def _proposed(facts: TableFacts, name: str, *, is_person: bool) -> StrategyRow:
    declared, column = facts.columns[name], f"{facts.name}.{name}"
    is_unique = any(name in unique for unique in facts.unique)
    room = room_in(declared)
    if name not in facts.required and not is_unique:
        return StrategyRow(column, Strategy.NULL)
    if is_text(declared) and (is_unique or is_person):
        return StrategyRow(column, Strategy.UNIQUE, f"{PLACEHOLDER}-" if room >= _SHORTEST + len(PLACEHOLDER) + 1 else "")
    if is_text(declared):
        return StrategyRow(column, Strategy.FIXED, PLACEHOLDER[:room])
    if is_unique or sensitivity_of(name) is Sensitivity.ORDINARY:
        return StrategyRow(column)
    if isinstance(declared, types.Date | types.DateTime):
        return StrategyRow(column, Strategy.YEAR)
    return StrategyRow(column, Strategy.ZERO if isinstance(declared, types.Numeric | types.Integer) else Strategy.KEEP)


def maker_for(row: StrategyRow, column: PlannedColumn, context: str) -> Callable[[Any], Any]:
    """From what stands in a column to what stands there afterwards."""
    room = room_in(column.declared)
    if row.strategy is Strategy.UNIQUE:
        return lambda stored: random_text(row.text, room)
    if row.strategy is Strategy.PSEUDONYM:
        return lambda stored: None if stored is None else keyed_hash(str(stored), context=context).digest[:room]
    if row.strategy is Strategy.YEAR:
        return _first_of_year
    fixed = {Strategy.NULL: None, Strategy.EMPTY: "", Strategy.FIXED: row.text, Strategy.ZERO: 0}[row.strategy]
    return lambda stored: fixed


def random_text(pattern: str, room: int) -> str:
    """Chance in the place of `*`, else behind the pattern; as much as there is room for."""
    before, star, after = pattern.partition("*")
    length = min(_TOKEN, room - len(before) - len(after))
    return before + secrets.token_hex(_TOKEN // 2)[:length] + (after if star else "")


def _first_of_year(stored: Any) -> Any:
    """Raises Refused for what is no date, in a database that stores what it likes."""
    if isinstance(stored, datetime):
        return stored.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    if isinstance(stored, date):
        return stored.replace(month=1, day=1)
    if stored is None:
        return None
    raise Refused
