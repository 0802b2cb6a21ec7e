"""Records that can be corrected, and corrections in every state, made by the verbs that lead there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from accounts.models import User
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import CannotChange, FieldChange, Item, Locator, ReadOnlySource, Record, SourceDescription, SourceField
from privacycenter.kernel.tokens import new_token
from privacycenter.records.models import Interaction
from privacycenter.subjects.queries import proven_identifiers
from requests_app.correction.deciding import decide, order_corrections
from requests_app.correction.proposing import fill_in, propose
from requests_app.domain import file_request
from requests_app.domain.people import actor_for
from requests_app.models import Correction, Request
from requests_app.rights import Asked
from tests.factories.requests import staff_actor

CALLS = "records.interactions"
WHEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class DictSource(ReadOnlySource):
    """A source outside this database: a dictionary of records, which takes any value but "refuse me"."""

    def __init__(self, key: str = "tests.outside", *, in_database: bool = False, **values: Any) -> None:
        self.rows: dict[str, dict[str, Any]] = {"a": {"flat": "12 b", "floor": 3} | values}
        self.changes = 0
        self.broken = False
        self.description = SourceDescription(
            key=key,
            title="Deliveries",
            category="other",
            fields=(SourceField("flat", "Flat", correctable=True), SourceField("floor", "Floor", correctable=True)),
            purposes=("support",),
            origin="given by a test",
            retention="interactions",
            recipients=("staff_and_contractors", "group_entities"),
            in_database=in_database,
        )

    def describe(self) -> SourceDescription:
        return self.description

    def locate(self, subject: Any) -> Locator:
        return {"identifiers": proven_identifiers(subject)}

    def newest(self, locator: Locator) -> Any:
        return None

    def count(self, locator: Locator) -> int:
        return len(self.rows)

    def export(self, locator: Locator) -> Iterator[Item]:
        if self.broken:
            raise ConnectionError("no answer")
        yield from (Record(key, dict(row)) for key, row in self.rows.items())

    def rectify(self, locator: Locator, changes: Sequence[FieldChange]) -> int:
        changed = set()
        for change in changes:
            if change.value == "refuse me":
                raise CannotChange("invalid_value")
            row = self.rows[change.record]
            if row[change.field] != change.value:
                row[change.field] = change.value
                self.changes += 1
                changed.add(change.record)
        return len(changed)


def a_call(user: User, summary: str = "Moved to flat 12 b", **fields: Any) -> Interaction:
    """A conversation of this person, noted wrongly."""
    kind, value = next(pair for pair in proven_identifiers(user.subject) if pair[0] == "email")
    values = {"channel": "phone", "body": "Called about the move.", "origin": "crm", "occurred_at": WHEN, "received_at": WHEN} | fields
    keys = {"item_key": new_token(), "item_digest": "1"}
    return Interaction.objects.create(identifier_kind=kind, identifier_value=value, summary=summary, **values, **keys)


def draft(user: User, record: Any, value: Any = "Moved to flat 21 b", *, source: str = CALLS, field: str = "summary") -> Correction:
    """What somebody gathered and has not sent."""
    correction = propose(user.subject, source=source, record_key=str(getattr(record, "pk", record)), field=field)
    fill_in(correction, value=value, reason="It stands on my lease.", actor=actor_for(user.subject))
    return correction


def sent(user: User, words: str = "") -> Request:
    """A request with everything that was gathered."""
    return file_request(kind="rectification", user=user, asked=Asked(words), actor=actor_for(user.subject))


def decided(request: Request, *verdicts: bool, actor: Actor | None = None) -> list[Correction]:
    """Each correction with its decision, in order; refused ones with a reason."""
    actor = actor or staff_actor()
    found = list(Correction.objects.filter(request=request))
    for correction, is_accepted in zip(found, verdicts, strict=True):
        decide(correction, is_accepted=is_accepted, reason="" if is_accepted else "Your lease says 12 b.", actor=actor)
    return list(Correction.objects.filter(request=request))


def ordered(request: Request) -> Request:
    """A request whose accepted corrections wait for a worker."""
    order_corrections(request, actor=staff_actor())
    return request
