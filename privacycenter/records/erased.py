"""What was erased stays erased when the same file is brought in again: known by keyed hashes, which lead to nobody."""

from __future__ import annotations

from collections.abc import Iterable

from privacycenter.kernel import clock
from privacycenter.kernel.hashing import hasher, keyed_hash
from privacycenter.records.models import ErasedItem

_CONTEXT = "records.item_key"


def note_erased(keys: Iterable[str]) -> None:
    """Remember the keys of items that are being erased, in the caller's transaction. Noted twice is noted once."""
    now = clock.now()
    hashes = [keyed_hash(key, context=_CONTEXT) for key in keys]
    ErasedItem.objects.bulk_create(
        [ErasedItem(key_id=key_id, key_hash=digest, erased_at=now) for key_id, digest in hashes], batch_size=1_000, ignore_conflicts=True
    )


def erased_among(keys: Iterable[str]) -> set[str]:
    """Which of these keys are those of items that were erased. One query."""
    hashes = hasher(_CONTEXT)
    owner = {hashed.digest: key for key in keys for hashed in hashes(key)}
    return {owner[digest] for digest in ErasedItem.objects.filter(key_hash__in=list(owner)).values_list("key_hash", flat=True)}
