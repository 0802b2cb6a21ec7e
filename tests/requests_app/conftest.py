"""Storage of its own for every test, and sources that do what a test needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from requests_app.pdf.client import shared_renderer


@pytest.fixture(scope="session", autouse=True)
def _renderer_ends_with_the_run() -> Iterator[None]:
    yield
    shared_renderer().close()


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.BUNDLE_STORAGE = f"file://{tmp_path / 'bundles'}"


@pytest.fixture
def stored(tmp_path: Path) -> Any:
    """Names of all stored objects."""

    def names() -> list[str]:
        root = tmp_path / "bundles"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    return names
