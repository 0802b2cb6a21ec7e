"""Checking a bundle, offline and without a database: only the file and public keys. Nothing large is held.

It answers one question: is this file, to the byte, what the holder of the key put together? Everything is read from the file
as if an attacker had written it: sizes are limited, names are never used as paths, nothing is unpacked.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from jsonschema import Draft202012Validator, FormatChecker

from requests_app.bundle.assemble import FORMAT_VERSION, SCHEMA_ENTRY, schema_bytes
from requests_app.bundle.signing import is_signed_by

REQUIRED = ("index.html", "personal-data.pdf", "personal-data.json", SCHEMA_ENTRY)
UNLISTED = ("manifest.json", "manifest.sig")
_ENTRY = re.compile(r"index\.html|personal-data\.(?:pdf|json)|schema/[a-z0-9.-]+|(?:pdf|files)/[a-z0-9_.-]+(?:/[a-z0-9_.-]+)?", re.ASCII)
_SMALL = 64 * 1024 * 1024  # a manifest of a million entries has less
_CHUNK = 1024 * 1024
_SHOWN = 20


@dataclass(slots=True)
class Report:
    """What was found. `errors` empty: the file is genuine and whole. Names of entries are ours; no text of the person is in it."""

    reference: str = ""
    created: str = ""
    key_id: str = ""
    entries: int = 0
    bytes: int = 0
    sources: dict[str, int] = field(default_factory=dict)
    records: int = 0
    problems: int = 0
    files: int = 0
    checks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        return not self.errors

    def wrong(self, text: str) -> None:
        if len(self.errors) < _SHOWN:
            self.errors.append(text)


class NotABundle(Exception):
    """The file can't be read as a bundle at all."""


def verify(path: Path, *, keys: Mapping[str, bytes]) -> Report:
    """Check a bundle against public keys by key id. Raises NotABundle, and OSError for a file that can't be read."""
    report = Report()
    try:
        with zipfile.ZipFile(path) as archive:
            _check_structure(archive, path.stat().st_size, report)
            manifest_data = _small(archive, "manifest.json", report)
            listed = _check_manifest(manifest_data, report)
            _check_signature(manifest_data, _small(archive, "manifest.sig", report), keys, report)
            _check_hashes(archive, listed, report)
            if report.is_valid:
                _check_document(archive, listed, report)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, ValueError, struct.error) as error:
        if report.entries == 0:
            raise NotABundle("this is no readable ZIP archive") from error
        report.wrong("the archive is damaged: an entry can't be unpacked")
    return report


def _check_structure(archive: zipfile.ZipFile, size: int, report: Report) -> None:
    """Only entries of ours, each once, unencrypted, one after the other without gaps in which something could hide."""
    infos = archive.infolist()
    report.entries = len(infos)
    names = [info.filename for info in infos]
    if len(names) != len(set(names)) or len(names) != len({name.casefold() for name in names}):
        report.wrong("an entry stands twice")
    for info in infos:
        if info.filename not in UNLISTED and (not _ENTRY.fullmatch(info.filename) or ".." in info.filename):
            report.wrong(f"an entry has a name that no bundle has: {_shown(info.filename)}")
        if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            report.wrong(f"an entry is packed in a way that no bundle is: {_shown(info.filename)}")
    for name in (*REQUIRED, *UNLISTED):
        if name not in names:
            report.wrong(f"{name} is missing")
    if archive.comment or any(info.comment for info in infos):
        report.wrong("the archive bears a comment")
    expected = 0
    for info in infos:
        if info.header_offset != expected:
            report.wrong("the archive holds bytes that belong to no entry")
            break
        expected = _end_of(archive, info)
    else:
        if archive.start_dir != expected:
            report.wrong("the archive holds bytes that belong to no entry")
    if not report.errors:
        report.checks.append("the archive holds only what a bundle holds, each entry once")


def _end_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """Where the next entry begins: behind the header, the data, and the sizes that follow streamed data (APPNOTE 4.3.9)."""
    stream = archive.fp
    assert stream is not None, "the archive is open"
    stream.seek(info.header_offset)
    header = stream.read(30)
    if len(header) != 30 or not header.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile
    name, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
    end = info.header_offset + 30 + name + extra + info.compress_size
    if info.flag_bits & 0x8:
        end += 24 if extra else 16
    return end


def _small(archive: zipfile.ZipFile, name: str, report: Report) -> bytes:
    if name not in archive.namelist():
        return b""
    with archive.open(name) as stream:
        data = stream.read(_SMALL + 1)
    if len(data) > _SMALL:
        report.wrong(f"{name} is larger than any bundle's")
        return b""
    return data


