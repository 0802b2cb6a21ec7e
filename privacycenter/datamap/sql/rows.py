"""Typed readers of the JSON columns of ConnectorSource: the rest of the code never reads those as they are."""

from __future__ import annotations

from dataclasses import dataclass

from privacycenter.datamap.models import ConnectorSource
from privacycenter.kernel.sources import Sensitivity, SourceDescription, SourceField


@dataclass(frozen=True)
class JoinRow:
    """One step from table to table: `left` and `right` are table.column and equal."""

    left: str
    right: str


@dataclass(frozen=True)
class FieldRow:
    """One field of a record: its name in the bundle, its label, the table.column it comes from, how harmful it could be,
    and the ground where it is withheld."""

    name: str
    label: str
    column: str
    sensitivity: Sensitivity = Sensitivity.ORDINARY
    withheld: str = ""


def joins_of(source: ConnectorSource) -> tuple[JoinRow, ...]:
    """The joins of a source, in order."""
    return tuple(JoinRow(row.get("left", ""), row.get("right", "")) for row in source.joins)


def fields_of(source: ConnectorSource) -> tuple[FieldRow, ...]:
    """The fields of a source, in order."""
    return tuple(
        FieldRow(
            row.get("name", ""),
            row.get("label", ""),
            row.get("column", ""),
            Sensitivity(row.get("sensitivity") or Sensitivity.ORDINARY),
            row.get("withheld", ""),
        )
        for row in source.columns
    )


def as_json(rows: tuple[JoinRow, ...] | tuple[FieldRow, ...]) -> list[dict[str, str]]:
    """The form in which rows are stored."""
    return [{name: str(value) for name, value in vars(row).items()} for row in rows]


def description_of(source: ConnectorSource) -> SourceDescription:
    """What a connected source is, from its configuration alone: asks the outside database nothing."""
    return SourceDescription(
        key=source.source_key,
        title=source.title,
        category=source.category,
        fields=tuple(SourceField(field.name, field.label, field.sensitivity, field.withheld) for field in fields_of(source)),
        purposes=tuple(source.purposes),
        origin=source.origin,
        retention=source.retention_id,
        recipients=tuple(source.recipients),
        portable=source.is_portable,
        in_database=False,
    )
