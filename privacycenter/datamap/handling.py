"""What staff set up for corrections and erasures of a connected source: what must not stand there, and what they should know."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from privacycenter.datamap.enums import ErasureChoice, Strategy
from privacycenter.datamap.models import ConnectorSource
from privacycenter.datamap.sql.plan import Plan, plan_for
from privacycenter.datamap.sql.rows import as_json, fields_of, strategies_of
from privacycenter.datamap.sql.schema import references_to
from privacycenter.datamap.sql.stored import can_store
from privacycenter.datamap.sql.strategies import SAME_FOR_ALL, misfit, proposed_strategies
from privacycenter.datamap.sql.writing import chain, split

Problems = Iterator[tuple[str, str]]

_CHANGES_ROWS = frozenset({ErasureChoice.DELETE, ErasureChoice.ANONYMISE})


def problems_of_handling(source: ConnectorSource, plan: Plan) -> list[tuple[str, str]]:
    """(form field, message) for everything that must not be saved."""
    problems = [*_words(source), *_corrections(source, plan)]
    if source.erasure in _CHANGES_ROWS:
        problems += [*_rows(source, plan), *_owned(source, plan)]
    if source.erasure == ErasureChoice.ANONYMISE:
        problems += [*_strategies(source, plan), *_link(source, plan)]
    return problems


def propose_strategies(source: ConnectorSource) -> None:
    """A first draft where staff named no column."""
    if not source.strategies:
        source.strategies = as_json(proposed_strategies(plan_for(source.connector, source)))


def notes_on(source: ConnectorSource) -> list[str]:
    """What staff should know of a set-up that can be saved: who protects rows, what goes along. Asks the outside database."""
    if source.erasure not in _CHANGES_ROWS:
        return []
    plan = plan_for(source.connector, source)
    notes = []
    tables = [source.table, *source.owned_tables]
    for name in tables if source.erasure == ErasureChoice.DELETE else []:
        for reference in references_to(source.connector, name):
            names = {"table": name, "other": reference.table}
            if reference.table in source.owned_tables:
                continue
            if reference.protects:
                notes.append(
                    _(
                        "Rows of %(other)s refer to %(table)s: the database refuses to delete a row that they still need. Let %(other)s go "
                        "along, erase it by a source of its own, or make %(table)s anonymous."
                    )
                    % names
                )
            elif reference.on_delete == "CASCADE":
                notes.append(_("When a row of %(table)s is deleted, the database deletes its rows of %(other)s, too.") % names)
    if source.erasure == ErasureChoice.ANONYMISE and not _cuts_link(source, plan):
        words = _("These rows can still be found over %(table)s until the row there is erased by a source of its own.")
        notes.append(words % {"table": plan.path[0]})
    if not source.connector.may_write:
        notes.append(_("The connector only reads. Nothing is changed until you allow it to."))
    return notes


def _words(source: ConnectorSource) -> Problems:
    if source.erasure in {ErasureChoice.ANONYMISE, ErasureChoice.RETAIN} and not source.erasure_reason:
        yield "erasure_reason", _("Say why the rows are not deleted. The person reads it.")
    if source.erasure == ErasureChoice.RETAIN and not source.keep_days:
        yield "keep_days", _("Say for how many days they are kept.")


def _corrections(source: ConnectorSource, plan: Plan) -> Problems:
    rows = {row.name: row for row in fields_of(source)}
    columns = {row.name: column for row, column in plan.fields}
    keys = {column.clause.key for column in plan.key}
    if source.correctable and not (plan.is_unique and _has_own_key(plan)):
        yield "correctable", _("Nothing can be corrected here: the joins or the key do not tell one row from another.")
    for name in source.correctable:
        found = split(rows[name].column, plan) if name in columns else None
        problem = ""
        if found is None:
            problem = _("there is no such field, or it is withheld.")
        elif found[0] != source.table:
            problem = _("it lies in another table. Correct it by a source of that table.")
        elif found[1] in keys or (columns[name].clause.key == plan.person.clause.key and plan.path == (source.table,)):
            problem = _("by it the row or its person is found.")
        elif not can_store(columns[name].declared):
            problem = _("it holds no simple value.")
        if problem:
            yield "correctable", f"{name}: {problem}"


def _has_own_key(plan: Plan) -> bool:
    """Whether the key is one of the source's own table, by which each of its rows can be named."""
    table = next(iter(plan.tables.values()))
    names = frozenset(str(column.clause.key) for column in plan.key if column.clause.table is table.clause)
    return len(names) == len(plan.key) and any(unique <= names for unique in table.facts.unique)


