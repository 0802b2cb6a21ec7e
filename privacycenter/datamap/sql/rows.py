"""Typed readers of the JSON columns of ConnectorSource: the rest of the code never reads those as they are."""

from __future__ import annotations

from dataclasses import dataclass

from privacycenter.datamap.enums import ErasureChoice, Strategy
from privacycenter.datamap.models import ConnectorSource
from privacycenter.kernel.sources import UNDECIDED, ErasureRule, Sensitivity, SourceDescription, SourceField, Treatment

_ORDER = 200


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


@dataclass(frozen=True)
class StrategyRow:
    """What becomes of one column (table.column) when its row is made anonymous; `text` is the fixed text or the pattern."""

    column: str
    strategy: Strategy = Strategy.KEEP
    text: str = ""


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


def strategies_of(source: ConnectorSource) -> tuple[StrategyRow, ...]:
    """What becomes of the columns of a source, in order."""
    return tuple(
        StrategyRow(row.get("column", ""), Strategy(row.get("strategy") or Strategy.KEEP), row.get("text", "")) for row in source.strategies
    )


def as_json(rows: tuple[JoinRow, ...] | tuple[FieldRow, ...] | tuple[StrategyRow, ...]) -> list[dict[str, str]]:
    """The form in which rows are stored."""
    return [{name: str(value) for name, value in vars(row).items()} for row in rows]


def description_of(source: ConnectorSource) -> SourceDescription:
    """What a connected source is, from its configuration alone: asks the outside database nothing."""
    may_write = source.connector.may_write
    return SourceDescription(
        key=source.source_key,
        title=source.title,
        category=source.category,
        fields=tuple(
            SourceField(
                field.name, field.label, field.sensitivity, field.withheld, correctable=may_write and field.name in source.correctable
            )
            for field in fields_of(source)
        ),
        purposes=tuple(source.purposes),
        origin=source.origin,
        retention=source.retention_id,
        recipients=tuple(source.recipients),
        portable=source.is_portable,
        in_database=False,
        erasure=_erasure_of(source),
    )


def _erasure_of(source: ConnectorSource) -> ErasureRule:
    if source.erasure == ErasureChoice.UNDECIDED:
        return UNDECIDED
    treatment = Treatment(source.erasure)
    keep_days = source.keep_days if treatment is Treatment.RETAIN else None
    reason = source.erasure_reason if treatment is not Treatment.DELETE else ""
    return ErasureRule(treatment, reason, keep_days, order=_ORDER - _distance(source))


def _distance(source: ConnectorSource) -> int:
    """Over how many joins the person is found: what is found over more goes first, while the rows that lead there still stand."""
    person_table, _dot, _column = source.person_column.rpartition(".")
    distances = {person_table: 0}
    pairs = [(row.left.rpartition(".")[0], row.right.rpartition(".")[0]) for row in joins_of(source)]
    for _round in pairs:
        for left, right in pairs:
            for here, there in ((left, right), (right, left)):
                if here in distances:
                    distances.setdefault(there, distances[here] + 1)
    return min(distances.get(source.table, 0), 90)
