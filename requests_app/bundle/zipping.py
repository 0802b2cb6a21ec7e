"""A ZIP archive written as a stream: no seeking, nothing held, the same bytes for the same content.

The standard library's `zipfile` gives no way to choose the deflate implementation, and deflate is most of the cost of a large
bundle; ISA-L does it ten times faster at nearly the same size. So the few structures are written here (PKWARE APPNOTE 6.3.10;
section numbers in the code). A small entry has its sizes in front, which every program can read; a streamed one has them behind
its data (4.3.9) and is ZIP64 only where it may need to be, because not every desktop reads ZIP64 without need.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from isal import isal_zlib

FOUR_GIGABYTES = 0xFFFF_FFFF
_MANY_ENTRIES = 0xFFFF
_LEVEL = 1
_VERSION, _VERSION_ZIP64 = 20, 45
_UNIX = 3 << 8
_SIZES_FOLLOW, _UTF8 = 0x0008, 0x0800
_STORED, _DEFLATED = 0, 8
_REGULAR_FILE = 0o100644 << 16


class Digest(Protocol):
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished entry, as the manifest names it."""

    name: str
    size: int
    sha256: str


@dataclass(slots=True)
class _Member:
    name: bytes
    offset: int
    flags: int
    method: int
    is_zip64: bool
    crc: int = 0
    size: int = 0
    compressed: int = 0


class ZipStream:
    """Writes entries one after the other; every method yields the archive's next bytes. `entries` names what is finished."""

    def __init__(self, created: datetime) -> None:
        moment = created.astimezone(UTC)
        # 4.4.6: two-second steps from 1980 on. The same moment for all, so that the bytes depend on the content alone.
        self._date = max(moment.year - 1980, 0) << 9 | moment.month << 5 | moment.day
        self._time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
        self._directory = bytearray()
        self._names: set[str] = set()
        self._position = 0
        self.entries: list[Entry] = []

    def add(self, name: str, data: bytes) -> Iterator[bytes]:
        """A small entry from memory."""
        packed = _deflate(data)
        method, body = (_DEFLATED, packed) if len(packed) < len(data) else (_STORED, data)
        member = self._begin(name, flags=_UTF8, method=method, is_zip64=False)
        member.crc, member.size, member.compressed = isal_zlib.crc32(data), len(data), len(body)
        self._end(member, name, hashlib.sha256(data))
        yield from self._emit(self._local_header(member), body)

    def stream(self, name: str, chunks: Iterable[bytes], *, at_most: int) -> Iterator[bytes]:
        """An entry of unknown size, which `at_most` bounds. Raises OverflowError when it grows larger than a plain ZIP takes."""
        member = self._begin(name, flags=_UTF8 | _SIZES_FOLLOW, method=_DEFLATED, is_zip64=at_most + at_most // 64 + 4096 > FOUR_GIGABYTES)
        yield from self._emit(self._local_header(member))
        compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            member.crc = isal_zlib.crc32(chunk, member.crc)
            member.size += len(chunk)
            if packed := compressor.compress(chunk):
                member.compressed += len(packed)
                yield from self._emit(packed)
        packed = compressor.flush()
        member.compressed += len(packed)
        if max(member.size, member.compressed) > FOUR_GIGABYTES and not member.is_zip64:
            raise OverflowError("an entry grew larger than was said")
        sizes = "<LLQQ" if member.is_zip64 else "<LLLL"
        yield from self._emit(packed, struct.pack(sizes, 0x08074B50, member.crc, member.compressed, member.size))
        self._end(member, name, digest)

    def finish(self) -> Iterator[bytes]:
        """The central directory (4.3.12) and the end of the archive (4.3.14 to 4.3.16)."""
        start = self._position
        yield from self._emit(bytes(self._directory))
        size, count = self._position - start, len(self._names)
        if max(size, start) > FOUR_GIGABYTES - 1 or count > _MANY_ENTRIES - 1:
            record = struct.pack(
                "<LQHHLLQQQQ", 0x06064B50, 44, _UNIX | _VERSION_ZIP64, _VERSION_ZIP64, 0, 0, count, count, size, start
            ) + struct.pack("<LLQL", 0x07064B50, 0, start + size, 1)
            yield from self._emit(record)
        shown = min(count, _MANY_ENTRIES)
        sizes = min(size, FOUR_GIGABYTES), min(start, FOUR_GIGABYTES)
        yield from self._emit(struct.pack("<LHHHHLLH", 0x06054B50, 0, 0, shown, shown, *sizes, 0))

    @property
    def size(self) -> int:
        """Bytes given out so far."""
        return self._position

    def _begin(self, name: str, *, flags: int, method: int, is_zip64: bool) -> _Member:
        if name in self._names:
            raise ValueError("an entry stands twice")
        self._names.add(name)
        return _Member(name.encode("utf-8"), self._position, flags, method, is_zip64)

    def _end(self, member: _Member, name: str, digest: Digest) -> None:
        self._directory += self._central_header(member)
        self.entries.append(Entry(name, member.size, digest.hexdigest()))

    def _local_header(self, member: _Member) -> bytes:
        """4.3.7. Sizes that follow the data are zero here, in the ZIP64 field too (4.5.3)."""
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if member.is_zip64 else b""
        follows = bool(member.flags & _SIZES_FOLLOW)
        crc = 0 if follows else member.crc
        sizes = (FOUR_GIGABYTES, FOUR_GIGABYTES) if member.is_zip64 else (0, 0) if follows else (member.compressed, member.size)
        version = _VERSION_ZIP64 if member.is_zip64 else _VERSION
        fields = (version, member.flags, member.method, self._time, self._date, crc, *sizes, len(member.name), len(extra))
        return struct.pack("<LHHHHHLLLHH", 0x04034B50, *fields) + member.name + extra

    def _central_header(self, member: _Member) -> bytes:
        values = [member.size, member.compressed, member.offset]
        large = [value for value in values if value >= FOUR_GIGABYTES]
        extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
        size, compressed, offset = (min(value, FOUR_GIGABYTES) for value in values)
        version = _VERSION_ZIP64 if member.is_zip64 or large else _VERSION
        fields = (
            _UNIX | version, version, member.flags, member.method, self._time, self._date, member.crc, compressed, size,
            len(member.name), len(extra), 0, 0, 0, _REGULAR_FILE, offset,
        )  # fmt: skip
        return struct.pack("<LHHHHHHLLLHHHHHLL", 0x02014B50, *fields) + member.name + extra

    def _emit(self, *pieces: bytes) -> Iterator[bytes]:
        for piece in pieces:
            self._position += len(piece)
            yield piece


def _deflate(data: bytes) -> bytes:
    compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()
