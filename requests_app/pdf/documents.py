"""What a PDF says, as plain data: the documents, and their form on the pipe to the child process.

Every text in here is data to be shown: nothing is read as markup, template or address. Texts for people
(titles, rules, reasons) come in the person's language already; the fixed words come from `labels`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar

from .volumes import VALUE_CHARACTERS, VALUE_DEPTH

JsonValue = Any
"""str, int, float, bool, None, or a list or dict of them; decimals and times come as strings."""

Record = Mapping[str, JsonValue]
"""One record of a source: field name to value, in the order to print."""

Status = Literal["found", "nothing_held", "withheld", "failed"]
T = TypeVar("T")


@dataclass(slots=True)
class Purpose:
    """What the data is used for, and the legal basis, in words."""

    title: str
    legal_basis: str


@dataclass(slots=True)
class Field:
    """A field of a source: its name in the records, its label for people, its sensitivity, and why its values are not given."""

    name: str
    label: str
    sensitivity: str = ""
    withheld: str = ""


@dataclass(slots=True)
class RecordProblem:
    """A record that couldn't be read: which one, and why, without its content."""

    record: str
    reason: str


@dataclass(slots=True)
class VolumeRef:
    """A further volume: its path in the bundle and the ordinals (from 1) of its first and last record."""

    path: str
    first: int
    last: int


@dataclass(slots=True)
class FileRef:
    """A file of the bundle: its path in it, the name it had, its media type, its size in bytes."""

    path: str
    original_name: str
    media_type: str
    size: int


@dataclass(slots=True)
class SourceSection:
    """One source of personal data: the facts of Art. 15(1), and its records or where they are."""

    key: str
    title: str
    category: str
    status: Status
    reason: str | None = None
    origin: str = ""
    purposes: list[Purpose] = field(default_factory=list, metadata={"of": Purpose})
    recipients: list[str] = field(default_factory=list)
    retention_rule: str = ""
    retention_until: str | None = None
    portable: bool = False
    fields: list[Field] = field(default_factory=list, metadata={"of": Field})
    count: int = 0
    records: list[Record | None] = field(default_factory=list)
    volumes: list[VolumeRef] = field(default_factory=list, metadata={"of": VolumeRef})
    problems: list[RecordProblem] = field(default_factory=list, metadata={"of": RecordProblem})
    files: list[FileRef] = field(default_factory=list, metadata={"of": FileRef})

    @property
    def is_closed(self) -> bool:
        """Whether none of it is given: somebody withheld it, or it could not be read."""
        return self.status in ("withheld", "failed")

    @property
    def withheld_fields(self) -> list[Field]:
        """What is left out of records that are given."""
        return [item for item in self.fields if item.withheld] if self.status == "found" else []


@dataclass(slots=True)
class Controller:
    """Who answers for the data."""

    name: str
    contact_email: str
    address_lines: list[str] = field(default_factory=list)
    country: str = ""


@dataclass(slots=True)
class Identifier:
    """Something the person is known by: the label of its kind ("E-mail address") and its value."""

    kind: str
    value: str


@dataclass(slots=True)
class Person:
    """Whose data it is. Without a display name the first identifier stands on the cover."""

    display_name: str | None = None
    identifiers: list[Identifier] = field(default_factory=list, metadata={"of": Identifier})


@dataclass(slots=True)
class Listing:
    """A small table: columns (name in the rows, label), rows, and the sentence that stands for no rows."""

    columns: list[Field] = field(default_factory=list, metadata={"of": Field})
    rows: list[Record] = field(default_factory=list)
    empty: str = ""


@dataclass(slots=True)
class Right:
    """One right of the person, with what it means and how to use it."""

    title: str
    text: str


@dataclass(slots=True)
class Authority:
    """The supervisory authority: name, web address (printed, never followed), how to file."""

    name: str
    web_address: str = ""
    how_to_file: str = ""


