"""Ids of system checks are used once; every benchmark can be run."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections import Counter

import pytest

from tests.guards.tree import ROOT, calls, files, product_modules

CHECK_ID = re.compile(r"privacycenter\.[EWI]\d{3}")
BENCHES = [path.stem for path in files("tests/benchmarks", "bench_*.py")]


def test_no_two_checks_share_an_id():
    found = Counter()
    for _path, call in calls(product_modules(), "Error", "Warning", "Info"):
        for keyword in call.keywords:
            if keyword.arg == "id" and isinstance(keyword.value, ast.Constant) and CHECK_ID.fullmatch(str(keyword.value.value)):
                found[keyword.value.value] += 1

    assert found
    assert {name: count for name, count in found.items() if count > 1} == {}


@pytest.mark.parametrize("name", BENCHES)
def test_a_benchmark_can_be_imported_and_run(name):
    module = importlib.import_module(f"tests.benchmarks.{name}")

    assert "quick" in inspect.signature(module.run).parameters
    assert (ROOT / "tests/benchmarks" / f"{name}.py").read_text().startswith('"""')


def test_there_are_benchmarks():
    assert BENCHES
