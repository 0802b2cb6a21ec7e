"""One step of a request: run a source for one person and hold what it gives, large outputs sealed and in storage."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import Any, Protocol

from django.utils.translation import gettext

from privacycenter.kernel.cards import mask_card_numbers
from privacycenter.kernel.row_pages import Page
from privacycenter.kernel.sources import FileItem, Locator, Problem, Record, Sensitivity, Source, SourceDescription
from privacycenter.kernel.storage import ObjectStorage, storage
from privacycenter.kernel.streams import SealedReader, encrypt_stream, sealed_size
from privacycenter.kernel.text import visible
from requests_app.bundle.serialise import Lines, plain_text, serialise
from requests_app.bundle.step_output import StepOutput, StoredFile, VolumePlan, VolumePlans
from requests_app.bundle.volume_plan import VolumePlanner
from requests_app.pdf.volumes import fits_main

INLINE_BYTES = 64 * 1024
"""Outputs of at most this many bytes are kept in memory, and in the step's row instead of in storage."""

NAMED_PROBLEMS = 2_000
"""So many unreadable records are named one by one; beyond that they are counted."""

ORIGINAL_NAME_CHARACTERS = 120
_BATCH_BYTES = 512 * 1024
_LARGEST_BATCH = 1_000
_FILE_CHUNK = 256 * 1024
_PROGRESS_SECONDS = 1.0

_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]*(?:[.-][a-z0-9_]+)*")

_EXTENSIONS = {
    "application/json": "json",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "message/rfc822": "eml",
    "text/csv": "csv",
    "text/plain": "txt",
    "video/mp4": "mp4",
}
"""Media types that open harmlessly. Anything else, markup and programs included, is named .bin."""


def export_source(
    source: Source,
    locator: Locator,
    *,
    key: bytes,
    name_prefix: str,
    on_progress: Callable[[int], None] | None = None,
    hider: Hider | None = None,
) -> StepOutput:
    """Run one source for one person; `name_prefix` is the folder in storage that belongs to this step alone.

    Every run writes under names of its own in it. A worker that has lost its lease may go on for a while: it neither replaces
    nor removes what the worker after it has committed.

    `hider` takes out what is hidden of other people before anything is sealed.
    `on_progress` hears the number of records so far, at most once a second and at the end. An error of the source comes
    through, after everything that was written has been removed: the step fails and is tried again. Runs in the calling
    thread, outside a transaction.
    """
    run = _Run(source.describe(), key, name_prefix, on_progress or (lambda count: None), hider)
    try:
        return run.output(run.blobs(source, locator))
    except BaseException:
        run.discard()
        raise


def sealed(output: StepOutput, *, key: bytes) -> StepOutput:
    """The output as it may be kept in a row: with its records sealed. One that has nothing in memory comes back as it is."""
    if output.plain is None:
        return output
    inline = b"".join(encrypt_stream([output.plain], key=key, context=_records_context(output.source_key)))
    return replace(output, plain=None, inline=inline, sealed_size=len(inline))


