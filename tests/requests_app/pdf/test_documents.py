"""Documents survive the pipe, and nothing in a record can stop them from being sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from requests_app.pdf.documents import decode, encode
from requests_app.pdf.volumes import VALUE_CHARACTERS
from tests.requests_app.pdf import samples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_main_document_survives_the_pipe() -> None:
    document = samples.main_document()

    assert decode(encode(document)) == document


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=4))
def test_any_record_survives_the_pipe(record: dict[str, object]) -> None:
    document = samples.volume(0, records=[record, None])

    assert decode(encode(document)) == document


def test_deep_records_and_strange_types_are_sent_all_the_same() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    record = {"deep": deep, "word": "w" * 5_000_000, "day": date(2026, 3, 2), "price": Decimal("1.10"), "big": 10**6000, 7: "seven"}

    sent = decode(encode(samples.volume(0, records=[record]))).records[0]  # type: ignore[union-attr]

    assert sent is not None
    assert sent["word"] == "w" * (VALUE_CHARACTERS + 1)
    assert (sent["day"], sent["price"], sent["7"]) == ("2026-03-02", "1.10", "seven")
    assert sent["big"] == hex(10**6000)
    while isinstance(sent, list | dict):
        sent = sent["deep"] if isinstance(sent, dict) else sent[0]
    assert sent == "…"
