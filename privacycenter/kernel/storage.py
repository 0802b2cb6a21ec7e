"""Where large sealed objects lie: one small port, a folder or S3 behind it (BUNDLE_STORAGE).

Everything that comes here is encrypted already (kernel.streams). An object is whole or absent: a failed write leaves nothing
under its name. Objects are read by range; S3 is asked by ranged GetObject, because django-storages' file object downloads
everything on any read.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_PIECE = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_NAME = re.compile(rf"{_PIECE}(?:/{_PIECE})*")
_PART = 16 * 1024 * 1024  # S3 takes 10,000 parts: 160 GB for one object


class ObjectStorage(Protocol):
    """What every storage does. Names are ours: ASCII letters, digits, `._-`, folders by `/`, at most 200 characters."""

    def put_stream(self, name: str, chunks: Iterable[bytes]) -> int:
        """Write an object whole, or nothing: an error of `chunks` comes through. Replaces what is there. Returns its size."""

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`, fewer at the end. Raises FileNotFoundError."""

    def size(self, name: str) -> int:
        """Size in bytes. Raises FileNotFoundError."""

    def delete(self, name: str) -> None:
        """Remove an object and unfinished writes of it; an absent one is fine."""

    def delete_folder(self, name: str) -> None:
        """Remove everything under a folder, unfinished writes too; an absent one is fine. Raises OSError when something stays."""


def storage() -> ObjectStorage:
    """The storage that BUNDLE_STORAGE names. Raises ImproperlyConfigured."""
    return storage_at(settings.BUNDLE_STORAGE)


def storage_at(address: str) -> ObjectStorage:
    """The storage at `/folder`, `file:///folder` or `s3://bucket/prefix?endpoint=…`. Raises ImproperlyConfigured."""
    return _open(address, os.getpid())  # connections don't survive a fork


