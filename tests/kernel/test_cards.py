from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from privacycenter.kernel.cards import contains_card_number, mask_card_numbers, mask_in, passes_luhn, refuse_card_number

# Numbers that payment networks publish for tests.
TEST_CARDS = ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "30569309025904", "4222222222222"]


def with_check_digit(digits: str) -> str:
    return next(digits + check for check in "0123456789" if passes_luhn(digits + check))


@pytest.mark.obligation("C-04")
@pytest.mark.parametrize("number", TEST_CARDS)
def test_full_card_number_is_found_and_masked_to_its_last_four(number):
    text = f"paid with {number}, thanks"

    assert contains_card_number(text)
    assert mask_card_numbers(text) == f"paid with [card number ending {number[-4:]}], thanks"


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111 1111 1111 1111 12/27",
        "order 17 4111 1111 1111 1111 737",
        "٤١١١١١١١١١١١١١١١",
        "４１１１ １１１１ １１１１ １１１１",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\u202f1111\u202f1111\u202f1111",
        "4111\u20111111\u20111111\u20111111",
        "4111\u200b1111\u200b1111\u200b1111",
        "4111\u22121111\u22121111\u22121111",
        "4111\u30001111\u30001111\u30001111",
        "4111/1111/1111/1111",
        "4111_1111_1111_1111",
        "4111\t1111\t1111\t1111",
        "4111   1111   1111   1111",
        "4111 - 1111 - 1111 - 1111",
        "4111\uff0f1111\uff0f1111\uff0f1111",
        "3782/822463/10005",
        "card_4111111111111111_paid",
        "4111111111111111.0",
        "-4111111111111111",
    ],
)
def test_card_number_is_found_however_it_is_written(text):
    assert contains_card_number(text)
    assert not contains_card_number(mask_card_numbers(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",
        "2026-11-22 09:42:26",
        "+60 12-345 6789",
        "1700000000000",
        "41111111111111111111111",
        "/2026/11/22/123452",
        "20261122_09422608",
    ],
)
def test_other_digits_are_left_alone(text):
    assert mask_card_numbers(text) == text


@given(st.text(alphabet="23456", min_size=1, max_size=1), st.text(alphabet="0123456789", min_size=11, max_size=17))
def test_every_number_with_a_right_check_digit_is_found(first, rest):
    number = with_check_digit(first + rest)

    assert contains_card_number(number)


@given(st.text())
def test_masking_is_stable_and_never_fails(text):
    masked = mask_card_numbers(text)

    assert mask_card_numbers(masked) == masked
    assert not contains_card_number(masked)


def test_nested_values_and_keys_are_masked():
    value = {"a": ["4111111111111111", {"4111111111111111": 4111111111111111}], "n": 5, "b": True, "x": None}

    assert mask_in(value) == {
        "a": ["[card number ending 1111]", {"[card number ending 1111]": "[card number ending 1111]"}],
        "n": 5,
        "b": True,
        "x": None,
    }


@pytest.mark.parametrize("number", [4111111111111111.0, -4111111111111111, -4111111111111111.0, Decimal("4111111111111111.00")])
def test_card_number_that_became_another_kind_of_number_is_masked(number):
    assert mask_in({"a": [number]}) == {"a": ["[card number ending 1111]"]}


@pytest.mark.parametrize(
    "number",
    [
        4111.111111111111,
        4111111111111.5,
        4111111111111112.0,
        float("nan"),
        float("inf"),
        1e300,
        True,
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("1e999999"),
        10**400,
    ],
)
def test_other_numbers_keep_their_kind(number):
    assert mask_in([number])[0] is number


def test_validator_refuses_with_a_stable_code():
    refuse_card_number("order 12345")

    with pytest.raises(ValidationError) as refused:
        refuse_card_number("4111 1111 1111 1111")

    assert refused.value.code == "card_number"


def test_digits_in_a_hash_are_no_card_number_and_a_card_beside_one_is():
    digest = "665ee6390011f4bb4eb257d7e9b976e406139b760d3787a20dc3518758597528"  # its last thirteen digits would pass

    assert mask_card_numbers(digest) == digest
    assert not contains_card_number(f"sha256:{digest}")
    assert contains_card_number(f"{digest} 4111111111111111")
