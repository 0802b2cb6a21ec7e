"""Sealed streams: what comes back is what went in, or an error; never something else."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.streams import HEADER, SEGMENT, TAG, SealedReader, encrypt_stream, sealed_size

KEY = bytes(range(32))
SEALED = SEGMENT + TAG


def seal(data: bytes, *, key: bytes = KEY, context: str = "", step: int = 100_000) -> bytes:
    return b"".join(encrypt_stream((data[start : start + step] for start in range(0, len(data), step)), key=key, context=context))


def reader(sealed: bytes, *, key: bytes = KEY, context: str = "") -> SealedReader:
    return SealedReader(lambda start, length: sealed[start : start + length], len(sealed), key, context)


def read_all(sealed: bytes) -> bytes:
    return b"".join(reader(sealed).iter())


SIZES = [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 16 * SEGMENT, 16 * SEGMENT + 1, 17 * SEGMENT, 33 * SEGMENT + 5]


@pytest.mark.parametrize("size", SIZES)
def test_any_size_comes_back_as_it_was(size):
    data = secrets.token_bytes(size)

    sealed = seal(data)

    assert (read_all(sealed), reader(sealed).size, len(sealed)) == (data, size, sealed_size(size))


@pytest.mark.parametrize("step", [1_000, SEGMENT, SEGMENT + 7, 5_000_000])
def test_the_size_of_the_chunks_makes_no_difference(step):
    data = secrets.token_bytes(2_300_000)

    assert read_all(seal(data, step=step)) == data


DATA = secrets.token_bytes(3 * SEGMENT + 1_000)
SEALED_DATA = seal(DATA)


@given(start=st.integers(0, len(DATA) + 10), length=st.integers(0, len(DATA) + 10))
@settings(max_examples=200, deadline=None)
def test_any_range_is_the_same_range_of_the_plain_bytes(start, length):
    assert reader(SEALED_DATA).read(start, length) == DATA[start : start + length]


@given(at=st.integers(0, len(SEALED_DATA) - 1), bit=st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_any_changed_bit_is_an_error(at, bit):
    changed = bytearray(SEALED_DATA)
    changed[at] ^= 1 << bit

    with pytest.raises(DecryptionFailed):
        read_all(bytes(changed))


@given(length=st.integers(0, len(SEALED_DATA) - 1))
@settings(max_examples=200, deadline=None)
def test_a_cut_object_is_an_error_before_its_size_is_told(length):
    with pytest.raises(DecryptionFailed):
        reader(SEALED_DATA[:length])


def segments() -> list[bytes]:
    return [SEALED_DATA[start : start + SEALED] for start in range(HEADER, len(SEALED_DATA), SEALED)]


@pytest.mark.parametrize(
    "order",
    [[0, 1, 2], [0, 1], [0], [3], [1, 2, 3], [0, 2, 1, 3], [0, 1, 2, 3, 3], [0, 0, 1, 2, 3], [0, 1, 3], [0, 2, 3]],
    ids=lambda order: "".join(map(str, order)),
)
def test_segments_cut_reordered_repeated_or_left_out_are_an_error(order):
    assert read_all(SEALED_DATA[:HEADER] + b"".join(segments())) == DATA

    with pytest.raises(DecryptionFailed):
        read_all(SEALED_DATA[:HEADER] + b"".join(segments()[index] for index in order))


@pytest.mark.parametrize("tail", [b"\x00", b"\x00" * TAG, b"\x00" * SEALED])
def test_a_prolonged_object_is_an_error(tail):
    with pytest.raises(DecryptionFailed):
        reader(SEALED_DATA + tail)


def test_an_object_that_ends_on_a_segment_can_not_lose_or_gain_one():
    sealed = seal(bytes(2 * SEGMENT))

    for changed in (sealed[:-SEALED], sealed + sealed[-SEALED:], sealed[:-SEGMENT]):
        with pytest.raises(DecryptionFailed):
            reader(changed)


def test_segments_of_another_object_under_the_same_key_are_an_error():
    first, second = seal(bytes(3 * SEGMENT)), seal(bytes(3 * SEGMENT))

    with pytest.raises(DecryptionFailed):
        read_all(first[: HEADER + SEALED] + second[HEADER + SEALED : HEADER + 2 * SEALED] + first[HEADER + 2 * SEALED :])


@pytest.mark.parametrize(("key", "context"), [(bytes(32), ""), (KEY, "files/1")])
def test_another_key_or_context_is_an_error(key, context):
    with pytest.raises(DecryptionFailed):
        reader(SEALED_DATA, key=key, context=context)


@pytest.mark.parametrize("foreign", [b"", b"PK\x03\x04", bytes(HEADER + TAG), b"PCS2\x01" + bytes(100)])
def test_a_foreign_object_is_an_error(foreign):
    with pytest.raises(DecryptionFailed):
        reader(foreign)


def test_a_storage_that_gives_too_little_is_an_error():
    short = SealedReader(lambda start, length: SEALED_DATA[start : start + length][: SEGMENT * 2], len(SEALED_DATA), KEY)

    with pytest.raises(DecryptionFailed):
        list(short.iter())


def test_the_same_bytes_are_never_sealed_the_same_twice():
    assert seal(b"the same") != seal(b"the same")


def test_an_error_of_the_input_comes_through():
    def chunks():
        yield bytes(SEGMENT)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(encrypt_stream(chunks(), key=KEY))


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        list(encrypt_stream([b"x"], key=b"short"))


def test_a_negative_position_is_refused():
    with pytest.raises(ValueError, match="negative"):
        reader(SEALED_DATA).read(-1, 5)


def test_reading_in_the_middle_fetches_only_what_is_needed():
    sealed, asked = seal(bytes(50 * SEGMENT)), []

    def read_range(start, length):
        asked.append(length)
        return sealed[start : start + length]

    SealedReader(read_range, len(sealed), KEY).read(20 * SEGMENT + 5, 10)

    assert asked == [HEADER, SEALED, SEALED]
