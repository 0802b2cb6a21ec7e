"""What a connected source must be like before its names are compared with the database's schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from privacycenter.datamap.enums import PORTABLE_BASES
from privacycenter.datamap.models import ConnectorSource, Purpose, Recipient
from privacycenter.datamap.sql.rows import FieldRow, fields_of
from privacycenter.kernel.cards import contains_card_number
from privacycenter.kernel.sources import Sensitivity, registry

Problems = Iterator[tuple[str, str]]

_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_RESERVED = frozenset({"key"})  # stands beside the fields in a bundle


def problems_of(source: ConnectorSource) -> list[tuple[str, str]]:
    """(form field, message) for everything that is wrong without a look at the outside database."""
    problems = [*_facts(source), *_fields(fields_of(source))]
    if source.source_key in registry.static_keys():
        problems.append(("key", _("A source of this key exists already.")))
    return problems


def _facts(source: ConnectorSource) -> Problems:
    purposes = {purpose.key: purpose for purpose in Purpose.objects.filter(key__in=source.purposes)}
    if not source.purposes:
        yield "purposes", _("Choose at least one purpose.")
    if len(purposes) != len(source.purposes):
        yield "purposes", _("A purpose is not in the data map.")
    if Recipient.objects.filter(key__in=source.recipients).count() != len(source.recipients):
        yield "recipients", _("A recipient is not in the data map.")
    if source.is_portable and not any(purpose.legal_basis in PORTABLE_BASES for purpose in purposes.values()):
        yield "is_portable", _("Only data under consent or contract is portable; none of the purposes rests on one of them.")


def _fields(rows: tuple[FieldRow, ...]) -> Problems:
    names: set[str] = set()
    for number, row in enumerate(rows, start=1):
        where = _("Row %(number)s:") % {"number": number}
        if not _FIELD_NAME.fullmatch(row.name):
            yield "columns", f"{where} " + _("a name is made of small letters, digits and underscores, beginning with a letter.")
        elif row.name in _RESERVED or row.name in names:
            yield "columns", f"{where} " + _("the name %(name)s is taken.") % {"name": row.name}
        names.add(row.name)
        if not row.label:
            yield "columns", f"{where} " + _("give it a label that people understand.")
        if contains_card_number(row.label) or contains_card_number(row.withheld):
            yield "columns", f"{where} " + _("there is a full card number in it.")
        if row.sensitivity is Sensitivity.SECRET and not row.withheld:
            yield "columns", f"{where} " + _("a secret is never exported: give the ground on which it is withheld.")
        if not row.withheld and not row.column:
            yield "columns", f"{where} " + _("name the column it comes from.")
    if rows and all(row.withheld for row in rows):
        yield "columns", _("At least one field must be exported.")
