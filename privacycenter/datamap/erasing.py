"""Verbs by which staff set up corrections and erasures of a connected source, and try an erasure out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.datamap.domain import check_source, renew, require_staff
from privacycenter.datamap.enums import ErasureChoice, LookReason, Strategy
from privacycenter.datamap.errors import ReasonMissing
from privacycenter.datamap.handling import notes_on, propose_strategies
from privacycenter.datamap.models import ConnectorSource
from privacycenter.datamap.sql.rows import strategies_of
from privacycenter.datamap.sql.source import SqlSource
from privacycenter.datamap.sql.writing import TableCount
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import normalise
from privacycenter.kernel.sources import OBSTACLES, CannotErase
from privacycenter.subjects.queries import subject_with


def save_handling(source: ConnectorSource, *, changed: Iterable[str], actor: Actor) -> ConnectorSource:
    """Save what may be corrected and what an erasure does; columns of rows to be made anonymous are proposed where none is named.

    Raises SourceMisconfigured, SourceUnavailable or ValidationError.
    """
    require_staff(actor)
    if source.erasure == ErasureChoice.ANONYMISE:
        propose_strategies(source)
    check_source(source)
    source.full_clean()
    with transaction.atomic():
        source.save(update_fields=["correctable", "erasure", "erasure_reason", "keep_days", "owned_tables", "strategies", "updated_at"])
        renew(source.connector)
        record("datamap.handling_saved", actor=actor, fields=tuple(changed), key=source.source_key)
    return source


@dataclass(frozen=True)
class Rehearsal:
    """What an erasure would do: rows per table, the columns that change with how, what to know, and why it can't be done."""

    treatment: str
    tables: tuple[TableCount, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


def rehearse_erasure(source: ConnectorSource, *, value: str, reason: str, actor: Actor) -> Rehearsal:
    """Erase one person in the outside database, count, and undo it. No value is read out.

    The entry in the trail comes first and is committed; a person we know sees it.
    Raises InvalidIdentifier, ReasonMissing, SourceUnavailable or SourceChanged.
    """
    require_staff(actor)
    if reason not in LookReason.values:
        raise ReasonMissing
    normal = normalise(source.identifier_kind, value)
    subject = subject_with(source.identifier_kind, normal)
    with transaction.atomic():
        about = str(subject.public_id) if subject else ""
        record("datamap.erasure_rehearsed", actor=actor, subject=about, key=source.source_key, reason=reason)
    outside = SqlSource(source)
    locator = {"kind": source.identifier_kind, "values": [normal]}
    treatment = str(ErasureChoice(source.erasure).label)
    if source.erasure == ErasureChoice.RETAIN:
        return Rehearsal(treatment, (TableCount(source.table, outside.count(locator)),))
    columns = tuple((row.column, str(row.strategy.label)) for row in strategies_of(source) if row.strategy is not Strategy.KEEP)
    columns = columns if source.erasure == ErasureChoice.ANONYMISE else ()
    notes = tuple(notes_on(source))
    try:
        return Rehearsal(treatment, outside.rehearse(locator), columns, notes)
    except CannotErase as error:
        return Rehearsal(treatment, (), columns, notes, str(OBSTACLES[error.code]))
