"""Verbs of the records room: how records come in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences import gate
from privacycenter.records.enums import Category, ItemResult
from privacycenter.records.erased import erased_among
from privacycenter.records.errors import ItemRefused
from privacycenter.records.items import RecordItem, read_item
from privacycenter.records.models import FormSubmission, Interaction, PersonRecord
from privacycenter.records.readers import Found

BATCH = 500
BATCH_BYTES = 4 * 1024 * 1024
# What the records of a category are taken in for: asked of the gate for each person.
PURPOSES = {Category.INTERACTIONS: "support", Category.FORM_SUBMISSIONS: "support"}
# The source that will hold them: where a person had it restricted, nothing is added to it (GDPR Art. 18(2) leaves storage only).
SOURCES = {Category.INTERACTIONS: "records.interactions", Category.FORM_SUBMISSIONS: "records.form_submissions"}


@dataclass(frozen=True)
class Outcome:
    """What became of the item at a line. `code` and `message` are set for a refused one and hold nothing of it."""

    line: int
    result: ItemResult
    code: str = ""
    message: str = ""


def import_items(found: Iterable[Found], *, dry_run: bool = False, report: Callable[[Outcome], None], actor: Actor) -> dict[str, int]:
    """Bring in items batch by batch; return how many ended how. `report` hears of each item, in order.

    Each batch is a transaction of its own: what is in stays in when a later item is refused or the process dies, and
    running the same file again changes nothing. The trail says that a run began before its first row, and how it ended.
    """
    run = secrets.token_hex(8)
    counts = dict.fromkeys(ItemResult.values, 0)
    if not dry_run:
        record("records.import_started", actor=actor, run=run)
    for batch in _batches(found):
        for outcome in _import_batch(batch, dry_run=dry_run):
            counts[outcome.result.value] += 1
            report(outcome)
    if not dry_run:
        record(
            "records.imported", actor=actor, run=run, created=counts["created"], unchanged=counts["unchanged"], refused=counts["refused"]
        )
    return counts


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    """Some items at a time: as many as a transaction should hold, fewer where they are large."""
    batch: list[Found] = []
    size = 0
    for item in found:
        batch.append(item)
        size += len(repr(item.value))
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _import_batch(batch: list[Found], *, dry_run: bool) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}
    items: dict[int, RecordItem] = {}
    for position, found in enumerate(batch):
        try:
            if found.problem:
                raise found.problem
            items[position] = read_item(found.value)
        except ItemRefused as problem:
            outcomes[position] = Outcome(found.line, ItemResult.REFUSED, problem.code, str(problem))
    with transaction.atomic():
        for category in Category:
            chosen = {position: item for position, item in items.items() if item.category is category}
            for position, outcome in _store(category, chosen, batch, dry_run=dry_run):
                outcomes[position] = outcome
    return [outcomes[position] for position in sorted(outcomes)]


def _store(category: Category, items: dict[int, RecordItem], batch: list[Found], *, dry_run: bool) -> Iterator[tuple[int, Outcome]]:
    """Insert the items of one category that are not there yet."""
    if not items:
        return
    model, columns_of = _MODELS[category]
    refused = _refused_by_gate(category, items)
    keys = [item.key for item in items.values()]
    known = dict(model._default_manager.filter(item_key__in=keys).values_list("item_key", "item_digest"))
    erased = erased_among(key for key in keys if key not in known)
    new: list[PersonRecord] = []
    for position, item in items.items():
        line = batch[position].line
        if item.key in erased:
            yield position, Outcome(line, ItemResult.REFUSED, "erased", _("It was erased here, and is not brought back."))
        elif item.key not in known and position in refused:
            yield position, Outcome(line, ItemResult.REFUSED, *refused[position])
        elif item.key not in known:
            known[item.key] = item.digest
            new.append(_row(model, item, columns_of(item)))
            yield position, Outcome(line, ItemResult.CREATED)
        elif known[item.key] == item.digest:
            yield position, Outcome(line, ItemResult.UNCHANGED)
        else:
            yield position, Outcome(line, ItemResult.REFUSED, "key_used", _("Its idempotency key was used for another item."))
    if not dry_run:
        # A second import of the same file beside this one may be faster: its row is as good as ours.
        model._default_manager.bulk_create(new, ignore_conflicts=True)


def _refused_by_gate(category: Category, items: dict[int, RecordItem]) -> dict[int, tuple[str, str]]:
    """Code and reason of each item whose person's data must not be used for this at present. A few queries for a batch."""
    questions = [
        gate.Question((item.identifier_kind, item.identifier_value), PURPOSES[category], source=SOURCES[category])
        for item in items.values()
    ]
    decisions = zip(items, gate.may_all(questions), strict=True)
    return {position: (f"gate_{decision.rule}", str(decision.reason)) for position, decision in decisions if not decision.allowed}


def _row(model: type[PersonRecord], item: RecordItem, columns: dict[str, Any]) -> PersonRecord:
    return model(
        identifier_kind=item.identifier_kind,
        identifier_value=item.identifier_value,
        origin=item.origin,
        received_at=clock.now(),
        item_key=item.key,
        item_digest=item.digest,
        **columns,
    )


def _interaction_columns(item: RecordItem) -> dict[str, Any]:
    return {
        "channel": item.payload["channel"],
        "summary": item.payload["summary"],
        "body": item.payload.get("body", ""),
        "occurred_at": item.occurred_at,
    }


def _submission_columns(item: RecordItem) -> dict[str, Any]:
    return {"form": item.payload["form"], "answers": item.payload["answers"], "submitted_at": item.occurred_at}


_MODELS: dict[Category, tuple[type[PersonRecord], Callable[[RecordItem], dict[str, Any]]]] = {
    Category.INTERACTIONS: (Interaction, _interaction_columns),
    Category.FORM_SUBMISSIONS: (FormSubmission, _submission_columns),
}
