"""Writing the trail: one plain insert in the business transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from privacycenter.audit import events
from privacycenter.audit.errors import UnfitAuditParameter
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.hashing import keyed_hash

SUBJECT_CONTEXT = "audit.subject"
_waiting: ContextVar[list[AuditEntry] | None] = ContextVar("audit_waiting", default=None)


@dataclass(frozen=True)
class Event:
    """An event to be recorded; see `record` for the meaning of its parts."""

    verb: str
    actor: Actor
    subject: str = ""
    ticket: str = ""
    fields: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)


def record(
    verb: str, *, actor: Actor, subject: str = "", ticket: str = "", fields: Iterable[str] = (), **parameters: str | int | bool
) -> AuditEntry:
    """Insert one entry in the caller's transaction, so that the deed and its trace stand or fall together.

    `subject` is the Subject's public id as a string (stored as a keyed hash), `fields` are field names, `parameters` short
    codes and counts. Raises UnknownAuditEvent for an unregistered verb, UnfitAuditParameter for a missing, unexpected or
    long parameter or one that looks like an address.
    """
    entry = _entry(Event(verb, actor, subject, ticket, tuple(fields), parameters))
    waiting = _waiting.get()
    if waiting is None:
        entry.save(force_insert=True)
    else:
        waiting.append(entry)
    return entry


def record_many(batch: Iterable[Event]) -> None:
    """Insert many entries with one statement, under the same rules as `record`."""
    entries = [_entry(event) for event in batch]
    waiting = _waiting.get()
    if waiting is None:
        AuditEntry.objects.bulk_create(entries)
    else:
        waiting += entries


@contextmanager
def recording_together() -> Iterator[None]:
    """Insert what is recorded inside in one statement, at the end of the block: for one transaction of many deeds, which is around it.

    What is recorded has no number before. After an error nothing of it is inserted: that transaction has to be rolled back.
    """
    if _waiting.get() is not None:
        yield
        return
    entries: list[AuditEntry] = []
    token = _waiting.set(entries)
    try:
        yield
    finally:
        _waiting.reset(token)
    AuditEntry.objects.bulk_create(entries)


def _entry(event: Event) -> AuditEntry:
    kind = events.get(event.verb)
    if set(event.parameters) != set(kind.parameters):
        raise UnfitAuditParameter(f"{event.verb} takes exactly: {', '.join(kind.parameters) or 'no parameters'}")
    for value in (*event.parameters.values(), *event.fields, event.ticket):
        if not isinstance(value, str | int) or (isinstance(value, str) and (len(value) > 200 or "@" in value)):
            raise UnfitAuditParameter
    key_id, subject_hash = keyed_hash(event.subject, context=SUBJECT_CONTEXT) if event.subject else ("", "")
    return AuditEntry(
        at=clock.now(),
        verb=event.verb,
        actor_kind=event.actor.kind,
        actor_ref=event.actor.ref,
        subject_key_id=key_id,
        subject_hash=subject_hash,
        ticket=event.ticket,
        fields=list(event.fields),
        parameters=event.parameters,
    )
