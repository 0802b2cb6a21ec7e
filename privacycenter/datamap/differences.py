"""What changed between two texts, word by word, for people to read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from privacycenter.datamap.models.versions import Version

_PARTS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Part:
    """A stretch of text: `kind` is "same", "gone" or "new"."""

    kind: str
    text: str


@dataclass(frozen=True)
class FieldChange:
    """One field that reads differently."""

    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class VersionLine:
    """A version with what it changed; nothing for the first one."""

    version: Version
    changes: tuple[FieldChange, ...]


def parts_of(before: str, after: str) -> tuple[Part, ...]:
    """The two texts as one, with what is gone and what is new marked."""
    old, new = _PARTS.findall(before), _PARTS.findall(after)
    found: list[Part] = []
    for kind, old_start, old_end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Part("same", "".join(new[new_start:new_end])))
            continue
        found += [Part("gone", "".join(old[old_start:old_end]))] if old_end > old_start else []
        found += [Part("new", "".join(new[new_start:new_end]))] if new_end > new_start else []
    return tuple(found)


def lines_of(versions: Sequence[Version], names: Iterable[str]) -> list[VersionLine]:
    """Versions, newest first as they come, each with its differences from the one before in the fields `names`."""
    names = tuple(names)
    older = [*versions[1:], None]
    return [
        VersionLine(version, _changes(before, version, names) if before else ()) for version, before in zip(versions, older, strict=True)
    ]


def _changes(before: Version, after: Version, names: tuple[str, ...]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(force_str(_label(after, name)), parts_of(_words(before, name), _words(after, name)))
        for name in names
        if getattr(before, name) != getattr(after, name)
    )


def _label(version: Version, name: str) -> Any:
    return version._meta.get_field(name).verbose_name  # type: ignore[union-attr]


def _words(version: Version, name: str) -> str:
    """A value as people read it: choices by their label, truth as yes and no, facts line by line."""
    value = getattr(version, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return "\n".join(_lines(value))
    field: Any = version._meta.get_field(name)
    return force_str(dict(field.flatchoices).get(value, value)) if field.choices else force_str(value)


def _lines(value: Any) -> list[str]:
    """Every text within nested facts, in order."""
    if isinstance(value, dict):
        return [line for each in value.values() for line in _lines(each)]
    if isinstance(value, list):
        return [line for each in value for line in _lines(each)]
    return [str(value)] if value else []
