"""Where the erasure ledger lies: a file of lines, or a folder of objects in S3 (ERASURE_LEDGER). Outside the database, only ever added to.

Whoever has added a line waits until it is safe before anything is done on its word: what is erased after it can be erased again
from it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from array import array
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from django.conf import settings

from privacycenter.kernel.storage import S3ObjectStorage, storage_at

_READERS = 16  # an object at a time would take a quarter of an hour for 100,000
_LONGEST = 16 * 1024 * 1024

# Gets the size of the ledger and answers the line to be added, or None for none.
MakeLine = Callable[[int], bytes | None]

# Waits until what was added is safe. Raises OSError.
Wait = Callable[[], None]


class LedgerStore(Protocol):
    """What both kinds do. Entries are numbered from 1 without gaps; a line is one entry without its line break."""

    reads_all_cheaply: bool

    def size(self) -> int:
        """How many entries there are. Raises OSError where that can't be found out."""

    def mark(self) -> Hashable:
        """Something cheap that is another once what `size` saw last has changed. Raises OSError where that can't be found out."""

    def lines(self, first: int) -> Iterator[bytes]:
        """The entries from number `first` on."""

    def append(self, make: MakeLine) -> Wait:
        """Add what `make` answers, with nobody else adding meanwhile; it may be asked again where another writer was faster.

        Nobody else adds either until it is safe. Raises OSError.
        """


def ledger_store() -> LedgerStore:
    """The store that ERASURE_LEDGER names. Raises ImproperlyConfigured."""
    return _open(settings.ERASURE_LEDGER, os.getpid())


def ledger_file(address: str) -> Path | None:
    """The file that an address names; None where it is not one."""
    parts = urlsplit(address)
    return Path(unquote(parts.path)) if parts.scheme in {"", "file"} and not parts.netloc and parts.path.startswith("/") else None


@lru_cache(maxsize=8)
def _open(address: str, process: int) -> LedgerStore:
    path = ledger_file(address)
    if path is not None:
        return FileStore(path)
    storage = storage_at(address)
    assert isinstance(storage, S3ObjectStorage)  # every other address is a file
    return ObjectStore(storage)


class FileStore:
    """One file of mode 0600, a line for each entry. Writers take turns by a lock on it; a line that a crash cut short never counted."""

    reads_all_cheaply = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ends = array("Q")  # where each known line ends
        self._last = b""
        self._lock = threading.Lock()
        self._syncing = ThreadPoolExecutor(1, thread_name_prefix="ledger-sync")

    def size(self) -> int:
        try:
            with self.path.open("rb") as stream:
                self._learn(stream)
                return len(self._ends)
        except FileNotFoundError:
            self._forget()
            return 0

    def mark(self) -> Hashable:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def lines(self, first: int) -> Iterator[bytes]:
        try:
            stream = self.path.open("rb")
        except FileNotFoundError:
            return
        with stream:
            self._learn(stream)
            with self._lock:
                if first > len(self._ends):
                    return
                start = self._ends[first - 2] if first > 1 else 0
            stream.seek(start)
            for line in stream:
                if line.endswith(b"\n"):
                    yield line[:-1]

    def append(self, make: MakeLine) -> Wait:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        stream = os.fdopen(descriptor, "r+b", buffering=0)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._add(stream, make)
        except BaseException:
            stream.close()
            raise
        # The disk takes its time, and there is other work until then. A line that was found is synced too: its writer may have died.
        return self._syncing.submit(_sync, stream, self.path.parent if is_new else None).result

    def _add(self, stream: BinaryIO, make: MakeLine) -> None:
        with self.path.open("rb") as reading:
            whole = self._learn(reading)
        line = make(len(self._ends))
        if line is None:
            return
        if os.fstat(stream.fileno()).st_size > whole:
            os.ftruncate(stream.fileno(), whole)  # the rest of a line whose writer died: nothing was erased on its word
        data = line + b"\n"
        while data:
            data = data[stream.write(data) :]

    def _learn(self, stream: BinaryIO) -> int:
        """Take note of lines that were added since the last look; answers where the last whole line ends."""
        with self._lock:
            end = self._ends[-1] if self._ends else 0
            stream.seek(end - len(self._last))
            if stream.read(len(self._last)) != self._last:  # another file, or a shortened one
                self._forget()
                end = 0
                stream.seek(0)
            for line in stream:
                if line.endswith(b"\n"):
                    end += len(line)
                    self._ends.append(end)
                    self._last = line
        return end

    def _forget(self) -> None:
        self._ends, self._last = array("Q"), b""


class ObjectStore:
    """One object for each entry, named by its number, made only where there is none of that name: two writers can't be one entry."""

    reads_all_cheaply = False

    def __init__(self, storage: S3ObjectStorage) -> None:
        self.storage = storage
        self._known = 0

    def size(self) -> int:
        known = self._known
        names = list(self.storage.names_after(_name(max(known - 1, 0))))
        if known and (not names or _number(names[0]) != known):  # what was there is gone
            names = list(self.storage.names_after(_name(0)))
        self._known = _number(names[-1]) if names else 0
        return self._known

    def mark(self) -> Hashable:
        return self._known

    def lines(self, first: int) -> Iterator[bytes]:
        last = self.size()
        with ThreadPoolExecutor(_READERS) as threads:
            for start in range(first, last + 1, 8 * _READERS):
                yield from threads.map(self._read, range(start, min(start + 8 * _READERS, last + 1)))

    def append(self, make: MakeLine) -> Wait:
        while True:
            size = self.size()
            line = make(size)
            if line is None:
                break
            try:
                self.storage.put_new(_name(size + 1), line)
            except FileExistsError:
                continue  # another writer was faster: this one comes after it
            break
        return lambda: None  # what is put is safe

    def _read(self, number: int) -> bytes:
        return self.storage.read_range(_name(number), 0, _LONGEST)


def _name(number: int) -> str:
    return f"entries/{number:012d}.json"


def _number(name: str) -> int:
    return int(name.removeprefix("entries/").removesuffix(".json"))


def _sync(stream: BinaryIO, folder: Path | None) -> None:
    """Let the disk have it, then the next writer. With `folder` the name of the file as well."""
    with stream:
        os.fsync(stream.fileno())
        if folder is not None:
            _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
