"""Seals: the hash chain over committed entries, written apart from the business transactions.

Each seal covers a range of ids. Hash chains over logs: Schneier and Kelsey, "Secure Audit Logs to Support Computer
Forensics" (1999), with signed checkpoints outside the database in place of evolving keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from privacycenter.audit.models import AuditEntry, AuditSeal
from privacycenter.kernel import clock
from privacycenter.kernel.storage import ObjectStorage, storage_at

BATCH = 1_000
GENESIS = "0" * 64
LEAF_BYTES = 16
HEAD = "head.json"  # the newest checkpoint once more: tells when seals were cut off at the end
_GAPS_WATCHED = 50  # seals whose gaps are looked at again: a transaction open for longer would be hours old


@dataclass(frozen=True)
class Verification:
    """What `verify` found: counts, and the first entry that is not as it was sealed."""

    sealed_entries: int
    unsealed_entries: int
    bad_entry: int | None = None
    reason: str = ""

    @property
    def is_intact(self) -> bool:
        return self.bad_entry is None


def leaf(entry: AuditEntry) -> bytes:
    """16 bytes of SHA-256 over the canonical JSON (RFC 8785 subset: sorted keys, no spaces) of every column."""
    parts = {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "verb": entry.verb,
        "actor": [entry.actor_kind, entry.actor_ref],
        "subject": [entry.subject_key_id, entry.subject_hash],
        "ticket": entry.ticket,
        "fields": entry.fields,
        "parameters": entry.parameters,
    }
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).digest()[:LEAF_BYTES]


def chain_hash(seal: AuditSeal) -> str:
    """The hash that binds a seal to its entries and to the seal before it, in lower-case hex."""
    parts = [
        seal.previous_hash,
        seal.first_id,
        seal.last_id,
        seal.gaps,
        seal.late,
        seal.sealed_at.isoformat(),
        hashlib.sha256(bytes(seal.leaves)).hexdigest(),
    ]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def seal_entries(*, limit: int = BATCH) -> AuditSeal | None:
    """Seal the next committed entries and export a signed checkpoint; None when there is nothing to seal.

    Safe to run twice at once: only one seal can follow another (unique previous hash); the loser answers None.
    """
    last = AuditSeal.objects.order_by("-id").first()
    after = last.last_id if last else 0
    entries = list(_committed().filter(id__gt=after).order_by("id")[:limit])
    late = _late_entries()
    if not entries and not late:
        return None
    # From the end of the last seal on: ids that were skipped before the first entry are gaps like any other.
    first_id, last_id = after + 1, entries[-1].pk if entries else after
    present = {entry.pk for entry in entries}
    seal = AuditSeal(
        sealed_at=clock.now(),
        first_id=first_id,
        last_id=last_id,
        gaps=_ranges(number for number in range(first_id, last_id + 1) if number not in present),
        late=[entry.pk for entry in late],
        leaves=b"".join(leaf(entry) for entry in [*entries, *late]),
        previous_hash=last.chain_hash if last else GENESIS,
    )
    seal.chain_hash = chain_hash(seal)
    try:
        with transaction.atomic():
            seal.save(force_insert=True)
    except IntegrityError:
        return None
    if last is not None and not _exists(checkpoint_storage(), _checkpoint_name(last)):
        export_checkpoint(last)  # its writer died between the commit and the export
    export_checkpoint(seal)
    return seal


def _ranges(numbers: Iterator[int]) -> list[list[int]]:
    """[4, 5, 6, 9] as [[4, 6], [9, 9]]: a restore or a burst of rollbacks can leave a wide gap."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def _committed() -> QuerySet[AuditEntry]:
    """Entries whose transaction ended before any that is still open.

    On PostgreSQL ids are handed out before commit; only what is older than the snapshot's xmin can have no predecessor
    in flight. After a restore into another cluster old transaction ids mean nothing: there, age decides.
    """
    entries = AuditEntry.objects.all()
    if connection.vendor != "postgresql":
        return entries
    is_safe = "(transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint OR at < now() - interval '1 hour')"
    return entries.filter(RawSQL(is_safe, (), output_field=BooleanField()))  # noqa: S611 - constant SQL


def _late_entries() -> list[AuditEntry]:
    seals = list(AuditSeal.objects.order_by("-id").only("gaps", "late")[:_GAPS_WATCHED])
    already = {number for seal in seals for number in seal.late}
    found: list[AuditEntry] = []
    for seal in seals:
        for first, last in seal.gaps:
            found += [entry for entry in _committed().filter(id__range=(first, last)) if entry.pk not in already]
    return sorted(found, key=lambda entry: entry.pk)


def seal_all() -> int:
    """Seal until nothing is left; the number of seals made."""
    made = 0
    while seal_entries() is not None:
        made += 1
    return made


def checkpoint_storage() -> ObjectStorage:
    """Where signed checkpoints lie: outside the database, by AUDIT_CHECKPOINTS."""
    return storage_at(settings.AUDIT_CHECKPOINTS)


