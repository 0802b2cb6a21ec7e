from __future__ import annotations

from privacycenter.kernel.page_size import FIRST_ROWS, PAGE_BYTES, PageSize, weight


def test_pages_of_small_rows_grow_to_the_largest():
    size = PageSize(largest=5_000)
    seen = [size.rows]
    while size.rows < 5_000:
        size.learn([(1, "short", None)] * size.rows)
        seen.append(size.rows)

    assert seen == [FIRST_ROWS, 800, 5_000]


def test_pages_of_large_rows_shrink_to_a_few_megabytes_and_grow_again():
    size = PageSize(largest=5_000)

    size.learn([(1, "x" * 1_000_000)] * 100)
    assert size.rows == 4
    size.learn([(1, "x" * 100_000_000)] * 4)
    assert size.rows == 1
    size.learn([(1, "x" * 10)])
    assert size.rows == 8


def test_weight_looks_into_nested_values_and_is_close_for_many_rows():
    assert weight([(1, {"a": ["x" * 1_000]})]) > 1_000
    assert 0.9 < weight([(b"x" * 1_000,)] * 3_000) / 3_048_000 < 1.1
    assert weight([]) == 1
    assert PAGE_BYTES == 4_194_304
