"""personal-data.json, written as a stream: the facts from memory, the records copied from the sealed outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from requests_app.bundle.facts import BundleFacts, SourceResult
from requests_app.bundle.outputs import open_records
from requests_app.bundle.serialise import to_json_each
from requests_app.bundle.words import withheld_ground

FORMAT = "urn:privacycenter:personal-data:1"


class DataDocument:
    """The document of one bundle. What stands between the records is written at once, because it tells the document's size."""

    def __init__(self, facts: BundleFacts, *, key: bytes) -> None:
        self._sources, self._key = facts.sources, key
        start = _members(_opening(facts), indent=2, start=b"{\n") + b',\n  "sources": ['
        self._between = []  # what stands before the records of each source
        for source in facts.sources:
            self._between.append(start + _members(_source(facts, source), indent=6, start=b"\n    {\n") + b',\n      "records": [')
            start = _members(_after_records(source), indent=6, start=b"],\n") + b"\n    },"
        self._end = start.removesuffix(b",") + _members(_closing(facts), indent=2, start=b"\n  ],\n") + b"\n}\n"

    @property
    def at_most(self) -> int:
        """No less than the document's size in bytes: what the archive needs to know before it is written."""
        outputs = [source.output for source in self._sources if source.output]
        # Around the records of a source: a line end before them, one less than each of theirs, and one with six spaces after them.
        return sum(map(len, self._between)) + len(self._end) + sum(output.size + output.count + 8 for output in outputs)

    def chunks(self, *, on_progress: Callable[[int], None]) -> Iterator[bytes]:
        """The document in pieces. `on_progress` hears how many bytes of records of a source were copied."""
        for source, before in zip(self._sources, self._between, strict=True):
            yield before
            yield from _records(source, self._key, on_progress)
        yield self._end


def field_facts(source: SourceResult) -> list[dict[str, Any]]:
    """The fields of a source; a field that is withheld says on what ground."""
    described = []
    for item in source.fields:
        ground = withheld_ground(item.sensitivity, item.withheld)
        described.append(
            {"name": item.name, "label": item.label, "sensitivity": item.sensitivity} | ({"withheld": ground} if ground else {})
        )
    return described


def _records(source: SourceResult, key: bytes, on_progress: Callable[[int], None]) -> Iterator[bytes]:
    # Lines become elements: every line end but the last becomes a comma. No line end stands inside a line (RFC 8259, 7).
    if source.output is None or source.output.count == 0:
        return
    copied, separator = 0, b"\n"
    for piece in open_records(source.output, key=key):
        copied += len(piece)
        whole = piece.endswith(b"\n")
        yield separator + (piece[:-1] if whole else piece).replace(b"\n", b",\n")
        separator = b",\n" if whole else b""
        on_progress(copied)
    yield b"\n      "


def _opening(facts: BundleFacts) -> dict[str, Any]:
    controller, subject = facts.controller, facts.subject
    return {
        "format": FORMAT,
        "reference": facts.reference,
        "created": facts.created.isoformat(timespec="seconds"),
        "controller": {
            "name": controller.name,
            "contact": controller.contact,
            "country": controller.country,
            "address": list(controller.address_lines),
        },
        "subject": {
            "identifiers": [{"kind": item.kind, "value": item.value} for item in subject.identifiers],
            "account": dict(subject.account) if subject.account is not None else None,
        },
    }


def _source(facts: BundleFacts, source: SourceResult) -> dict[str, Any]:
    return {
        "key": source.key,
        "title": source.title,
        "category": source.category,
        "status": source.status,
        "reason": facts.reason_of(source),
        "origin": source.origin,
        "purposes": [{"key": item.key, "title": item.title, "legal_basis": item.legal_basis} for item in source.purposes],
        "recipients": [{"key": item.key, "name": item.name} for item in source.recipients],
        "retention": {"rule": source.retention_rule, "until": source.retention_until},
        "portable": source.portable,
        "fields": field_facts(source),
        "count": source.output.count if source.output else 0,
    }


def _after_records(source: SourceResult) -> dict[str, Any]:
    output = source.output
    return {
        "problems": [{"record": item.record, "reason": item.reason} for item in (output.problems if output else ())],
        "files": [
            {
                "path": item.path,
                "original_name": item.original_name,
                "media_type": item.media_type,
                "size": item.size,
                "sha256": item.sha256,
                "record": item.record,
            }
            for item in (output.files if output else ())
        ],
    }


def _closing(facts: BundleFacts) -> dict[str, Any]:
    authority = facts.authority
    return {
        "consents": list(facts.consents),
        "disclosures": list(facts.disclosures),
        "access_log": list(facts.access_log),
        "rights": {
            "exercised": facts.kind,
            "list": [{"key": item.key, "title": item.title, "text": item.text} for item in facts.rights],
            "authority": authority and {"name": authority.name, "web_address": authority.web_address, "how_to_file": authority.how_to_file},
        },
        "automated_decisions": list(facts.automated_decisions),
        "transfers": list(facts.transfers),
    }


def _members(members: dict[str, Any], *, indent: int, start: bytes) -> bytes:
    space = " " * indent
    names = [f'{space}"{name}": '.encode() for name in members]  # ours: nothing in them to be escaped
    return start + b",\n".join(map(bytes.__add__, names, to_json_each(list(members.values()))))
