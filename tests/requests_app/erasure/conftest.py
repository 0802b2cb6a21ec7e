"""A ledger of its own for every test, and requests that look at it each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from requests_app.erasure import serving
from tests.services.parts import ObjectStore


@pytest.fixture
def ledger(settings: Any, tmp_path: Path) -> Path:
    """The file of the ledger."""
    path = tmp_path / "ledger" / "erasures.jsonl"
    settings.ERASURE_LEDGER = f"file://{path}"
    return path


@pytest.fixture
def s3_ledger(settings: Any, s3_server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """A ledger in S3."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    settings.ERASURE_LEDGER = f"s3://{s3_server.bucket}/ledger?endpoint={quote(s3_server.endpoint, safe='')}&region=eu-central-1"
    return s3_server


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.services)])
def any_ledger(request: pytest.FixtureRequest) -> None:
    """Both kinds."""
    request.getfixturevalue("ledger" if request.param == "file" else "s3_ledger")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every request looks at the ledger."""
    monkeypatch.setattr(serving, "CHECK_SECONDS", 0.0)
    serving.forget()
    yield
    serving.forget()
