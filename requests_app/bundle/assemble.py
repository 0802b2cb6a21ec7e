"""Making the file: every part streams through the archive and the seal into storage; nothing large is held."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import encrypt_stream
from requests_app.bundle.document import DataDocument
from requests_app.bundle.facts import BundleFacts, SourceResult
from requests_app.bundle.outputs import open_file
from requests_app.bundle.readable import main_document, volume_document, volume_path, volumes_of
from requests_app.bundle.signing import sign, signing_key_id
from requests_app.bundle.start_page import start_page
from requests_app.bundle.step_output import VolumePlan
from requests_app.bundle.unprinted import Press, Render, Unprinted, with_unprinted
from requests_app.bundle.zipping import Entry, ZipStream
from requests_app.pdf.client import shared_renderer
from requests_app.pdf.documents import MainDocument, RecordProblem, VolumeDocument

FORMAT_VERSION = 1
SCHEMA_ENTRY = "schema/personal-data.schema.json"
ReadVolume = Callable[[str, int], "Iterable[bytes] | bytes | None"]
_PROGRESS_SECONDS = 1.0
_LARGE_VOLUME = 64 * 1024 * 1024  # no volume comes near it; the archive only asks whether it could pass 4 GiB


@dataclass(frozen=True, slots=True)
class AssembledBundle:
    """The finished file. `sha256` and `size` are those of the ZIP as the person downloads it; `summary` holds no personal data."""

    object_name: str
    size: int
    sealed_size: int
    sha256: str
    entries: tuple[Entry, ...]
    summary: dict[str, Any]


@cache
def schema_bytes() -> bytes:
    """The JSON Schema of personal-data.json, as it stands in every bundle."""
    return (Path(__file__).parent / "schema" / "personal-data.schema.json").read_bytes()


def render(document: MainDocument | VolumeDocument) -> tuple[bytes, Sequence[RecordProblem]]:
    """The PDF of a document, made by the PDF room's child process. A record that can't be printed costs only its own line."""
    renderer = shared_renderer()
    if isinstance(document, MainDocument):
        return renderer.render_main_safely(document)
    return renderer.render_volume_safely(document)


def assemble(
    facts: BundleFacts,
    *,
    key: bytes,
    name: str,
    read_volume: ReadVolume | None = None,
    on_progress: Callable[[int], None] | None = None,
    render: Render = render,
    unprinted: Unprinted = MappingProxyType({}),
) -> AssembledBundle:
    """Write the bundle as the object `name`, sealed with `key`, the key that the outputs were sealed with.

    `read_volume(source_key, number)` gives the bytes of a volume that was rendered before; for one that could not be, None,
    and a page that says so takes its place. Volumes that nobody planned (the main PDF was full) are rendered here.
    `unprinted` names the records that are missing in volumes that were rendered before; those missing here are added to them.
    `on_progress` hears the bytes of the archive so far, at most once a second. The same input gives the same archive.
    """
    volumes = volumes_of(facts.sources)
    archive = ZipStream(facts.created)
    press = Press(render, unprinted)
    digest = hashlib.sha256()
    told_at = time.monotonic()

    def tell(_done: int = 0) -> None:
        nonlocal told_at
        if on_progress and (now := time.monotonic()) - told_at >= _PROGRESS_SECONDS:
            told_at = now
            on_progress(archive.size)

    def plain() -> Iterator[bytes]:
        for chunk in _archive(archive, facts, volumes, key, read_volume, press, tell):
            digest.update(chunk)
            tell()
            yield chunk

    sealed_size = storage().put_stream(name, encrypt_stream(plain(), key=key))
    complete = with_unprinted(facts, press.unprinted, key=key)
    return AssembledBundle(name, archive.size, sealed_size, digest.hexdigest(), tuple(archive.entries), _summary(complete, archive))


def _archive(
    archive: ZipStream,
    facts: BundleFacts,
    volumes: Mapping[str, Sequence[VolumePlan]],
    key: bytes,
    read_volume: ReadVolume | None,
    press: Press,
    tell: Callable[[int], None],
) -> Iterator[bytes]:
    # Printed before the start page is written, which says what could not be printed.
    main = press.main(main_document(with_unprinted(facts, press.unprinted, key=key), key=key))
    yield from archive.add("index.html", start_page(with_unprinted(facts, press.unprinted, key=key), volumes))
    yield from archive.add("personal-data.pdf", main)
    for source in facts.sources:
        for volume in volumes.get(source.key, ()):
            tell(0)
            path = volume_path(source.key, volume.number)
            data = _volume(facts, source, volume, len(volumes[source.key]), key, read_volume, press)
            if isinstance(data, bytes):
                yield from archive.add(path, data)
            else:
                yield from archive.stream(path, data, at_most=_LARGE_VOLUME)
    complete = with_unprinted(facts, press.unprinted, key=key)
    document = DataDocument(complete, key=key)
    yield from archive.stream("personal-data.json", document.chunks(on_progress=tell), at_most=document.at_most)
    yield from archive.add(SCHEMA_ENTRY, schema_bytes())
    for source in facts.sources:
        for file in source.output.files if source.output else ():
            yield from archive.stream(file.path, open_file(file, key=key), at_most=file.size)
    manifest = manifest_bytes(facts, archive.entries)
    yield from archive.add("manifest.json", manifest)
    yield from archive.add("manifest.sig", sign(manifest))
    yield from archive.finish()


def manifest_bytes(facts: BundleFacts, entries: Sequence[Entry]) -> bytes:
    """What is signed: the reference, the moment, the key's id, and every entry with its size and checksum."""
    head: dict[str, Any] = {
        "ref": facts.reference,
        "created": facts.created.isoformat(timespec="seconds"),
        "format_version": FORMAT_VERSION,
        "key_id": signing_key_id(),
    }
    if facts.hidden:
        places = [{"key": key, **counts} for key, counts in facts.hidden.sources.items()]
        head["hidden"] = {"ground": facts.hidden.ground, **facts.hidden.total, "sources": places}
    # Written line by line: a large bundle has thousands of entries.
    lines = (f'  {{"name": {json.dumps(entry.name)}, "size": {entry.size}, "sha256": "{entry.sha256}"}}' for entry in entries)
    opening = json.dumps(head, indent=1).removesuffix("\n}")
    joined = ",\n".join(lines)
    return f'{opening},\n "entries": [\n{joined}\n ]\n}}\n'.encode()


