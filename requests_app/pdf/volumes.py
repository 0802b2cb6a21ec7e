"""Where a source's records are cut into volumes, so that memory stays flat however many there are.

WeasyPrint keeps a whole document in memory until it is written. A volume therefore ends after
`VOLUME_RECORDS` records or `VOLUME_CHARACTERS` characters of serialised records, whichever comes
first. The numbers are a compromise between memory, the fixed cost per file (about 40 ms) and the number
of files a person has to open; `docs/decisions/0010-pdf.md` has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

VOLUME_RECORDS = 400
"""Most records in one further volume: about 18 pages of four short fields each."""

VOLUME_CHARACTERS = 250_000
"""Most characters of serialised records in one further volume: about 80 pages of running text."""

MAIN_RECORDS_PER_SOURCE = 200
"""A source with more records than this gets volumes of its own."""

MAIN_CHARACTERS_PER_SOURCE = 60_000
"""A source with more characters of serialised records than this gets volumes of its own."""

MAIN_RECORDS = 1_000
"""Most records of all sources together in the main PDF."""

MAIN_CHARACTERS = 300_000
"""Most characters of all sources' records together in the main PDF."""

RECORD_CHARACTERS = 60_000
"""Most characters printed of one record; a sentence points to the JSON for the rest."""

RECORD_FIELDS = 400
"""Most fields printed of one record; a sentence points to the JSON for the rest."""

VALUE_CHARACTERS = 20_000
"""Most characters printed of one value (about five pages); a sentence points to the JSON for the rest."""

VALUE_LINES = 400
"""Most lines printed of one value; a sentence points to the JSON for the rest."""

VALUE_DEPTH = 12
"""Deepest level of a nested value that is printed; a sentence points to the JSON for what is deeper."""


@dataclass(frozen=True, slots=True)
class Fill:
    """How full the volume being filled is. The empty one is where counting starts."""

    records: int = 0
    characters: int = 0


def add_record(fill: Fill, size: int) -> tuple[Fill, bool]:
    """Count one more record, `size` characters long when serialised.

    Returns the new state and whether this record is the first of a new volume. The very first record
    isn't: it goes into the volume that is open already. A record counts at most `RECORD_CHARACTERS`,
    because no more of it is printed. Same sizes in, same boundaries out.
    """
    cost = min(size, RECORD_CHARACTERS)
    if fill.records and (fill.records >= VOLUME_RECORDS or fill.characters + cost > VOLUME_CHARACTERS):
        return Fill(1, cost), True
    return Fill(fill.records + 1, fill.characters + cost), False


def fits_main(records: int, characters: int, *, used: Fill = Fill()) -> bool:
    """Whether a source of this many records and characters is printed in the main PDF.

    `used` is what earlier sources already put there. Otherwise the source gets volumes of its own.
    """
    return (
        records <= MAIN_RECORDS_PER_SOURCE
        and characters <= MAIN_CHARACTERS_PER_SOURCE
        and used.records + records <= MAIN_RECORDS
        and used.characters + characters <= MAIN_CHARACTERS
    )
