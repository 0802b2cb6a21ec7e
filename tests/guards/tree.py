"""The files of the product, for guards that read them. A guard asserts that it found something to read."""

from __future__ import annotations

import ast
import fnmatch
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("privacycenter", "accounts", "requests_app")
_GENERATED = {".git", ".venv", "var", "node_modules", "__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".hypothesis"}


@cache
def files(folder: str = ".", pattern: str = "*") -> tuple[Path, ...]:
    """Files under `folder` that match `pattern`, without what tools and running leave behind."""
    found = []
    for parent, folders, names in os.walk(ROOT / folder):
        folders[:] = [name for name in folders if name not in _GENERATED]  # not even looked into
        found += [Path(parent, name) for name in fnmatch.filter(names, pattern) if name not in _GENERATED]
    return tuple(sorted(found))


def product_modules(*, migrations: bool = False) -> tuple[Path, ...]:
    """Every Python file of the product itself."""
    modules = (path for package in PACKAGES for path in files(package, "*.py"))
    return tuple(path for path in modules if migrations or "migrations" not in path.parts)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name_of(path: Path) -> str:
    """How a finding names a file."""
    return path.relative_to(ROOT).as_posix()


def calls(modules: tuple[Path, ...], *names: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call of a function or method with one of these names."""
    for path in modules:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in names:
                    yield path, node