def _check_manifest(data: bytes, report: Report) -> dict[str, tuple[int, str]]:
    """The listed entries: name to size and checksum."""
    try:
        manifest = json.loads(data)
        listed = {entry["name"]: (entry["size"], entry["sha256"]) for entry in manifest["entries"]}
        report.reference, report.created = _shown(manifest["ref"]), _shown(manifest["created"])
        report.key_id = _shown(manifest["key_id"])
        if len(listed) != len(manifest["entries"]):
            report.wrong("the manifest names an entry twice")
        if manifest["format_version"] != FORMAT_VERSION:
            report.wrong("the bundle has a format version that this software does not know")
    except (ValueError, TypeError, KeyError, RecursionError):
        report.wrong("manifest.json can't be read")
        return {}
    return listed


def _check_signature(manifest: bytes, signature: bytes, keys: Mapping[str, bytes], report: Report) -> None:
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
    except binascii.Error:
        report.wrong("manifest.sig is no signature")
        return
    public = keys.get(report.key_id)
    if public is None:
        report.wrong(f"the signing key is not among the keys given: {report.key_id or 'none named'}")
    elif not is_signed_by(public, raw, manifest):
        report.wrong("the signature of the manifest is wrong")
    else:
        report.checks.append(f"the manifest is signed with key {report.key_id}")


def _check_hashes(archive: zipfile.ZipFile, listed: Mapping[str, tuple[int, str]], report: Report) -> None:
    present = {name for name in archive.namelist() if name not in UNLISTED}
    for name in sorted(present - set(listed)):
        report.wrong(f"an entry is not in the manifest: {_shown(name)}")
    for name in sorted(set(listed) - present):
        report.wrong(f"an entry of the manifest is missing: {_shown(name)}")
    before = len(report.errors)
    for name in sorted(present & set(listed)):
        size, checksum = listed[name]
        digest, count = hashlib.sha256(), 0
        with archive.open(name) as stream:
            while (chunk := stream.read(_CHUNK)) and count <= (size if isinstance(size, int) else 0):
                digest.update(chunk)
                count += len(chunk)
        report.bytes += count
        if count != size or digest.hexdigest() != checksum:
            report.wrong(f"an entry was changed: {_shown(name)}")
    if before == len(report.errors):
        report.checks.append(f"{len(listed)} entries have the size and the checksum that the manifest says")


def _check_document(archive: zipfile.ZipFile, listed: Mapping[str, tuple[int, str]], report: Report) -> None:
    """personal-data.json against our schema and its own counts, source by source and record by record."""
    if archive.read(SCHEMA_ENTRY) != schema_bytes():
        report.wrong("the schema is not the one of this format version")
    files: dict[str, tuple[int, str]] = {}
    with archive.open("personal-data.json") as stream:
        try:
            frame = _frame(stream, report, files)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            report.wrong("personal-data.json is not the JSON document that a bundle holds")
            return
    for error in Draft202012Validator(json.loads(schema_bytes()), format_checker=FormatChecker()).iter_errors(frame):
        report.wrong(f"personal-data.json does not keep to its schema at {'/'.join(map(str, error.absolute_path)) or 'the top'}")
    if frame["reference"] != report.reference or frame["created"] != report.created:
        report.wrong("personal-data.json bears another reference or moment than the manifest")
    if files != {name: value for name, value in listed.items() if name.startswith("files/")}:
        report.wrong("the files of the bundle are not the files that personal-data.json names")
    report.files = len(files)
    if report.is_valid:
        report.checks.append("personal-data.json keeps to its schema and its counts are right")


def _frame(stream: IO[bytes], report: Report, files: dict[str, tuple[int, str]]) -> Any:
    """The document without its records, which are counted and checked as they pass.

    `personal-data.json` writes every record on a line of its own between `"records": [` and `],`, which is what makes this
    possible with little memory; a document that is laid out otherwise is no bundle of ours.
    """
    frame: list[bytes] = []
    counts: list[int] = []
    inside = awaits = False
    for line in _lines(stream):
        if not inside:
            frame.append(line)
            if line in (b'      "records": [\n', b'      "records": [],\n'):
                counts.append(0)
                inside = awaits = line.endswith(b"[\n")
            continue
        stripped = line.strip()
        if stripped == b"],":
            if awaits:
                raise ValueError
            inside = False
            frame.append(line)
            continue
        has_comma = stripped.endswith(b",")
        record = json.loads(stripped[:-1] if has_comma else stripped)
        if not awaits or not isinstance(record, dict) or "key" not in record:
            raise ValueError
        awaits = has_comma
        counts[-1] += 1
    document = json.loads(b"".join(frame))
    for source, count in zip(document["sources"], counts, strict=True):
        if source["count"] != count:
            report.wrong(f"the count of a source is wrong: {_shown(source['key'])}")
        report.sources[source["status"]] = report.sources.get(source["status"], 0) + 1
        report.records += count
        report.problems += len(source["problems"])
        files.update({item["path"]: (item["size"], item["sha256"]) for item in source["files"]})
    return document


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines as they are, checked to be UTF-8; the last one needs no end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    rest = b""
    while chunk := stream.read(_CHUNK):
        decoder.decode(chunk)
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in whole)
    decoder.decode(b"", final=True)
    if rest:
        yield rest


def _shown(text: object) -> str:
    """A name out of a file that may be hostile: short and printable."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(text)[:100])
