from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import IdentifierKind, normalise


@pytest.mark.parametrize(
    ("kind", "given_value", "expected"),
    [
        ("email", " Ada.Lovelace+News@Example.COM ", "ada.lovelace+news@example.com"),
        ("email", "ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("email", "ada@BÜCHER.example.", "ada@xn--bcher-kva.example"),
        ("email", "jose\u0301@example.com", "josé@example.com"),
        ("phone", "+60 3-2161 0000", "+60321610000"),
        ("username", " Ada ", "ada"),
        ("customer_number", " K-0017 ", "K-0017"),
    ],
)
def test_normal_form_of_an_identifier(kind, given_value, expected):
    assert normalise(kind, given_value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", ""),
        ("email", "ada"),
        ("email", "@example.com"),
        ("email", "ada@"),
        ("email", "a b@example.com"),
        ("email", "ada@x@example.com"),
        ("email", "ada@exa\nmple.com"),
        ("email", "ada\x00@example.com"),
        ("email", "ada@\ud800.com"),
        ("email", "a" * 321 + "@example.com"),
        ("phone", "12"),
        ("phone", "call me"),
        ("colour", "blue"),
    ],
)
def test_malformed_identifier_is_refused_without_repeating_it(kind, value):
    with pytest.raises(InvalidIdentifier) as refused:
        normalise(kind, value)

    assert not value or value not in str(refused.value)


def test_national_number_takes_its_region():
    assert normalise(IdentifierKind.PHONE, "03-2161 0000", region="MY") == "+60321610000"


@given(st.sampled_from(list(IdentifierKind)), st.text(max_size=80))
def test_normalising_twice_changes_nothing(kind, value):
    try:
        once = normalise(kind, value)
    except InvalidIdentifier:
        return
    assert normalise(kind, once) == once
