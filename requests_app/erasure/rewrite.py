"""A lost ledger, written anew from what the database knows of it."""

from __future__ import annotations

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from requests_app.erasure import serving
from requests_app.erasure.ledger import GENESIS, BrokenChain, Entry, entries, parse
from requests_app.erasure.replay import CannotReplay
from requests_app.erasure.stores import LedgerStore, ledger_store
from requests_app.models import LedgerEntry


def rewrite_ledger(*, actor: Actor) -> int:
    """Add to the ledger what it lacks and the database has; answers how many entries.

    For a ledger that is lost or an older copy while the database is not a restored one: what neither knows is lost for good.
    Raises CannotReplay where the ledger was changed or can't be reached, BrokenChain where the database has a gap.
    """
    if (standing := serving.standing()) in {serving.Standing.BROKEN, serving.Standing.UNREACHABLE}:
        raise CannotReplay(standing)
    store = ledger_store()
    tail = GENESIS
    for entry in entries(store):
        tail = entry.hash
    added = 0
    for row in LedgerEntry.objects.filter(sequence__gt=store.size()).order_by("sequence").iterator(chunk_size=500):
        entry = parse(row.line.encode())
        if entry.previous != tail or entry.hash != row.hash:
            raise BrokenChain(row.sequence)
        _append(store, entry)
        tail = entry.hash
        added += 1
    if added:
        record("requests.ledger_rewritten", actor=actor, entries=added)
    serving.forget()
    return added


def _append(store: LedgerStore, entry: Entry) -> None:
    store.append(lambda size: entry.line.encode() if size == entry.sequence - 1 else None)()