@dataclass(slots=True)
class MainDocument:
    """`personal-data.pdf`. `created` is RFC 3339 and decides the bytes; `created_text` is for people.

    `labels` may replace fixed words (see `labels.TEXTS`); what is missing is looked up by language when
    the document is sent to the renderer.
    """

    reference: str
    created: str
    created_text: str
    language: str
    kind: Literal["access", "portability"]
    controller: Controller = field(metadata={"one": Controller})
    subject: Person = field(metadata={"one": Person})
    sources: list[SourceSection] = field(default_factory=list, metadata={"of": SourceSection})
    consents: Listing = field(default_factory=Listing, metadata={"one": Listing})
    disclosures: Listing = field(default_factory=Listing, metadata={"one": Listing})
    access_log: Listing = field(default_factory=Listing, metadata={"one": Listing})
    automated_decisions: Listing = field(default_factory=Listing, metadata={"one": Listing})
    transfers: Listing = field(default_factory=Listing, metadata={"one": Listing})
    rights: list[Right] = field(default_factory=list, metadata={"of": Right})
    authority: Authority | None = field(default=None, metadata={"one": Authority})
    how_to_check: str = ""
    hidden: list[str] = field(default_factory=list)  # paragraphs: what was hidden of other people, and what one can do
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class VolumeDocument:
    """One further volume of a source: records `first` to `first + len(records) - 1`, volume `number` of `total`.

    `source` carries the facts; its own `records` and `volumes` are not printed here.
    """

    reference: str
    created: str
    created_text: str
    language: str
    source: SourceSection = field(metadata={"one": SourceSection})
    number: int = 1
    total: int = 1
    first: int = 1
    records: list[Record | None] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class LetterSection:
    """A heading of a letter and the paragraphs below it."""

    heading: str
    paragraphs: list[str] = field(default_factory=list)


@dataclass(slots=True)
class LetterDocument:
    """A letter with the decision on a request: who writes, about what, and the text under its headings."""

    reference: str
    created: str
    created_text: str
    language: str
    title: str
    controller: Controller = field(metadata={"one": Controller})
    sections: list[LetterSection] = field(default_factory=list, metadata={"of": LetterSection})
    labels: dict[str, str] = field(default_factory=dict)


Document = MainDocument | VolumeDocument | LetterDocument
"""What a renderer takes. A record that is None is one that could not be printed; a line says so."""

_KINDS: dict[str, type[Document]] = {"main": MainDocument, "volume": VolumeDocument, "letter": LetterDocument}


def encode(document: Document) -> bytes:
    """The document as JSON for the pipe. Anything can be in a record; what no PDF prints is cut here already."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(document, cls))
    return json.dumps({"kind": kind, "document": _plain(document, 0)}, separators=(",", ":")).encode("ascii")


def decode(payload: bytes) -> Document:
    """The document that `encode` wrote."""
    data = json.loads(payload)
    return _build(_KINDS[data["kind"]], data["document"])


def _plain(value: object, depth: int) -> object:
    """JSON-ready form: dataclasses as objects, long texts and deep structures cut, unknown types as text.

    One character more than is printed is kept, so that the child sees that something was cut.
    """
    if value is None or value is True or value is False or isinstance(value, float):
        return value
    if isinstance(value, str):
        return value if len(value) <= VALUE_CHARACTERS else value[: VALUE_CHARACTERS + 1]
    if isinstance(value, int):
        return value if value.bit_length() < 10_000 else hex(value)
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name), 0) for item in fields(value)}
    if depth > VALUE_DEPTH + 5:
        return "…"
    if isinstance(value, Mapping):
        return {str(_plain(key, depth)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return str(value)[: VALUE_CHARACTERS + 1]


def _build(cls: type[T], data: Mapping[str, Any]) -> T:
    """A dataclass from its JSON form, following the classes named in the fields' metadata."""
    values: dict[str, Any] = {}
    for item in fields(cls):  # type: ignore[arg-type]
        value = data[item.name]
        if value is not None and "of" in item.metadata:
            value = [_build(item.metadata["of"], entry) for entry in value]
        elif value is not None and "one" in item.metadata:
            value = _build(item.metadata["one"], value)
        values[item.name] = value
    return cls(**values)
