"""A few records in a form that shows whether the right columns arrive, and not what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from privacycenter.kernel.sources import Locator, Record, Source

_SHOWN = 2
_WIDTH = 40


@dataclass(frozen=True)
class MaskedRecord:
    """One record: (label, masked value) per field. `problem` is set where it could not be read."""

    values: tuple[tuple[str, str], ...]
    problem: str = ""


def masked_sample(source: Source, locator: Locator, size: int) -> tuple[MaskedRecord, ...]:
    """The first records of a source, masked. The rest is never fetched."""
    labels = {field.name: field.label for field in source.describe().fields}
    sample: list[MaskedRecord] = []
    for item in islice(source.export(locator), size):
        if isinstance(item, Record):
            sample.append(MaskedRecord(tuple((labels.get(name, name), masked(value)) for name, value in item.values.items())))
        else:
            sample.append(MaskedRecord((), getattr(item, "reason", "")))
    return tuple(sample)


def masked(value: Any) -> str:
    """The first two signs of a value and the shape of the rest: `luisg@embraer.com.br` becomes `lu•••@•••••••.•••.••`."""
    if value is None:
        return "–"
    text = str(value)
    shape = "".join("•" if character.isalnum() else character for character in text[_SHOWN:_WIDTH])
    return text[:_SHOWN] + shape + ("…" if len(text) > _WIDTH else "")
