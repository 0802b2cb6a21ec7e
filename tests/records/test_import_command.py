"""`import_records` as its users run it: exit codes, standard input, per-item results."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from privacycenter.records.models import Interaction
from tests.records.builders import interaction, ndjson, submission

pytestmark = pytest.mark.django_db


def run(*args: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    try:
        call_command("import_records", *args, stdout=out, stderr=err)
    except SystemExit as end:
        code = end.code
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    return code, out.getvalue(), err.getvalue()


def test_a_good_file_ends_with_zero_and_counts(tmp_path: Path):
    (tmp_path / "people.ndjson").write_bytes(ndjson([interaction(), submission(), submission()]))

    assert run(str(tmp_path / "people.ndjson")) == (0, "2 created, 1 known already, 0 refused\n", "")


def test_refused_items_are_named_by_line_and_end_with_one(tmp_path: Path):
    (tmp_path / "people.json").write_bytes(json.dumps([interaction(), {}]).encode())

    code, out, err = run(str(tmp_path / "people.json"))

    assert (code, out) == (1, "1 created, 0 known already, 1 refused\n")
    assert err == "line 1: Missing: identifier, category, origin, occurred_at, payload.\n"


def test_json_output_has_a_line_per_item_and_the_counts_last(tmp_path: Path):
    (tmp_path / "people.ndjson").write_bytes(ndjson([interaction(), interaction(origin="")]))

    code, out, err = run(str(tmp_path / "people.ndjson"), "--json", "--dry-run")

    assert (code, err, Interaction.objects.count()) == (1, "", 0)
    assert [json.loads(line) for line in out.splitlines()] == [
        {"line": 1, "result": "created"},
        {"line": 2, "result": "refused", "code": "bad_origin", "message": "origin is a text of 1 to 64 characters."},
        {"counts": {"created": 1, "unchanged": 0, "refused": 1}, "dry_run": True},
    ]


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ndjson([interaction()]))))

    assert run("-") == (0, "1 created, 0 known already, 0 refused\n", "")


@pytest.mark.parametrize(("name", "content"), [("missing.ndjson", None), ("people.csv", b"name,age\nAda,36\n")])
def test_a_file_of_which_nothing_can_be_read_ends_with_two(tmp_path: Path, name: str, content: bytes | None):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    code, out, err = run(str(tmp_path / name))

    assert (code, out) == (2, "")
    assert err
    assert "Ada" not in err
