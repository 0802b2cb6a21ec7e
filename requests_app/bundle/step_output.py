"""What one step leaves behind: counts, problems, and where the sealed records and files lie."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from privacycenter.kernel.sources import Problem


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """A slice of the records that makes one further PDF: ordinals from 1, and the bytes it takes in the NDJSON."""

    number: int
    first: int
    last: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a record. `path` is its name in the bundle, made by us; `original_name` is safe to show."""

    record: str
    path: str
    original_name: str
    media_type: str
    size: int
    sha256: str
    object_name: str
    sealed_size: int


@dataclass(frozen=True, slots=True)
class StepOutput:
    """The result of one source. Small outputs travel inline (sealed bytes), large ones lie in storage under `object_name`.

    `volumes` is empty where the main PDF has room for the records of this source.
    """

    status: Literal["found", "nothing_held"]
    count: int
    problems: Sequence[Problem] = ()
    size: int = 0  # bytes of NDJSON
    inline: bytes | None = field(default=None, repr=False)
    object_name: str = ""
    sealed_size: int = 0
    volumes: Sequence[VolumePlan] = ()
    files: Sequence[StoredFile] = ()

    def to_json(self) -> str:
        """Everything but the inline bytes, as JSON text. It holds keys of records and names of files: keep it encrypted."""
        data = asdict(self)
        del data["inline"]
        data["problems"] = [list(problem) for problem in self.problems]
        return json.dumps(data, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, *, inline: bytes | None = None) -> StepOutput:
        """What `to_json` wrote, with the inline bytes that were kept beside it."""
        data = json.loads(text)
        return cls(
            **data
            | {
                "inline": bytes(inline) if inline is not None else None,
                "problems": tuple(Problem(*problem) for problem in data["problems"]),
                "volumes": tuple(VolumePlan(**volume) for volume in data["volumes"]),
                "files": tuple(StoredFile(**file) for file in data["files"]),
            }
        )

    @property
    def object_names(self) -> list[str]:
        """Every object in storage that belongs to this output."""
        return [name for name in (self.object_name, *(file.object_name for file in self.files)) if name]
