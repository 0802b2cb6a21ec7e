from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from requests_app.pdf.client import Renderer


@pytest.fixture(scope="session")
def renderer() -> Iterator[Renderer]:
    with Renderer() as one:
        yield one


@pytest.fixture
def faulty() -> Iterator[Renderer]:
    """A renderer whose child does what `faulty_child` describes."""
    with Renderer(command=[sys.executable, "-P", "-m", "tests.requests_app.pdf.faulty_child"]) as one:
        yield one


@pytest.fixture
def words_of(tmp_path: Path) -> Callable[[bytes], str]:
    """The text of a PDF as poppler reads it."""

    def read(data: bytes) -> str:
        path = tmp_path / "read.pdf"
        path.write_bytes(data)
        return subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout

    return read


@pytest.fixture
def text_of() -> Callable[[bytes], str]:
    """The text of a PDF as pypdf reads it, without white space."""

    def read(data: bytes) -> str:
        return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(data)).pages)

    return read
