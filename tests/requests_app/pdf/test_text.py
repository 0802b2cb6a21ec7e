"""Values as text: nothing hidden, nothing lost without a word, times exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.pdf.labels import TEXTS, labels_for
from requests_app.pdf.text import Words, breakable, is_rtl, isolated, markup, readable_time, visible
from requests_app.pdf.volumes import VALUE_CHARACTERS, VALUE_DEPTH, VALUE_LINES

WORDS = Words(TEXTS)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("\x1b[31m", "␛[31m"),
        ("\x7f", "␡"),
        ("abc\u202etxt.exe", "abc⟨U+202E⟩txt.exe"),
        ("\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("\x85", "⟨U+0085⟩"),
        ("\ufeffx", "⟨U+FEFF⟩x"),
        ("\ue000", "⟨U+E000⟩"),
        ("a\r\nb\u2028c\rd", "a\nb\nc␍d"),
        ("a\tb", "a    b"),
        ("👩🏽\u200d🚀 🏴\U000e0067\U000e0062\U000e007f", "👩🏽\u200d🚀 🏴\U000e0067\U000e0062\U000e007f"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_invisible_characters_are_shown(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_shown_text_can_always_be_encoded_and_has_no_controls(text: str) -> None:
    shown = visible(text)

    assert shown.encode("utf-8").decode() == shown
    assert not [character for character in shown if ord(character) < 32 and character != "\n"]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x7f")


def test_character_without_a_glyph_is_shown_by_number() -> None:
    assert visible("a\U00012345b", frozenset("\U00012345")) == "a⟨U+12345⟩b"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("2026-03-02T09:30:00+01:00", "2026-03-02 09:30:00 +01:00"),
        ("2026-03-02T09:30:00.120Z", "2026-03-02 09:30:00 UTC"),
        ("2026-03-02T09:30:00+00:00", "2026-03-02 09:30:00 UTC"),
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02T09:30 or so", "2026-03-02T09:30 or so"),
    ],
)
def test_times_are_readable_to_the_second(raw: str, shown: str) -> None:
    assert readable_time(raw) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        ("", "—"),
        (True, "Yes"),
        (False, "No"),
        (0, "0"),
        (1.5, "1.5"),
        ("19.90", "19.90"),
        ([], "—"),
        ({"a": 1, "b": ["x", "y"], "c": {}}, "a: 1\nb:\n\u2003• x\n\u2003• y\nc: —"),
        ("<b>{{ x }}</b>", "<b>{{ x }}</b>"),
    ],
)
def test_values_for_people(value: object, shown: str) -> None:
    assert WORDS.show(value) == shown


def test_long_value_is_cut_with_a_sentence() -> None:
    shown = WORDS.show("x" * 5_000_000)

    assert shown == "x" * VALUE_CHARACTERS + "\n" + TEXTS["cut"]


def test_many_lines_are_cut_with_a_sentence() -> None:
    assert WORDS.show("a\n" * 5000) == "a\n" * VALUE_LINES + TEXTS["cut"]


def test_deep_value_is_cut_with_a_sentence() -> None:
    value: object = "core"
    for _ in range(VALUE_DEPTH + 3):
        value = {"in": value}

    shown = WORDS.show(value)

    assert shown.count("in:") == VALUE_DEPTH + 1
    assert shown.endswith(TEXTS["cut"])
    assert "core" not in shown


def test_direction_and_isolation() -> None:
    assert [is_rtl(text) for text in ("abc", "123 שלום", "abc שלום", "ليلى abc", "123")] == [False, True, False, True, False]
    assert isolated("abc") == "abc"
    assert isolated("שלום") == "\u2068שלום\u2069"


def test_values_of_a_right_to_left_document_are_not_turned_round() -> None:
    words = Words(TEXTS, rtl=True)

    assert words.plain("110 00 Praha 1\nליד הים 4") == "\u2066110 00 Praha 1\u2069\nליד הים 4"


def test_piled_up_marks_are_counted() -> None:
    assert visible("e" + "\u0301" * 400 + "\u0302x") == "e" + "\u0301" * 8 + "⟨U+0301 ×392⟩⟨U+0302 ×1⟩x"


def test_long_words_get_places_to_break() -> None:
    assert breakable("short words only") == "short words only"
    assert breakable("W" * 40) == "\u200b".join(["W" * 12] * 3 + ["W" * 4])
    assert breakable("س" * 450) == "\u200b".join(["س" * 200] * 2 + ["س" * 50])
    assert breakable("👩🏽\u200d🚀" * 100) == "👩🏽\u200d🚀" * 100


def test_markup_is_escaped() -> None:
    assert markup("<img src=x onerror='a'>&\"") == "&lt;img src=x onerror=&#x27;a&#x27;&gt;&amp;&quot;"


def test_every_label_has_a_text_in_every_language() -> None:
    assert labels_for("en") == TEXTS
    assert labels_for("xx-unknown").keys() == TEXTS.keys()
