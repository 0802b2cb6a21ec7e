"""Files that people sent, each sealed under a key of its own: whoever destroys the key has destroyed the file."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from typing import Any

from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import SealedReader, encrypt_stream
from privacycenter.kernel.tokens import new_token
from requests_app.attachments import Checked


def seal(file: Checked, *, folder: str) -> dict[str, Any]:
    """Put a file away; answers the columns of the row that will lead to it. The object comes before the row."""
    key = secrets.token_bytes(32)
    name = f"{folder}/{new_token()}/file"
    sealed_size = storage().put_stream(name, encrypt_stream([file.content], key=key))
    return {
        "original_name": file.name,
        "media_type": file.media_type,
        "size": len(file.content),
        "object_name": name,
        "key": base64.b64encode(key).decode(),
        "sealed_size": sealed_size,
    }


def unseal(*, object_name: str, key: str, sealed_size: int) -> Iterator[bytes]:
    """The content, piece by piece."""
    store = storage()
    return SealedReader(lambda start, length: store.read_range(object_name, start, length), sealed_size, base64.b64decode(key)).iter()
