"""The scrub at the command line: streams in and out, exit codes, a summary for programs."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories.subscribers import address_of, make_subscribers

pytestmark = pytest.mark.django_db


def scrub(*arguments: str, **options: Any) -> str:
    """Run the command; answer what it says on standard error."""
    said = io.StringIO()
    call_command("scrub", *arguments, topic="product_news", stderr=said, no_color=True, **options)
    return said.getvalue()


def test_a_file_becomes_a_file_and_the_summary_is_for_programs(tmp_path: Path) -> None:
    [wants] = make_subscribers(1)
    source, target = tmp_path / "list.csv", tmp_path / "checked.csv"
    source.write_text(f"email\n{address_of(wants)}\nnobody@example.com\n\nbroken\n", encoding="utf-8")

    summary = json.loads(scrub(str(source), output=str(target), json=True))

    assert summary == {
        "rows": 3,
        "allowed": 1,
        "refused": {"consent": 1, "invalid": 1},
        "remarks": [[5, "invalid"]],
        "remarks_total": 1,
    }
    assert [line.split(",")[1] for line in target.read_text(encoding="utf-8").splitlines()] == ["allowed", "yes", "no", "no"]


def test_it_stands_in_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inward, outward = io.TextIOWrapper(io.BytesIO(b"email\nnobody@example.com\nbroken\n")), io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdin", inward)
    monkeypatch.setattr(sys, "stdout", outward)

    said = scrub("-")

    assert outward.buffer.getvalue().startswith(b"email,allowed,reason\r\nnobody@example.com,no,")  # type: ignore[attr-defined]
    assert said == "2 lines, 0 may be written to.\nline 3: no usable address\n"


@pytest.mark.parametrize(
    ("data", "further", "words"),
    [
        (b"name\nAda\n", {}, "which column holds the addresses"),
        (b"", {}, "The list is empty."),
        (b"email\na@example.com\n", {"purpose": "support"}, "is for the purpose news_and_offers"),
    ],
)
def test_what_can_not_be_answered_leaves_no_file_behind(tmp_path: Path, data: bytes, further: dict[str, str], words: str) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "checked.csv"
    source.write_bytes(data)

    with pytest.raises(CommandError, match=words):
        scrub(str(source), output=str(target), **further)

    assert not target.exists()


def test_a_file_or_topic_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        scrub(str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="no topic with this key"):
        call_command("scrub", "-", topic="nothing")
