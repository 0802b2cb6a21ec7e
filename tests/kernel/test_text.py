from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacycenter.kernel.text import storable, storable_in, visible
from privacycenter.logging import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a⟨U+0000⟩b"),
        ("abc\u202egnp.exe", "abc⟨U+202E⟩gnp.exe"),
        ("\ud800", "⟨U+D800⟩"),
        ("line\nnext\ttab", "line\nnext\ttab"),
        ("{{ 7*7 }} <b>bold</b>", "{{ 7*7 }} <b>bold</b>"),
    ],
)
def test_characters_that_hide_or_act_are_shown(text, shown):
    assert visible(text) == shown


@given(st.text(alphabet=st.characters()))
def test_visible_text_can_always_be_encoded(text):
    visible(text).encode("utf-8")
    storable(text).encode("utf-8")


def test_nested_text_is_made_storable():
    assert storable_in({"a\x00": ["\ud800", 1, None]}) == {"a⟨U+0000⟩": ["⟨U+D800⟩", 1, None]}


def test_nesting_has_a_limit():
    with pytest.raises(ValueError, match="deep"):
        storable_in(json.loads("[" * 100 + "]" * 100))


def test_log_lines_lose_addresses_and_long_digit_runs():
    assert redact("sent to ada@example.com for 4111 1111 1111 1111") == "sent to [address] for [digits]"
