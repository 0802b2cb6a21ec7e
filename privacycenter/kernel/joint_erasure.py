"""Erasing from many sources of this database at once: what is plainly deleted goes in one round trip, and is asked again in one.

Order, transaction and outcome are those of `erase` and `verify_erased` of each source, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, transaction
from django.db.models import BigAutoField, BigIntegerField, CharField, IntegerField, Manager, QuerySet
from django.db.models.deletion import Collector

from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import Erased, Locator, Source, Treatment

AT_ONCE = 200  # statements in one round trip


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of one table, as SQL. No table and no condition: none."""

    table: str = ""
    where: str = ""
    parameters: tuple[Any, ...] = ()


@dataclass(eq=False, slots=True)
class Part:
    """What is to be done with one source. Keep it: what finds the rows is made once, for erasing and for asking again."""

    source: Source
    locator: Locator
    treatment: Treatment
    # The rows it finds, where all that is done with them is to delete them; None where the source has to do it.
    _rows: list[_Rows] | None = None
    _is_known: bool = False  # what the finder answers; not where it looks into the database itself, and may answer another time


def erase_together(parts: Sequence[Part], *, ready: Callable[[], None]) -> list[Erased]:
    """Erase from each of these sources of this database in this order, in the caller's transaction. Raises what a source raises.

    `ready` is called before anything is changed, and may wait.
    """
    done, waiting = [Erased()] * len(parts), list[tuple[int, _Rows]]()
    prepare = [ready]

    def delete() -> None:
        if prepare:
            prepare.pop()()
        for (index, _rows), count in zip(waiting, _counts("DELETE", [rows for _index, rows in waiting]), strict=True):
            done[index] += Erased(removed=count)
        waiting.clear()

    with _counting_reads() as reads:
        for index, part in enumerate(parts):
            rows = _find(part, reads)
            if rows is None:
                delete()
                done[index] = part.source.erase(part.locator, part.treatment)
            else:
                waiting += [(index, each) for each in rows]
    delete()
    return done


def ask_together(parts: Sequence[Part], *, beat: Callable[[], None]) -> list[int | Exception]:
    """What each source still finds, or why it could not be asked. `beat` is called before each that is asked by itself."""
    found: list[int | Exception] = [0] * len(parts)
    plain, alone = list[tuple[int, _Rows]](), list[int]()
    with _counting_reads() as reads:
        for index, part in enumerate(parts):
            try:
                rows = _find(part, reads)
            except Exception:
                rows = None  # asked by itself it says so again
            if rows is None:
                alone.append(index)
            else:
                plain += [(index, each) for each in rows]
    try:
        with transaction.atomic():
            counts = _counts("SELECT COUNT(*)", [rows for _index, rows in plain])
    except DatabaseError:
        alone += {index for index, _rows in plain}  # each by itself, to learn which one it is
    else:
        for (index, _rows), count in zip(plain, counts, strict=True):
            found[index] += count  # type: ignore[operator]
    for index in sorted(alone):
        beat()
        found[index] = _ask(parts[index])
    return found


def _find(part: Part, reads: _Reads) -> list[_Rows] | None:
    if not part._is_known:
        before = reads.count
        part._rows = _plain_rows(part)
        part._is_known = reads.count == before
    return part._rows


def _ask(part: Part) -> int | Exception:
    try:
        return part.source.verify_erased(part.locator)
    except Exception as error:
        return error


def _plain_rows(part: Part) -> list[_Rows] | None:
    source = part.source
    if part.treatment is not Treatment.DELETE or not isinstance(source, ModelSource) or not source.deletes_plainly():
        return None
    if source.found_by and type(source).querysets is ModelSource.querysets:
        names = tuple(source.found_by)
        known = _simple_rows(source.model, names, tuple(part.locator[source.found_by[name]] for name in names))
        if known is not None:
            return [known]
    found: list[_Rows] = []
    for queryset in source.querysets(part.locator):
        rows = _as_rows(queryset)
        if rows is None:
            return None
        found += [rows] if rows.table else []
    return found


def _simple_rows(model: Any, names: tuple[str, ...], values: tuple[Any, ...]) -> _Rows | None:
    """What `_as_rows` answers where columns are only compared with whole numbers or text, without a queryset; None for any other."""
    if not all(type(value) in {int, str} for value in values) or not Collector(using=DEFAULT_DB_ALIAS).can_fast_delete(model):
        return None
    found = _condition(model, names)
    if found is None:
        return None
    table, where, fields = found
    return _Rows(table, where, tuple(field.get_db_prep_value(value, connection) for field, value in zip(fields, values, strict=True)))


@cache
def _condition(model: Any, names: tuple[str, ...]) -> tuple[str, str, list[Any]] | None:
    """Table and condition, where the model has no manager and no kind of column that would make something else of it."""
    manager = model._default_manager
    if type(manager) is not Manager or manager.db != DEFAULT_DB_ALIAS:
        return None
    fields = [model._meta.get_field(name) for name in names]
    kinds = {type(field.target_field if field.is_relation else field) for field in fields}
    if not kinds <= {BigAutoField, BigIntegerField, IntegerField, CharField}:
        return None
    quote = connection.ops.quote_name
    return quote(model._meta.db_table), " AND ".join(f"{quote(field.column)} = %s" for field in fields), fields


def _as_rows(queryset: QuerySet[Any]) -> _Rows | None:
    """The rows of a queryset on one table, where deleting them takes nothing else along and tells nobody; None for any other."""
    query, table = queryset.query, queryset.model._meta.db_table
    is_plain = (
        type(queryset).delete is QuerySet.delete
        and queryset.db == DEFAULT_DB_ALIAS
        and Collector(using=DEFAULT_DB_ALIAS, origin=queryset).can_fast_delete(queryset)
        and not (query.is_sliced or query.distinct or query.combinator or query.annotations or query.extra or query.group_by)
    )
    if not is_plain:
        return None
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    try:
        where, parameters = compiler.compile(query.where)
    except EmptyResultSet:
        return _Rows()
    except FullResultSet:
        return None  # a whole table is for nobody to delete in passing
    if [alias for alias, uses in query.alias_refcount.items() if uses] != [table]:
        return None  # a join
    return _Rows(connection.ops.quote_name(table), where, tuple(parameters))


def _counts(verb: str, wanted: Sequence[_Rows]) -> list[int]:
    """How many rows each statement deleted or found; they run one after the other."""
    counts: list[int] = []
    size = AT_ONCE if _takes_many() else 1
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), size):
            batch = wanted[start : start + size]
            statements = [f"{verb} FROM {rows.table} WHERE {rows.where}" for rows in batch]
            cursor.execute("; ".join(statements), [value for rows in batch for value in rows.parameters])
            for number in range(len(batch)):
                if number:
                    cursor.nextset()
                counts.append(cursor.rowcount if verb == "DELETE" else cursor.fetchone()[0])
    return counts


def _takes_many() -> bool:
    """Whether several statements go in one: with PostgreSQL, where values are put in on our side."""
    return connection.vendor == "postgresql" and not getattr(connection.features, "uses_server_side_binding", True)


class _Reads:
    count = 0


@contextmanager
def _counting_reads() -> Iterator[_Reads]:
    """Count the statements that are sent meanwhile."""
    reads = _Reads()

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        reads.count += 1
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        yield reads
