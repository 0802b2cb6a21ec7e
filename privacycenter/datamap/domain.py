"""Verbs of the data map: what staff change about it, and how they try out a connector."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from privacycenter.audit.domain import record
from privacycenter.datamap.enums import LegalBasis, LookReason, TestOutcome
from privacycenter.datamap.errors import BadAddress, ReasonMissing, SourceMisconfigured, SourceUnavailable, StaffOnly
from privacycenter.datamap.handling import problems_of_handling
from privacycenter.datamap.models import CollectionNotice, Connector, ConnectorSource, Purpose, Recipient, RetentionRule
from privacycenter.datamap.rules import problems_of
from privacycenter.datamap.sql.addresses import read_address
from privacycenter.datamap.sql.engines import forget_engine, is_guarded
from privacycenter.datamap.sql.masking import MaskedRecord, masked_sample
from privacycenter.datamap.sql.plan import plan_for
from privacycenter.datamap.sql.propose import proposed_fields
from privacycenter.datamap.sql.rows import as_json
from privacycenter.datamap.sql.schema import forget_facts, table_names
from privacycenter.datamap.sql.source import SqlSource
from privacycenter.datamap.versions import note_notices, note_purposes
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.kernel.normalise import normalise
from privacycenter.subjects.queries import subject_with

# Changing one of these needs a look at the outside database; the others can be saved while it is down.
STRUCTURE = frozenset({"connector", "table", "key_columns", "joins", "person_column", "date_column", "columns"})
_SAMPLE_SIZE = 5

AnyEntry = TypeVar("AnyEntry", Purpose, Recipient, RetentionRule, CollectionNotice)


def save_purpose(purpose: Purpose, *, changed: Iterable[str], note: str = "", actor: Actor) -> Purpose:
    """Save a purpose and append its version, with a note on why. Raises ValidationError for one without its balancing note."""
    return _save_entry(purpose, "datamap.purpose_saved", changed, note, actor)


def unbinds_consents(before: Purpose, after: Purpose) -> bool:
    """Whether a change makes consents given before something that was not given for what stands there now."""
    bases = {before.legal_basis, after.legal_basis}
    texts_differ = (before.title, before.description) != (after.title, after.description)
    return LegalBasis.CONSENT in bases and (len(bases) == 2 or texts_differ)


def save_recipient(recipient: Recipient, *, changed: Iterable[str], note: str = "", actor: Actor) -> Recipient:
    """Save a recipient. Raises ValidationError for one without safeguards, or one that would be a sale."""
    return _save_entry(recipient, "datamap.recipient_saved", changed, note, actor)


def save_retention_rule(rule: RetentionRule, *, changed: Iterable[str], note: str = "", actor: Actor) -> RetentionRule:
    """Save a retention rule. Raises ValidationError for one without its text or ground."""
    return _save_entry(rule, "datamap.retention_rule_saved", changed, note, actor)


def save_notice(notice: CollectionNotice, *, changed: Iterable[str] = ("words",), note: str = "", actor: Actor) -> CollectionNotice:
    """Save the words of a form's notice; from now on they count and not those in code. Raises ValidationError for none."""
    notice.is_edited = True
    return _save_entry(notice, "datamap.notice_saved", changed, note, actor)


def _save_entry(entry: AnyEntry, verb: str, changed: Iterable[str], note: str, actor: Actor) -> AnyEntry:
    """Save, and note how everything reads from now on: a purpose's own version, and each notice that tells of the entry."""
    require_staff(actor)
    entry.full_clean()
    with transaction.atomic():
        if entry.pk:  # versions are numbered one after the other: whoever comes second waits
            type(entry)._default_manager.select_for_update().get(pk=entry.pk)
        entry.save()
        if isinstance(entry, Purpose):
            note_purposes([entry], note=note, actor=actor)
        note_notices(note=note, actor=actor)
        record(verb, actor=actor, fields=tuple(changed), key=entry.key)
    return entry


def save_connector(connector: Connector, *, url: str = "", write_url: str = "", changed: Iterable[str] = (), actor: Actor) -> Connector:
    """Save a connector; with `url`, point it to another database. Its outside address is never recorded, only that it changed.

    With `write_url`, changes are made by another account of the same database; a connector that only reads keeps none.
    Raises BadAddress, OutboundRefused or ValidationError.
    """
    require_staff(actor)
    if url:
        address = read_address(url)
        connector.url = address.url.render_as_string(hide_password=False)
        connector.place = address.place
        connector.test_outcome, connector.tested_at = TestOutcome.UNTESTED, None
    if write_url:
        connector.write_url = read_address(write_url).url.render_as_string(hide_password=False)
    if not connector.may_write:
        connector.write_url = ""
    if connector.write_url and read_address(connector.write_url).place != connector.place:
        raise BadAddress(_("The address for changes leads to another database. Only its account may differ."))
    connector.full_clean(exclude=["write_url", *(["url"] if connector.url else [])])
    connector.revision = uuid.uuid4()
    with transaction.atomic():
        connector.save()
        record("datamap.connector_saved", actor=actor, fields=tuple(changed), key=connector.key)
    _forget(connector.pk)
    return connector


