"""Whether what staff want to hide stands in a copy, and the records of it that they can pick from."""

from __future__ import annotations

import json
from typing import Any

from requests_app.enums import RedactionKind
from requests_app.fulfilment.reading import entry_size
from requests_app.models import Bundle, Request
from requests_app.redaction.candidates import FILES, stretches
from requests_app.redaction.hiding import Hidden, HiddenText
from requests_app.redaction.loading import region_of
from requests_app.redaction.patterns import TooShort, needle_for
from requests_app.redaction.scanning import AT_ONCE_BYTES

SHOWN = 20
"""How many records of a source are listed to pick from."""

_WORDS = 60


def can_be_looked_at(bundle: Bundle | None) -> bool:
    """Whether a copy is there and small enough to be read while somebody waits."""
    return bundle is not None and entry_size(bundle, "personal-data.json") <= AT_ONCE_BYTES


def has_text(bundle: Bundle, request: Request, text: str) -> bool:
    """Whether a text stands in the data of a copy. What is too short to be hidden counts as there: hiding it says why it can't be."""
    try:
        needle = needle_for(" ".join(text.split()), region=region_of(request))
    except TooShort:
        return True
    hidden = Hidden([HiddenText("", needle, "")])
    return any(hidden.may_be_in(stretch.json) for stretch in stretches(bundle))


def has_place(bundle: Bundle, *, kind: str, source: str, record_key: str, field: str = "") -> bool:
    """Whether a copy has such a record, a field of it, or a file of it."""
    files: list[dict[str, Any]] = []
    key = record_key.strip()
    for stretch in stretches(bundle, files=files):
        if kind == RedactionKind.FILE or stretch.source != source or stretch.name:
            continue
        record = json.loads(stretch.json)
        if str(record["key"]) == key:
            return kind == RedactionKind.RECORD or field.strip() in record
    if kind != RedactionKind.FILE:
        return False
    return len(files) >= FILES or any(file["source"] == source and str(file["record"]) == key for file in files)


def records_to_pick(bundle: Bundle) -> list[dict[str, Any]]:
    """Each source of a copy with the keys of its first records, the first words of each, and its fields."""
    sources: dict[str, dict[str, Any]] = {}
    for stretch in stretches(bundle):
        if stretch.name:
            continue
        source = sources.setdefault(stretch.source, {"title": stretch.title, "records": [], "more": 0})
        if len(source["records"]) >= SHOWN:
            source["more"] += 1
            continue
        record = json.loads(stretch.json)
        fields = [name for name in record if name != "key"]
        words = next((str(record[name]) for name in fields if record[name] not in (None, "", [], {})), "")
        source["records"].append({"key": record["key"], "words": words[:_WORDS], "fields": ", ".join(fields)})
    return list(sources.values())
