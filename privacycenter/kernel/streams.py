"""Encryption of large objects at rest: readable from the middle, written without being held whole.

AES-256-GCM in one piece ends at 2 GiB and can't be read in the middle. This is the STREAM construction (Hoang, Reyhanitabar,
Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015) the way Tink and age use
it: a header, then segments of 64 KiB, each sealed under a nonce that says where it stands and whether it is the last.

    header    magic "PCS1" | version 1 | 32 bytes salt | 7 bytes nonce prefix
    segment   AES-256-GCM of at most 65,536 bytes; nonce = prefix | counter (4 bytes, big-endian) | last (0 or 1)

The key of an object is HKDF-SHA256 of the caller's key, the salt and the context: many objects may share a caller's key, and
none can be passed off as another one of a different context. Header and position are authenticated with every segment; the
reader checks the last segment before it says how long an object is, so that a cut or a prolonged object is an error.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from privacycenter.kernel.errors import DecryptionFailed

SEGMENT = 65_536
TAG = 16
_SEALED = SEGMENT + TAG
_MAGIC = b"PCS1\x01"
_SALT, _PREFIX = 32, 7
HEADER = len(_MAGIC) + _SALT + _PREFIX
_READ = 16  # segments that are fetched in one go: 1 MiB, so that a far storage is not asked too often
_MAX_SEGMENTS = 2**32


def sealed_size(size: int) -> int:
    """How many bytes `size` bytes take once they are sealed."""
    return HEADER + size + TAG * max(1, -(-size // SEGMENT))


def encrypt_stream(chunks: Iterable[bytes], *, key: bytes, context: str = "") -> Iterator[bytes]:
    """Seal a stream of chunks of any size. `key` is 32 random bytes; `context` must be given again to read.

    Lazy: an error of `chunks` comes through, and what was written so far is no valid object.
    """
    header = _MAGIC + secrets.token_bytes(_SALT) + secrets.token_bytes(_PREFIX)
    cipher = _Segments(key, header, context)
    yield header
    pending: list[bytes] = []
    size = place = 0
    for chunk in chunks:
        pending.append(chunk)
        size += len(chunk)
        if size > SEGMENT:
            data = memoryview(b"".join(pending))
            whole = (size - 1) // SEGMENT  # at least one byte stays: the last segment bears a flag
            for start in range(0, whole * SEGMENT, SEGMENT):
                yield cipher.seal(data[start : start + SEGMENT], place, last=False)
                place += 1
            pending = [bytes(data[whole * SEGMENT :])]
            size = len(pending[0])
    yield cipher.seal(b"".join(pending), place, last=True)


class SealedReader:
    """Reads a sealed object through `read_range(start, length)`, from any position.

    Raises DecryptionFailed for a wrong key or context and for an object that was cut, prolonged, reordered or changed.
    """

    def __init__(self, read_range: Callable[[int, int], bytes], sealed_size: int, key: bytes, context: str = "") -> None:
        self._read_range = read_range
        body = sealed_size - HEADER
        self._segments = -(-body // _SEALED)
        self._tail = body - (self._segments - 1) * _SEALED - TAG  # plain bytes of the last segment
        if body < TAG or self._tail < 0 or (self._tail == 0 and self._segments > 1):
            raise DecryptionFailed
        # A small object is read in one call, a large one by its two ends.
        start = self._fetch(0, sealed_size if self._segments == 1 else HEADER)
        self._cipher = _Segments(key, start[:HEADER], context)
        self.tag = hashlib.sha256(start[:HEADER]).hexdigest()[:32]  # names this sealed object and no other
        last = start[HEADER:] if self._segments == 1 else self._fetch(self._offset(self._segments - 1), self._tail + TAG)
        self._last = self._cipher.open(last, self._segments - 1, last=True)

    @property
    def size(self) -> int:
        """Length of what was sealed; proven by the last segment."""
        return (self._segments - 1) * SEGMENT + self._tail

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; fewer at the end."""
        return b"".join(self.iter(start, start + length))

    def iter(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end` (exclusive), a segment at a time: larger pieces are slower, and keep more memory busy."""
        if start < 0:
            raise ValueError("a position can't be negative")
        end = self.size if end is None else min(end, self.size)
        if start >= end:
            return
        first, stop = start // SEGMENT, -(-end // SEGMENT)
        position = first * SEGMENT
        for piece in self._pieces(first, stop):
            skip, keep = max(start - position, 0), min(end - position, len(piece))
            yield piece if not skip and keep == len(piece) else piece[skip:keep]
            position += len(piece)

    def _pieces(self, first: int, stop: int) -> Iterator[bytes]:
        """Segments `first` to `stop` - 1 as plain bytes."""
        whole = min(stop, self._segments - 1)
        for block in range(first, whole, _READ):
            count = min(_READ, whole - block)
            sealed = memoryview(self._fetch(self._offset(block), count * _SEALED))
            for at in range(count):
                yield self._cipher.open(sealed[at * _SEALED : (at + 1) * _SEALED], block + at, last=False)
            del sealed  # before the next block is fetched
        if stop == self._segments:
            yield self._last

    def _fetch(self, start: int, length: int) -> bytes:
        data = self._read_range(start, length)
        if len(data) != length:
            raise DecryptionFailed
        return data

    @staticmethod
    def _offset(segment: int) -> int:
        return HEADER + segment * _SEALED


class _Segments:
    """Seals and opens segments of one object by their place in it."""

    def __init__(self, key: bytes, header: bytes, context: str) -> None:
        if len(key) != 32:
            raise ValueError("a stream key has 32 bytes")
        if not header.startswith(_MAGIC):
            raise DecryptionFailed
        salt = header[len(_MAGIC) : len(_MAGIC) + _SALT]
        info = _MAGIC + b"segment key|" + context.encode()
        self._cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key))
        self._header = header
        self._prefix = header[-_PREFIX:]

    def seal(self, plain: bytes | memoryview, place: int, *, last: bool) -> bytes:
        if place >= _MAX_SEGMENTS:
            raise OverflowError("a sealed object ends at 256 TiB")
        return self._cipher.encrypt(self._nonce(place, last=last), plain, self._header)

    def open(self, sealed: bytes | memoryview, place: int, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(place, last=last), sealed, self._header)
        except InvalidTag as error:
            raise DecryptionFailed from error

    def _nonce(self, place: int, *, last: bool) -> bytes:
        return self._prefix + place.to_bytes(4, "big") + (b"\x01" if last else b"\x00")