def delete_connector(connector: Connector, *, actor: Actor) -> None:
    """Remove a connector with its sources: from now on nothing in that database is found, exported or erased."""
    require_staff(actor)
    connector_id = connector.pk
    with transaction.atomic():
        record("datamap.connector_deleted", actor=actor, key=connector.key)
        connector.delete()
    _forget(connector_id)


@dataclass(frozen=True)
class ConnectionTest:
    """The tables that can be read. `is_guarded`: the database itself refuses to write."""

    tables: tuple[str, ...]
    is_guarded: bool


def test_connector(connector: Connector, *, actor: Actor) -> ConnectionTest:
    """Connect, list the tables that can be read, and note how it ended. Raises what went wrong, after noting that, too."""
    require_staff(actor)
    _forget(connector.pk)
    try:
        tables = table_names(connector)
        guarded = is_guarded(connector)
    except (SourceUnavailable, PrivacyCenterError) as error:
        _note_test(connector, TestOutcome.FAILED, error.code, actor)
        raise
    _note_test(connector, TestOutcome.REACHED, "reached", actor)
    return ConnectionTest(tuple(tables), guarded)


test_connector.__test__ = False  # type: ignore[attr-defined]  # a verb, not a test case


def _note_test(connector: Connector, outcome: TestOutcome, code: str, actor: Actor) -> None:
    connector.test_outcome, connector.tested_at = outcome, clock.now()
    with transaction.atomic():
        connector.save(update_fields=["test_outcome", "tested_at"])
        record("datamap.connector_tested", actor=actor, key=connector.key, outcome=code)


def complete_source(source: ConnectorSource) -> None:
    """Propose every column of the table as a field where staff named none. Raises SourceUnavailable."""
    if not source.columns:
        source.columns = as_json(proposed_fields(source.connector, source.table))


def check_source(source: ConnectorSource) -> None:
    """Compare a source with the rules and with the database's schema. Raises SourceMisconfigured or SourceUnavailable."""
    problems = problems_of(source)
    try:
        problems += problems_of_handling(source, plan_for(source.connector, source))
    except SourceMisconfigured as error:
        problems += error.problems
    if problems:
        raise SourceMisconfigured(problems)


def save_source(source: ConnectorSource, *, changed: Iterable[str], actor: Actor) -> ConnectorSource:
    """Save a connected source that fits its database. Raises SourceMisconfigured, SourceUnavailable or ValidationError.

    The schema is asked only where the structure changed: a source can be switched off while its database is down.
    """
    require_staff(actor)
    changed = tuple(changed)
    if source.pk is None or STRUCTURE.intersection(changed):
        complete_source(source)
        check_source(source)
    elif problems := problems_of(source):
        raise SourceMisconfigured(problems)
    source.full_clean()
    with transaction.atomic():
        source.save()
        renew(source.connector)
        record("datamap.source_saved", actor=actor, fields=changed, key=source.source_key)
    return source


def delete_source(source: ConnectorSource, *, actor: Actor) -> None:
    """Remove a connected source: what lies behind it is no longer found."""
    require_staff(actor)
    with transaction.atomic():
        record("datamap.source_deleted", actor=actor, key=source.source_key)
        renew(source.connector)
        source.delete()


def renew(connector: Connector) -> None:
    """Tell every process to look at the connector anew."""
    connector.revision = uuid.uuid4()
    connector.save(update_fields=["revision", "updated_at"])


@dataclass(frozen=True)
class Preview:
    """How many records a source holds for an identifier, and a masked sample where a reason was given."""

    count: int
    sample: tuple[MaskedRecord, ...]


def preview_source(source: ConnectorSource, *, value: str, reason: str = "", actor: Actor) -> Preview:
    """Count what a source holds for an identifier; with a reason, show a masked sample.

    The entry in the trail comes first and is committed: without it nothing is read. A person we know sees it.
    Raises InvalidIdentifier, ReasonMissing, SourceUnavailable or SourceChanged.
    """
    require_staff(actor)
    if reason and reason not in LookReason.values:
        raise ReasonMissing
    normal = normalise(source.identifier_kind, value)
    subject = subject_with(source.identifier_kind, normal)
    about = str(subject.public_id) if subject else ""
    with transaction.atomic():
        if reason:
            record("datamap.source_previewed", actor=actor, subject=about, key=source.source_key, reason=reason)
        else:
            record("datamap.source_counted", actor=actor, subject=about, key=source.source_key)
    reader = SqlSource(source)
    locator = {"kind": source.identifier_kind, "values": [normal]}
    count = reader.count(locator)
    return Preview(count, masked_sample(reader, locator, _SAMPLE_SIZE) if reason else ())


def require_staff(actor: Actor) -> None:
    """Raises StaffOnly."""
    if actor.kind not in {ActorKind.STAFF, ActorKind.SYSTEM}:
        raise StaffOnly


def _forget(connector_id: int) -> None:
    forget_engine(connector_id)
    forget_facts(connector_id)