def _volume(
    facts: BundleFacts,
    source: SourceResult,
    volume: VolumePlan,
    total: int,
    key: bytes,
    read_volume: ReadVolume | None,
    press: Press,
) -> Iterable[bytes] | bytes:
    was_planned = bool(source.output and source.output.volumes)
    if was_planned and read_volume:
        data = read_volume(source.key, volume.number)
        if data is not None:
            return data
        document = volume_document(facts, source, replace(volume, length=0), key=key, total=total)
        return press.volume(replace(document, records=[None] * (volume.last - volume.first + 1)))
    return press.volume(volume_document(facts, source, volume, key=key, total=total))


def _summary(facts: BundleFacts, archive: ZipStream) -> dict[str, Any]:
    outputs = [source.output for source in facts.sources if source.output]
    hidden = {"hidden": {**facts.hidden.total, "by": dict(facts.hidden.by), "sources": list(facts.hidden.sources)}} if facts.hidden else {}
    return {
        **hidden,
        "entries": len(archive.entries),
        "volumes": sum(entry.name.startswith("pdf/") for entry in archive.entries),
        "sources": dict(Counter(source.status for source in facts.sources)),
        "records": sum(output.count for output in outputs),
        "files": sum(len(output.files) for output in outputs),
        "problems": sum(len(output.problems) for output in outputs),
    }
