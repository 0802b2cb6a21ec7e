"""personal-data.json between the records: odd facts are written with the same care as odd records, and the size is known before."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.utils.translation import gettext_lazy

from privacycenter.kernel.sources import Problem, Record
from requests_app.bundle.document import DataDocument
from requests_app.bundle.facts import IdentifierFact, SubjectFact
from requests_app.bundle.serialise import to_json, to_json_each
from requests_app.enums import Kind
from tests.requests_app.bundle.facts import CREATED, KEY, facts_of, result_of

ORDINARY = ["text ü مرحبا", 5, 1.5, None, True, CREATED, Decimal("1.50"), Kind.ACCESS, gettext_lazy("Staff"), {"a": [1, {"b": None}]}, ()]
ODD = ["NUL \0", "\ud800", float("nan"), [float("inf"), None], 10**30, {5: "a key that is no text"}, "4111 1111 1111 1111", {"x": {2, 1}}]


@pytest.mark.parametrize("value", ODD)
def test_values_are_written_alike_together_and_one_by_one(value):
    assert to_json_each(ORDINARY) == [to_json(item) for item in ORDINARY]
    assert to_json_each([*ORDINARY, value]) == [to_json(item) for item in [*ORDINARY, value]]


@pytest.mark.usefixtures("bundles")
def test_the_size_is_bounded_closely_before_anything_is_read():
    full = facts_of(
        result_of(*(Record(str(number), {"text": "x" * number}) for number in range(500)), key="tests.large"),
        result_of(key="tests.empty"),
        result_of(Record("1", {"a": 1}), Problem("2", "4111 1111 1111 1111"), key="tests.small"),
        subject=SubjectFact([IdentifierFact("phone", "Phone", "NUL \0")], {"username": "\ud800"}),
    )
    told = []

    for facts in (full, facts_of()):
        document = DataDocument(facts, key=KEY)
        written = b"".join(document.chunks(on_progress=told.append))
        data = json.loads(written)
        assert len(written) <= document.at_most <= len(written) + 10 * len(facts.sources)
        assert [len(source["records"]) for source in data["sources"]] == [source["count"] for source in data["sources"]]

    assert max(told) > 100_000
    assert b"4111 1111 1111 1111" not in written
