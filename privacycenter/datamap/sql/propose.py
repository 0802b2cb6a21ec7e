"""A first draft of a source's fields from the columns of its table: staff correct words instead of typing names."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql.rows import FieldRow
from privacycenter.datamap.sql.schema import table_facts
from privacycenter.kernel.sources import Sensitivity

_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_HINTS: tuple[tuple[Sensitivity, re.Pattern[str]], ...] = (
    (Sensitivity.SECRET, re.compile(r"passw|passphrase|secret|token|salt|(^|_)(hash|otp|pin|cvv|cvc)(_|$)")),
    (Sensitivity.SPECIAL, re.compile(r"health|religio|ethnic|politic|biometr|disab|diagnos|gender|sexual")),
    (Sensitivity.FINANCIAL, re.compile(r"iban|bank|card|salary|price|total|amount|tax|balance")),
    (Sensitivity.CONTACT, re.compile(r"mail|phone|fax|mobile|street|address|city|zip|postal|(first|last|sur|full)_?name|(^|_)name(_|$)")),
)


def proposed_fields(connector: Connector, table: str) -> tuple[FieldRow, ...]:
    """Every column of a table as a field; what looks like a secret is withheld. Empty where there is no such table."""
    facts = table_facts(connector, table)
    if facts is None:
        return ()
    rows: dict[str, FieldRow] = {}
    for column in facts.columns:
        name = _free_name(_snake(column), rows)
        sensitivity = sensitivity_of(column)
        withheld = _("A secret that protects access; it is never shown to anybody.") if sensitivity is Sensitivity.SECRET else ""
        label = name.replace("_", " ").strip().capitalize()
        rows[name] = FieldRow(name, label, f"{table}.{column}", sensitivity, withheld)
    return tuple(rows.values())


def sensitivity_of(column: str) -> Sensitivity:
    """A guess from the name of a column."""
    name = _snake(column)
    return next((sensitivity for sensitivity, hint in _HINTS if hint.search(name)), Sensitivity.ORDINARY)


def _snake(column: str) -> str:
    name = "_".join(part for part in _WORD_BORDER.split(column) if part).lower()[:50]
    return name if name[:1].isalpha() else f"field_{name}".rstrip("_")


def _free_name(name: str, taken: dict[str, FieldRow]) -> str:
    if name == "key":
        name = "key_value"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
