"""Encryption of small secrets at rest: AES-256-GCM with key ids; a wrong key is an error, never garbage.

Form: version byte 1, length of the key id, key id, 12 random bytes, ciphertext with tag. The context (what and whose
this is) is authenticated, so that a value can't be moved to another row or column. Large files: kernel.streams.
"""

from __future__ import annotations

import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from privacycenter.kernel.errors import DecryptionFailed, UnknownKey

_VERSION = 1


def encrypt(plain: bytes, *, context: str) -> bytes:
    """Encrypt under the newest of DATA_KEYS. `context` must be given again to decrypt."""
    if not settings.DATA_KEYS:
        raise ImproperlyConfigured("DATA_KEYS is not set")
    key_id, key = next(iter(settings.DATA_KEYS.items()))
    header = bytes([_VERSION, len(key_id)]) + key_id.encode("ascii")
    nonce = secrets.token_bytes(12)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, header + context.encode())


def decrypt(sealed: bytes, *, context: str) -> bytes:
    """Return what `encrypt` was given. Raises UnknownKey or DecryptionFailed."""
    sealed = bytes(sealed)
    key_id, body = _split(sealed)
    key = settings.DATA_KEYS.get(key_id)
    if key is None:
        raise UnknownKey
    header = sealed[: len(sealed) - len(body)]
    try:
        return AESGCM(key).decrypt(body[:12], body[12:], header + context.encode())
    except (InvalidTag, ValueError) as error:
        raise DecryptionFailed from error


def key_id_of(sealed: bytes) -> str:
    """The id of the key that `sealed` was encrypted with. Raises DecryptionFailed for a foreign value."""
    return _split(bytes(sealed))[0]


def needs_rotation(sealed: bytes) -> bool:
    """Whether `sealed` bears another key than the newest."""
    return key_id_of(sealed) != next(iter(settings.DATA_KEYS))


def _split(sealed: bytes) -> tuple[str, bytes]:
    if len(sealed) < 2 + 12 + 16 or sealed[0] != _VERSION or len(sealed) < 2 + sealed[1]:
        raise DecryptionFailed
    end = 2 + sealed[1]
    return sealed[2:end].decode("ascii", "replace"), sealed[end:]


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text that is stored encrypted. The context is the column (app.model.field), so a value can't change columns.

    Not searchable by design. `rotate_keys` finds every such field through `encrypted_fields()`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    @property
    def context(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        return decrypt(bytes(value), context=self.context).decode("utf-8", "surrogatepass") if value else ""

    def to_python(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = encrypt(value.encode("utf-8", "surrogatepass"), context=self.context) if value else b""
        return super().get_db_prep_value(value, connection, prepared)

    def value_to_string(self, obj: Any) -> str:
        raise TypeError("an encrypted value is not serialised")


def encrypted_fields() -> list[tuple[type[models.Model], EncryptedTextField]]:
    """Every (model, field) that is stored encrypted, in a stable order."""
    from django.apps import apps  # app ready

    return [
        (model, field)
        for model in sorted(apps.get_models(), key=lambda model: model._meta.label_lower)
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]
