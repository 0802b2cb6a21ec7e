"""What goes into a bundle besides the records themselves, as plain data in the person's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from requests_app.bundle.step_output import StepOutput

Kind = Literal["access", "portability"]
SourceStatus = Literal["found", "nothing_held", "withheld", "failed"]
Row = Mapping[str, Any]
"""One line of a list (consents, disclosures …): column name to text, number, aware datetime or None."""


@dataclass(frozen=True, slots=True)
class PurposeFact:
    key: str
    title: str
    legal_basis: str


@dataclass(frozen=True, slots=True)
class RecipientFact:
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class FieldFact:
    """A field of a source. `withheld` is the ground where the field exists but its values are not given."""

    name: str
    label: str
    sensitivity: str
    withheld: str = ""


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One source with its facts and how its step ended. `reason` is printed: why withheld, why failed."""

    key: str
    title: str
    category: str
    origin: str
    purposes: Sequence[PurposeFact]
    recipients: Sequence[RecipientFact]
    retention_rule: str
    retention_until: str | None
    portable: bool
    fields: Sequence[FieldFact]
    status: SourceStatus
    reason: str | None = None
    output: StepOutput | None = None

    def __post_init__(self) -> None:
        if self.status in {"withheld", "failed"} and (self.output is not None or not self.reason):
            raise ValueError("a source that is withheld or failed has a reason and no output")
        if self.output is not None and self.output.source_key != self.key:
            raise ValueError("an output of another source")


@dataclass(frozen=True, slots=True)
class ControllerFact:
    name: str
    contact: str
    country: str = ""
    address_lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class IdentifierFact:
    """Something proven that the person is known by; `label` is the word for its kind."""

    kind: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class SubjectFact:
    """Whose data it is. `account` holds the account's facts by name, or None for somebody without one."""

    identifiers: Sequence[IdentifierFact]
    account: Row | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class RightFact:
    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class AuthorityFact:
    name: str
    web_address: str = ""
    how_to_file: str = ""


@dataclass(frozen=True, slots=True)
class HiddenFact:
    """How much of other people was hidden, and why (GDPR Art. 15(4)). Counts of "places", "records" and "files" by those words."""

    ground: str
    note: str
    total: Mapping[str, int]
    sources: Mapping[str, Mapping[str, int]]
    by: Mapping[str, int]  # of each redaction


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """Everything a bundle says, except the records, which stay in storage until they are copied.

    Rows of the lists use the columns named in `requests_app.bundle.words.LISTS`; further keys stand in the JSON only.
    """

    reference: str
    kind: Kind
    created: datetime
    language: str
    controller: ControllerFact
    subject: SubjectFact
    sources: Sequence[SourceResult]
    consents: Sequence[Row] = field(default_factory=tuple)
    disclosures: Sequence[Row] = field(default_factory=tuple)
    access_log: Sequence[Row] = field(default_factory=tuple)
    rights: Sequence[RightFact] = field(default_factory=tuple)
    automated_decisions: Sequence[Row] = field(default_factory=tuple)
    transfers: Sequence[Row] = field(default_factory=tuple)
    authority: AuthorityFact | None = None
    hidden: HiddenFact | None = None
    failure_reason: str = ""  # why staff called it complete although a source failed; printed

    def __post_init__(self) -> None:
        if self.created.tzinfo is None:
            raise ValueError("the moment of a bundle needs its time zone")
        keys = [source.key for source in self.sources]
        if len(keys) != len(set(keys)):
            raise ValueError("a source stands twice")
        if self.kind == "portability" and not all(source.portable for source in self.sources):
            raise ValueError("a portability bundle holds portable sources only")

    def with_hidden(self, hidden: HiddenFact) -> BundleFacts:
        """The same facts, which say that something is hidden."""
        return replace(self, hidden=hidden)

    def reason_of(self, source: SourceResult) -> str | None:
        """Why a source is not in it, as it is printed: with what staff said when they completed the bundle all the same."""
        if source.status == "failed" and self.failure_reason:
            return f"{source.reason} {self.failure_reason}"
        return source.reason or None
