"""Uploads that are too large for memory: on the disk they are sealed, so that nobody reads there what somebody sent us.

Django keeps such a file in clear text in the system's temporary folder. Here each chunk is encrypted while it comes in, under a key
that this process alone has, into a file without a name: what a crash leaves behind is neither found nor read.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class SealedUpload(UploadedFile):  # type: ignore[type-arg]
    """An uploaded file that lies sealed on the disk. It is read by its chunks, from the start, any number of times."""

    def __init__(self, name: str, content_type: str, charset: str | None, content_type_extra: Any) -> None:
        sealed = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - closed with the upload
        super().__init__(sealed, name, content_type, 0, charset, content_type_extra)
        self._sealed: IO[bytes] = sealed
        self._cipher = AESGCM(secrets.token_bytes(32))
        self._places: list[tuple[int, int]] = []  # where each chunk lies, and how long it is

    def add(self, data: bytes) -> None:
        """Append a chunk."""
        sealed = self._cipher.encrypt(self._nonce(len(self._places)), data, None)
        self._places.append((self._sealed.seek(0, 2), len(sealed)))
        self._sealed.write(sealed)
        self.size = (self.size or 0) + len(data)

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The content, in the chunks in which it came."""
        for number, (start, length) in enumerate(self._places):
            self._sealed.seek(start)
            yield self._cipher.decrypt(self._nonce(number), self._sealed.read(length), None)

    def multiple_chunks(self, chunk_size: int | None = None) -> bool:
        return True

    def read(self, *_size: int) -> bytes:
        """The whole content, whatever the size: nothing here is read in part."""
        return b"".join(self.chunks())

    def _nonce(self, number: int) -> bytes:
        return number.to_bytes(12, "big")


class SealedUploadHandler(FileUploadHandler):
    """Takes what the handler for small files, which stands before it, leaves."""

    file: SealedUpload

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = SealedUpload(self.file_name or "", self.content_type or "", self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.add(raw_data)

    def file_complete(self, file_size: int) -> SealedUpload:
        return self.file

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()
