"""Reading the finished file where it lies, sealed."""

from __future__ import annotations

import io
import os
import zipfile
from typing import IO

from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import SealedReader
from requests_app.fulfilment.collect import key_of
from requests_app.models import Bundle


def open_bundle(bundle: Bundle) -> SealedReader:
    """A reader of the file of a living bundle, from any place in it."""
    store = storage()
    return SealedReader(lambda start, length: store.read_range(bundle.object_name, start, length), bundle.sealed_size, key_of(bundle))


def open_entry(bundle: Bundle, name: str) -> IO[bytes]:
    """One entry of the bundle's archive as a stream. Raises KeyError for an unknown one."""
    return zipfile.ZipFile(io.BufferedReader(_Seekable(open_bundle(bundle)), 256 * 1024)).open(name)


def entry_size(bundle: Bundle, name: str) -> int:
    """How many bytes one entry has, unpacked. Raises KeyError for an unknown one."""
    return zipfile.ZipFile(io.BufferedReader(_Seekable(open_bundle(bundle)), 256 * 1024)).getinfo(name).file_size


class _Seekable(io.RawIOBase):
    """A sealed file as zipfile wants it: readable and seekable, opened segment by segment."""

    def __init__(self, reader: SealedReader) -> None:
        self._reader, self._position = reader, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._reader.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what BufferedReader passes
        length = min(len(buffer), max(0, self._reader.size - self._position))
        data = self._reader.read(self._position, length) if length else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
