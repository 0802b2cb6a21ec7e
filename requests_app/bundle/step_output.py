"""What one step leaves behind: counts, problems, and where the sealed records and files lie."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Literal, overload

from privacycenter.kernel.sources import Problem


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """A slice of the records that makes one further PDF: ordinals from 1, and the bytes it takes in the NDJSON."""

    number: int
    first: int
    last: int
    offset: int
    length: int


class VolumePlans(Sequence[VolumePlan]):
    """Plans one after the other from the first record on, kept as plain numbers: where each ends, by ordinal and by byte.

    A million records make thousands of volumes; as objects they would outweigh everything else that is in memory.
    """

    __slots__ = ("_ends",)

    def __init__(self, ends: Iterable[int] = ()) -> None:
        self._ends = array("q", ends)

    def append(self, last: int, end: int) -> None:
        """Add the volume that ends with record `last` at byte `end`."""
        self._ends.extend((last, end))

    def __len__(self) -> int:
        return len(self._ends) // 2

    @overload
    def __getitem__(self, index: int) -> VolumePlan: ...
    @overload
    def __getitem__(self, index: slice) -> list[VolumePlan]: ...
    def __getitem__(self, index: int | slice) -> VolumePlan | list[VolumePlan]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        place = range(len(self))[index]
        before, offset = (self._ends[2 * place - 2], self._ends[2 * place - 1]) if place else (0, 0)
        last, end = self._ends[2 * place], self._ends[2 * place + 1]
        return VolumePlan(place + 1, before + 1, last, offset, end - offset)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # it grows

    def to_json(self) -> list[int]:
        """The plain numbers."""
        return self._ends.tolist()


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

    A small output as its source gave it has its records in `plain` and is sealed when it is kept: most outputs are put into the
    bundle by the process that has just read them, and never rest anywhere.

    `volumes` is empty where the main PDF has room for the records of this source.
    """

    status: Literal["found", "nothing_held"]
    count: int
    problems: Sequence[Problem] = ()
    size: int = 0  # bytes of NDJSON
    plain: bytes | None = field(default=None, repr=False)
    inline: bytes | None = field(default=None, repr=False)
    object_name: str = ""
    sealed_size: int = 0
    volumes: VolumePlans = field(default_factory=VolumePlans)
    files: Sequence[StoredFile] = ()
    hidden: Mapping[str, int] = field(default_factory=dict)  # how much of other people was taken out, as the hider counts
    source_key: str = ""  # whose output it is; the records are sealed for it

    def to_json(self) -> str:
        """Everything but the inline bytes, as JSON text. It holds keys of records and names of files: keep it encrypted.

        Raises ValueError for an output that is not sealed: its records would be lost.
        """
        if self.plain is not None:
            raise ValueError("an output is sealed before it is kept")
        data = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in {"inline", "plain"}}
        data["problems"] = [list(problem) for problem in self.problems]
        data["volumes"] = self.volumes.to_json()
        data["files"] = [asdict(file) for file in self.files]
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
                "volumes": VolumePlans(data["volumes"]),
                "files": tuple(StoredFile(**file) for file in data["files"]),
            }
        )

    @property
    def object_names(self) -> list[str]:
        """Every object in storage that belongs to this output."""
        return [name for name in (self.object_name, *(file.object_name for file in self.files)) if name]
