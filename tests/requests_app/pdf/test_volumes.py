"""Where volumes are cut: by count, by size, the same every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from requests_app.pdf.volumes import (
    MAIN_CHARACTERS,
    MAIN_RECORDS,
    MAIN_RECORDS_PER_SOURCE,
    RECORD_CHARACTERS,
    VOLUME_CHARACTERS,
    VOLUME_RECORDS,
    Fill,
    add_record,
    fits_main,
)


def volumes(sizes: list[int]) -> list[list[int]]:
    """The sizes, grouped as records are grouped into volumes."""
    fill, groups = Fill(), [[]]
    for size in sizes:
        fill, starts = add_record(fill, size)
        if starts:
            groups.append([])
        groups[-1].append(size)
    return groups


def test_short_records_are_cut_by_count() -> None:
    assert [len(group) for group in volumes([100] * (2 * VOLUME_RECORDS + 1))] == [VOLUME_RECORDS, VOLUME_RECORDS, 1]


def test_long_records_are_cut_by_characters() -> None:
    size = VOLUME_CHARACTERS // 5

    assert [len(group) for group in volumes([size] * 11)] == [5, 5, 1]


def test_record_longer_than_a_volume_counts_what_is_printed_of_it() -> None:
    assert [len(group) for group in volumes([50_000_000] * 9)] == [VOLUME_CHARACTERS // RECORD_CHARACTERS] * 2 + [1]


@given(st.lists(st.integers(0, 2 * VOLUME_CHARACTERS), min_size=1, max_size=200))
def test_no_volume_is_empty_or_too_full_and_none_could_have_ended_later(sizes: list[int]) -> None:
    groups = volumes(sizes)

    assert [size for group in groups for size in group] == sizes
    assert all(groups)
    for group in groups:
        assert len(group) <= VOLUME_RECORDS
        assert sum(min(size, RECORD_CHARACTERS) for size in group) <= VOLUME_CHARACTERS


def test_main_pdf_takes_small_sources_until_it_is_full() -> None:
    assert fits_main(MAIN_RECORDS_PER_SOURCE, 1000)
    assert not fits_main(MAIN_RECORDS_PER_SOURCE + 1, 1000)
    assert not fits_main(1, 10_000_000)
    assert not fits_main(10, 1000, used=Fill(MAIN_RECORDS - 9, 0))
    assert not fits_main(10, 1000, used=Fill(0, MAIN_CHARACTERS - 999))