@lru_cache(maxsize=8)
def _open(address: str, process: int) -> ObjectStorage:
    parts = urlsplit(address)
    if parts.scheme in {"", "file"} and not parts.netloc and parts.path.startswith("/"):
        return FolderStorage(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return S3ObjectStorage(parts.netloc, parts.path.strip("/"), **options)
    raise ImproperlyConfigured("a storage address must read /folder, file:///folder or s3://bucket/prefix?endpoint=…")


def _checked(name: str) -> str:
    if len(name) > 200 or not _NAME.fullmatch(name):
        raise ValueError("not a name of a stored object")
    return name


class FolderStorage:
    """Objects as files of mode 0600 in folders of mode 0700, written beside their name and renamed when they are safe on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_stream(self, name: str, chunks: Iterable[bytes]) -> int:
        target = self._path(name)
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        try:
            with os.fdopen(self._create(unfinished), "wb") as stream:
                size = sum(stream.write(chunk) for chunk in chunks)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.rename(target)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return size

    def read_range(self, name: str, start: int, length: int) -> bytes:
        with self._path(name).open("rb", buffering=0) as stream:
            stream.seek(start)
            pieces = []
            while length > 0 and (piece := stream.read(length)):
                pieces.append(piece)
                length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def size(self, name: str) -> int:
        return self._path(name).stat().st_size

    def delete(self, name: str) -> None:
        target = self._path(name)
        for unfinished in target.parent.glob(f".{target.name}.*.part"):
            unfinished.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        self._remove_empty(target.parent)

    def delete_folder(self, name: str) -> None:
        folder = self._path(name)
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
        self._remove_empty(folder.parent)

    def _remove_empty(self, folder: Path) -> None:
        with suppress(OSError):  # another object lies there, or another process removed it
            while folder != self.root:
                folder.rmdir()
                folder = folder.parent

    def _path(self, name: str) -> Path:
        return self.root / _checked(name)

    def _create(self, path: Path) -> int:
        folder = path.parent.relative_to(self.root)
        for attempt in range(3):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                for part in [*reversed(folder.parents), folder][1:]:
                    (self.root / part).mkdir(mode=0o700, exist_ok=True)
                return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            except FileNotFoundError:
                if attempt == 2:  # a delete may take an empty folder away in between, but hardly three times
                    raise
        raise AssertionError("unreachable")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class S3ObjectStorage:
    """Objects in a bucket. Credentials come from the standard AWS environment variables or the machine's role.

    An upload that fails is aborted; a worker that is killed leaves parts behind, which a bucket rule
    (AbortIncompleteMultipartUpload) removes: docs/bundle.md.
    """

    def __init__(self, bucket: str, prefix: str, *, endpoint: str | None = None, region: str | None = None) -> None:
        from boto3.s3.transfer import TransferConfig  # slow import
        from storages.backends.s3 import S3Storage  # slow import

        options: dict[str, Any] = {"bucket_name": bucket, "location": prefix, "default_acl": None, "region_name": region}
        if endpoint:
            options |= {"endpoint_url": endpoint, "addressing_style": "path"}
        self._bucket, self._prefix = bucket, prefix
        self._client = S3Storage(**options).connection.meta.client
        # Without threads: the chunks may come from a database cursor, which belongs to the thread that opened it.
        self._transfer = TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, use_threads=False)

    def put_stream(self, name: str, chunks: Iterable[bytes]) -> int:
        reader = _ChunkReader(chunks)
        self._client.upload_fileobj(reader, self._bucket, self._key(name), Config=self._transfer)
        return reader.count

    def read_range(self, name: str, start: int, length: int) -> bytes:
        if length <= 0:
            return b""
        with _absence_as_file_not_found(self._client):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key(name), Range=f"bytes={start}-{start + length - 1}")
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "InvalidRange":
                    raise
                return b""
        with answer["Body"] as body:
            data: bytes = body.read()
        return data

    def size(self, name: str) -> int:
        with _absence_as_file_not_found(self._client):
            return int(self._client.head_object(Bucket=self._bucket, Key=self._key(name))["ContentLength"])

    def put_new(self, name: str, data: bytes) -> None:
        """Write an object that must not exist yet: of two writers one gets through. Raises FileExistsError."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=data, IfNoneMatch="*")
        except self._client.exceptions.ClientError as error:
            # 412: it exists; 409: another writer is just making it
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in {409, 412}:
                raise
            raise FileExistsError("such an object exists") from error

    def names_after(self, name: str) -> Iterator[str]:
        """Names in the folder of `name` that sort behind it, in order."""
        start, skip = self._key(name), len(self._prefix) + 1 if self._prefix else 0
        folder = start.rpartition("/")[0]
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{folder}/" if folder else "", StartAfter=start
        )
        for page in pages:
            yield from (item["Key"][skip:] for item in page.get("Contents", ()))

    def delete(self, name: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def delete_folder(self, name: str) -> None:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{self._key(name)}/")
        for page in pages:
            if found := [{"Key": item["Key"]} for item in page.get("Contents", ())]:
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": found, "Quiet": True})
                if answer.get("Errors"):  # an answer of 200 names those that are still there
                    raise OSError(f"{len(answer['Errors'])} stored objects could not be deleted: {answer['Errors'][0].get('Code', '')}")

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{_checked(name)}" if self._prefix else _checked(name)


class _absence_as_file_not_found:  # noqa: N801 - reads as a phrase in a with statement
    def __init__(self, client: Any) -> None:
        self._error = client.exceptions.ClientError

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._error) and error.response["Error"]["Code"] in {"NoSuchKey", "404", "NotFound"}:
            raise FileNotFoundError("no such object") from error


class _ChunkReader(io.RawIOBase):
    """A file to read from, filled by an iterator: what upload_fileobj wants."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self._rest = b""
        self.count = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1) -> bytes:
        pieces, missing = [], float("inf") if size is None or size < 0 else size
        while missing > 0:
            piece = self._rest or next(self._chunks, None)
            if piece is None:
                break
            taken = piece[: int(missing)] if len(piece) > missing else piece
            self._rest = piece[len(taken) :]
            pieces.append(taken)
            missing -= len(taken)
        data = b"".join(pieces)
        self.count += len(data)
        return data
