"""Re-encryption under the newest of DATA_KEYS, in batches, beside the running product.

Every EncryptedTextField is found by itself. A room that seals values in other columns registers how those are resealed.
A batch is one transaction, and a value is replaced only if it is still what was read, so nothing that people change
meanwhile is overwritten. What already bears the newest key is left alone: an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction

from privacycenter.kernel.encryption import EncryptedTextField, decrypt, encrypt, encrypted_fields, needs_rotation
from privacycenter.kernel.errors import DecryptionFailed

Reseal = Callable[[Any], Any]
"""Takes a row. Reseals in memory what bears an older key and returns the names of the fields it changed."""

BATCH = 500
_resealers: dict[str, Reseal] = {}


@dataclass
class Rotated:
    """What one column's rotation came to. An unreadable value bears a key that is not configured, or is damaged."""

    column: str
    resealed: int = 0
    current: int = 0
    unreadable: int = 0


def register(label: str, reseal: Reseal) -> None:
    """Say how the rows of model `label` ("app.model") are resealed that hold sealed values in ordinary columns.

    Raises ImproperlyConfigured for a model that is registered twice.
    """
    if _resealers.setdefault(label.lower(), reseal) is not reseal:
        raise ImproperlyConfigured(f"{label} is registered twice for key rotation")


def rotate(*, dry_run: bool = False) -> Iterator[Rotated]:
    """Reseal everything that bears an older key, column by column, and yield what each came to."""
    for model, field in encrypted_fields():
        yield _rotate_field(model, field, dry_run=dry_run)
    for label, reseal in sorted(_resealers.items()):
        yield _rotate_rows(apps.get_model(label), reseal, dry_run=dry_run)


def _rotate_field(model: type[models.Model], field: EncryptedTextField, *, dry_run: bool) -> Rotated:
    """Rotate one column by its stored bytes: the values are never decoded to text."""
    result = Rotated(field.context)
    quote = connection.ops.quote_name
    table, key, column = quote(model._meta.db_table), quote(str(model._meta.pk.column)), quote(str(field.column))
    # Names come from the models, values are parameters.
    select = f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608
    update = f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s"  # noqa: S608
    last: Any = None
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            after = f" AND {key} > %s" if last is not None else ""
            cursor.execute(f"{select}{after} ORDER BY {key} LIMIT {BATCH}", [] if last is None else [last])
            rows = cursor.fetchall()
            for primary_key, stored in rows:
                sealed = bytes(stored)
                try:
                    if not sealed or not needs_rotation(sealed):
                        result.current += 1
                        continue
                    fresh = encrypt(decrypt(sealed, context=field.context), context=field.context)
                except DecryptionFailed:
                    result.unreadable += 1
                    continue
                if not dry_run:
                    cursor.execute(update, [fresh, primary_key, sealed])
                result.resealed += 1
        if len(rows) < BATCH:
            return result
        last = rows[-1][0]


def _rotate_rows(model: type[models.Model], reseal: Reseal, *, dry_run: bool) -> Rotated:
    """Rotate the rows of a model by the function its room registered."""
    result = Rotated(model._meta.label_lower)
    rows = model._base_manager.order_by("pk")
    last: Any = None
    while True:
        with transaction.atomic():
            batch = list((rows if last is None else rows.filter(pk__gt=last)).select_for_update()[:BATCH])
            for row in batch:
                try:
                    changed = reseal(row)
                except DecryptionFailed:
                    result.unreadable += 1
                    continue
                if not changed:
                    result.current += 1
                    continue
                if not dry_run:
                    row.save(update_fields=changed)
                result.resealed += 1
        if len(batch) < BATCH:
            return result
        last = batch[-1].pk