def export_checkpoint(seal: AuditSeal) -> None:
    """Write the seal's hash, signed (Ed25519, newest of BUNDLE_SIGNING_KEYS), to the place outside the database."""
    key_id, seed = next(iter(settings.BUNDLE_SIGNING_KEYS.items()))
    statement = json.dumps(
        {"seal": seal.pk, "last_entry": seal.last_id, "chain_hash": seal.chain_hash, "sealed_at": seal.sealed_at.isoformat()},
        sort_keys=True,
    )
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(_signed_bytes(statement))
    line = json.dumps({"statement": statement, "key": key_id, "signature": base64.b64encode(signature).decode()}).encode()
    storage = checkpoint_storage()
    storage.put_stream(_checkpoint_name(seal), [line])
    storage.put_stream(HEAD, [line])


def _signed_bytes(statement: str) -> bytes:
    return b"privacycenter audit checkpoint\n" + statement.encode()


def _checkpoint_name(seal: AuditSeal) -> str:
    return f"seal-{seal.pk:012d}.json"


def verify() -> Verification:
    """Recompute the whole chain; name the first entry that was changed, removed, or whose seal does not fit."""
    previous, sealed = GENESIS, 0
    for seal in AuditSeal.objects.order_by("id").iterator(chunk_size=50):
        bad = _bad_entry_of(seal, previous)
        if bad is not None:
            return Verification(sealed, _unsealed(seal.first_id - 1), *bad)
        previous = seal.chain_hash
        sealed += len(seal.leaves) // LEAF_BYTES
    checkpoint_fault = _fault_of_checkpoints()
    if checkpoint_fault is not None:
        return Verification(sealed, 0, *checkpoint_fault)
    return Verification(sealed, AuditEntry.objects.count() - sealed)


def _unsealed(after: int) -> int:
    return AuditEntry.objects.filter(id__gt=after).count()


def _bad_entry_of(seal: AuditSeal, previous: str) -> tuple[int, str] | None:
    gaps = {number for first, last in seal.gaps for number in range(first, last + 1)}
    expected = [number for number in range(seal.first_id, seal.last_id + 1) if number not in gaps] + list(seal.late)
    if len(expected) * LEAF_BYTES != len(seal.leaves):
        return (expected[0] if expected else seal.first_id), "its seal was changed"
    found = {entry.pk: entry for entry in AuditEntry.objects.filter(id__range=(seal.first_id, seal.last_id))}
    found.update({entry.pk: entry for entry in AuditEntry.objects.filter(id__in=seal.late)})
    for index, number in enumerate(expected):
        entry = found.get(number)
        if entry is None:
            return number, "it was removed"
        if leaf(entry) != bytes(seal.leaves[index * LEAF_BYTES : (index + 1) * LEAF_BYTES]):
            return number, "it was changed"
    if seal.previous_hash != previous or chain_hash(seal) != seal.chain_hash:
        return (expected[0] if expected else seal.first_id), "its seal does not follow the one before"
    return None


def _fault_of_checkpoints() -> tuple[int, str] | None:
    """Compare every seal with what was exported: a chain that was rewritten or cut as a whole shows here."""
    storage = checkpoint_storage()
    last = None
    for last in AuditSeal.objects.order_by("id").iterator(chunk_size=200):
        fault = _fault_of(last, _read(storage, _checkpoint_name(last)))
        if fault:
            return last.first_id, fault
    head = _read(storage, HEAD)
    if head is None:
        return None if last is None else (last.first_id, "the newest checkpoint is missing")
    if not _is_signed(head):
        return (last.first_id if last else 1), "the newest checkpoint bears a wrong signature"
    newest = json.loads(head["statement"])
    if last is None or newest["seal"] > last.pk:
        return (last.last_id + 1 if last else 1), "seals after it were removed"
    return None


def _fault_of(seal: AuditSeal, line: dict[str, str] | None) -> str:
    if line is None:
        return "the checkpoint of its seal is missing"
    if not _is_signed(line):
        return "the checkpoint of its seal bears a wrong signature"
    is_same = json.loads(line["statement"])["chain_hash"] == seal.chain_hash
    return "" if is_same else "its seal differs from the exported checkpoint"


def _read(storage: ObjectStorage, name: str) -> dict[str, str] | None:
    try:
        line: dict[str, str] = json.loads(storage.read_range(name, 0, storage.size(name)))
    except FileNotFoundError:
        return None
    return line


def _exists(storage: ObjectStorage, name: str) -> bool:
    try:
        storage.size(name)
    except FileNotFoundError:
        return False
    return True


def _is_signed(line: dict[str, str]) -> bool:
    seed = settings.BUNDLE_SIGNING_KEYS.get(line["key"])
    if seed is None:
        return False
    try:
        Ed25519PrivateKey.from_private_bytes(seed).public_key().verify(
            base64.b64decode(line["signature"]), _signed_bytes(line["statement"])
        )
    except (InvalidSignature, ValueError):
        return False
    return True