def _rows(source: ConnectorSource, plan: Plan) -> Problems:
    if not _has_own_key(plan):
        yield "erasure", _("%(table)s has no key by which one of its rows can be named.") % {"table": source.table}
    for name in plan.path[:-1]:
        if not plan.tables[name].is_single:
            words = _("A row of %(table)s may belong to several people, who are found over %(other)s. It can only be kept.")
            yield "erasure", words % {"table": source.table, "other": name}


def _owned(source: ConnectorSource, plan: Plan) -> Problems:
    for name in source.owned_tables:
        table = plan.tables.get(name)
        if table is None or not table.parent:
            yield "owned_tables", _("%(table)s is not one of the joined tables.") % {"table": name}
            continue
        if not all(step.hangs_on(plan.tables[step.parent]) for step in chain(table, plan)):
            yield "owned_tables", _("Rows of %(table)s may belong to others, too.") % {"table": name}
        if not table.facts.primary_key:
            yield "owned_tables", _("%(table)s has no primary key.") % {"table": name}
        if source.erasure == ErasureChoice.DELETE and any(
            step.facts.name not in source.owned_tables and step.facts.name != name for step in chain(table, plan)
        ):
            yield "owned_tables", _("A table between %(table)s and %(root)s does not go along.") % {"table": name, "root": source.table}


def _strategies(source: ConnectorSource, plan: Plan) -> Problems:
    seen = set()
    for row in strategies_of(source):
        found = split(row.column, plan)
        if found is None or row.column in seen:
            yield "strategies", f"{row.column}: " + (_("this stands twice.") if found else _("there is no such column."))
            continue
        seen.add(row.column)
        if row.strategy is Strategy.KEEP:
            continue
        table, name = found
        facts = plan.tables[table].facts
        keys = {*facts.primary_key, *(str(column.clause.key) for column in plan.key if table == source.table)}
        if table != source.table and table not in source.owned_tables:
            yield "strategies", f"{row.column}: " + _("this table does not go along. Its rows may be others' as well.")
        elif name in keys:
            yield "strategies", f"{row.column}: " + _("this is a key. It must stay.")
        elif problem := misfit(row, facts, name):
            yield "strategies", f"{row.column}: {problem}"


def _changed(source: ConnectorSource, plan: Plan) -> dict[tuple[str, str], Strategy]:
    rows = [(split(row.column, plan), row.strategy) for row in strategies_of(source)]
    return {found: strategy for found, strategy in rows if found and strategy is not Strategy.KEEP}


def _cuts_link(source: ConnectorSource, plan: Plan) -> bool:
    return bool(_changed(source, plan).keys() & plan.links)


def _link(source: ConnectorSource, plan: Plan) -> Problems:
    """The person's column must not stay where these rows hold it; else something must show which rows are done."""
    changed = _changed(source, plan)
    person = (plan.path[0], str(plan.person.clause.key))
    if person[0] in {source.table, *source.owned_tables}:
        if person not in changed:
            yield "strategies", _("%(column)s names the person. It must not stay as it is.") % {"column": source.person_column}
        elif changed[person] is Strategy.PSEUDONYM:
            words = _("%(column)s names the person. A pseudonym would still lead to them, for whoever holds the key.")
            yield "strategies", words % {"column": source.person_column}
    elif not changed.keys() & plan.links:
        of_root = [strategy for (table, _name), strategy in changed.items() if table == source.table]
        if not any(strategy in SAME_FOR_ALL for strategy in of_root):
            yield (
                "strategies",
                _("Choose NULL, an empty or a fixed text, or zero for a column of %(table)s: by it a row that is done is known again.")
                % {"table": source.table},
            )