def open_records(output: StepOutput, *, key: bytes, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
    """The NDJSON of an output from `offset`, in pieces of at most 256 KiB that need not end with a line."""
    if output.size == 0:
        return iter(())
    if output.plain is not None:
        return iter((output.plain[offset : None if length is None else offset + length],))
    if output.inline is not None:
        inline = output.inline
        reader = SealedReader(lambda start, count: inline[start : start + count], len(inline), key, _records_context(output.source_key))
    else:
        store = storage()
        name = output.object_name
        reader = SealedReader(
            lambda start, count: store.read_range(name, start, count), output.sealed_size, key, _records_context(output.source_key)
        )
    return reader.iter(offset, None if length is None else offset + length)


def read_records(output: StepOutput, *, key: bytes, volume: VolumePlan | None = None) -> list[dict[str, Any]]:
    """Records as values: those of one volume, or all of a small output."""
    pieces = open_records(output, key=key, offset=volume.offset, length=volume.length) if volume else open_records(output, key=key)
    return [json.loads(line) for line in b"".join(pieces).split(b"\n") if line]


def open_file(file: StoredFile, *, key: bytes) -> Iterator[bytes]:
    """The bytes of a stored file."""
    store = storage()
    reader = SealedReader(
        lambda start, length: store.read_range(file.object_name, start, length), file.sealed_size, key, _file_context(file.path)
    )
    return reader.iter()


def discard_output(output: StepOutput) -> None:
    """Remove what an output keeps in storage."""
    for name in output.object_names:
        storage().delete(name)


def path_part(source_key: str) -> str:
    """A source's key as part of a path in the bundle: itself, or something that is as unique where it has odd characters."""
    if _PLAIN_KEY.fullmatch(source_key):
        return source_key
    plain = re.sub(r"[^a-z0-9]+", "-", source_key.lower()).strip("-")[:60]
    return f"{plain or 'source'}-{hashlib.sha256(source_key.encode()).hexdigest()[:8]}"


class Hider(Protocol):
    """What takes data of other people out of what a source gives (requests_app.redaction)."""

    counts: Counter[str]

    def plain_fields(self, batch: Sequence[dict[str, Any]], json_fields: Sequence[str]) -> Sequence[dict[str, Any]]: ...
    def lines(self, data: bytes) -> bytes: ...
    def text(self, value: str) -> str: ...
    def problem(self, problem: Problem) -> Problem: ...
    def file(self, item: FileItem) -> FileItem | None: ...


class _Unreadable(Exception):
    """A file could not be read to its end; wraps whatever its stream raised."""


class _Run:
    """The state of one export."""

    def __init__(
        self, description: SourceDescription, key: bytes, prefix: str, on_progress: Callable[[int], None], hider: Hider | None
    ) -> None:
        self.description = description
        self.key = key
        self.prefix = f"{prefix.rstrip('/')}/{secrets.token_hex(8)}"
        self.on_progress = on_progress
        self.hider = hider
        self.store: ObjectStorage = storage()
        self.withheld = frozenset(item.name for item in description.fields if item.withheld or item.sensitivity is Sensitivity.SECRET)
        self.count = self.size = self.dropped = 0
        self.problems: list[Problem] = []
        self.files: list[StoredFile] = []
        self.written: list[str] = []
        self.volumes = VolumePlanner()
        self.told_at = time.monotonic()

    def output(self, blobs: Iterator[bytes]) -> StepOutput:
        head: list[bytes] = []
        while sum(map(len, head)) <= INLINE_BYTES and (blob := next(blobs, None)) is not None:
            head.append(blob)
        plain, name = None, ""
        if sum(map(len, head)) <= INLINE_BYTES:
            plain = b"".join(head) if head else None
        else:
            name = f"{self.prefix}/records"
            self.written.append(name)
            self.store.put_stream(name, encrypt_stream(chain(head, blobs), key=self.key, context=_records_context(self.description.key)))
        self.on_progress(self.count)
        if self.dropped:
            self.problems.append(Problem("…", gettext("%(count)d further records could not be read.") % {"count": self.dropped}))
        hidden = dict(self.hider.counts) if self.hider else {}
        return StepOutput(
            status="found" if self.count or self.problems or self.files or hidden else "nothing_held",
            count=self.count,
            problems=tuple(self.problems),
            size=self.size,
            plain=plain,
            object_name=name,
            sealed_size=sealed_size(self.size) if name else 0,
            volumes=VolumePlans() if fits_main(self.count, self.size) else self.volumes.finish(),
            files=tuple(self.files),
            hidden=hidden,
            source_key=self.description.key,
        )

    def discard(self) -> None:
        for name in self.written:
            self.store.delete(name)

    def blobs(self, source: Source, locator: Locator) -> Iterator[bytes]:
        """Lines of JSON in pieces of about half a megabyte."""
        by_page = getattr(source, "export_pages", None)
        pages: Iterator[Page] | None = by_page(locator, without=self.withheld) if by_page else None
        return self._of_items(source.export(locator)) if pages is None else self._of_pages(pages)

    def _of_pages(self, pages: Iterator[Page]) -> Iterator[bytes]:
        wanted = 16
        for page in pages:
            start = 0
            while start < len(page.rows):
                rows = page.rows[start : start + wanted]
                start += len(rows)
                blob = self._written(list(map(dict, map(zip, repeat(page.names), rows))), page.json_names)
                wanted = min(_next_batch(len(rows), len(blob)), self.volumes.room)
                yield blob

    def _of_items(self, items: Iterator[Any]) -> Iterator[bytes]:
        """Files and problems are dealt with as they pass."""
        batch: list[dict[str, Any]] = []
        wanted = 16
        withheld = self.withheld
        for item in items:
            if type(item) is Record:
                if withheld:
                    batch.append({"key": item.key, **{name: value for name, value in item.values.items() if name not in withheld}})
                else:
                    batch.append({"key": item.key, **item.values})
                if len(batch) >= wanted:
                    blob = self._written(batch)
                    yield blob
                    wanted = min(_next_batch(len(batch), len(blob)), self.volumes.room)
                    batch = []
            elif isinstance(item, FileItem):
                self._keep_file(item)
            elif isinstance(item, Problem):
                self._note([Problem(self._shown(item.record), self._shown(item.reason))])
            else:
                raise TypeError("a source gave something that is no item")
        if batch:
            yield self._written(batch)

    def _written(self, batch: Sequence[dict[str, Any]], json_names: Sequence[str] = ()) -> bytes:
        lines = serialise(batch, json_names) if self.hider is None else self._hidden(self.hider, batch, json_names)
        self._note(lines.problems)
        self.volumes.add_lines(lines.data, lines.written)
        self.count += lines.written
        self.size += len(lines.data)
        if (now := time.monotonic()) - self.told_at >= _PROGRESS_SECONDS:
            self.told_at = now
            self.on_progress(self.count)
        return lines.data

    def _hidden(self, hider: Hider, batch: Sequence[dict[str, Any]], json_names: Sequence[str]) -> Lines:
        lines = serialise(hider.plain_fields(batch, json_names), json_names)
        return Lines(hider.lines(lines.data), lines.written, [hider.problem(problem) for problem in lines.problems])

    def _note(self, problems: Sequence[Problem]) -> None:
        room = NAMED_PROBLEMS - len(self.problems)
        self.problems += problems[:room]
        self.dropped += len(problems[room:])

    def _text(self, text: str) -> str:
        return self.hider.text(text) if self.hider else text

    def _shown(self, text: str) -> str:
        return _shown(self._text(str(text)))  # what is hidden goes first: it is not found in a text that was changed

    def _given(self, item: FileItem) -> FileItem | None:
        """The file as it may be given; None where it is left out, or where it can't be read and so not be looked through."""
        if self.hider is None:
            return item
        try:
            return self.hider.file(item)
        except Exception:
            self._unreadable_file(item)
            return None

    def _unreadable_file(self, item: FileItem) -> None:
        self._note([Problem(self._shown(item.key), gettext("The file that belongs to it could not be read."))])

    def _keep_file(self, original: FileItem) -> None:
        item = self._given(original)
        if item is None:
            return
        number = len(self.files) + 1
        path = f"files/{path_part(self.description.key)}/{number}.{_EXTENSIONS.get(item.media_type.lower(), 'bin')}"
        name = f"{self.prefix}/files/{number}"
        digest = hashlib.sha256()
        sizes: list[int] = []

        def chunks() -> Iterator[bytes]:
            try:
                with item.open() as stream:
                    while chunk := stream.read(_FILE_CHUNK):
                        digest.update(chunk)
                        sizes.append(len(chunk))
                        yield chunk
            except GeneratorExit:
                raise
            except Exception as error:
                raise _Unreadable from error

        self.written.append(name)
        try:
            sealed = self.store.put_stream(name, encrypt_stream(chunks(), key=self.key, context=_file_context(path)))
        except _Unreadable:
            self._unreadable_file(item)
            return
        self.files.append(
            StoredFile(
                record=self._shown(item.key),
                path=path,
                original_name=shown_name(self._text(item.original_name)),
                media_type=_shown(item.media_type)[:100],
                size=sum(sizes),
                sha256=digest.hexdigest(),
                object_name=name,
                sealed_size=sealed,
            )
        )


def shown_name(original: str) -> str:
    """A file's name as a person may see it: nothing that acts, no card number, not endless. It is never used as a path."""
    name = mask_card_numbers(visible(" ".join(original.split())))
    if len(name) > ORIGINAL_NAME_CHARACTERS:
        half = ORIGINAL_NAME_CHARACTERS // 2
        name = f"{name[:half]}…{name[-half + 1 :]}"
    return name


def _shown(text: str) -> str:
    return mask_card_numbers(plain_text(str(text)))


def _records_context(source_key: str) -> str:
    """What a record stream is sealed for: the records of one source can't pass for those of another."""
    return f"records:{source_key}"


def _file_context(path: str) -> str:
    return f"file:{path}"  # the path begins with the source


def _next_batch(records: int, size: int) -> int:
    """How many records the next batch takes, so that it comes to about half a megabyte."""
    return max(1, min(_LARGEST_BATCH, records * 2, _BATCH_BYTES * records // max(size, 1)))
