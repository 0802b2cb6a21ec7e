"""A look-up for very many values at once: one parameter, where IN would take thousands (SQLite refuses those past its limit)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Lookup

if TYPE_CHECKING:
    _AnyLookup = Lookup[Any]
else:
    _AnyLookup = Lookup


_SEPARATOR = "\x1f"  # INFORMATION SEPARATOR ONE: in no hash, key or normalised identifier


@CharField.register_lookup
class Among(_AnyLookup):
    """`column__among=[…]`: whether the column's value is one of these strings, which hold no control characters."""

    lookup_name = "among"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        left, parameters = self.process_lhs(compiler, connection)
        # One text that the server takes apart: writing an array value by value takes the driver longer than all the rest.
        return f"{left} = ANY(string_to_array(%s, %s))", [*parameters, _SEPARATOR.join(self.rhs), _SEPARATOR]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(list(self.rhs))]  # noqa: S608
