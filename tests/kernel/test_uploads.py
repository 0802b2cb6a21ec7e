"""Large uploads: whole for whoever reads them, never in clear text on the disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from privacycenter.kernel.uploads import SealedUpload

LINE = b"ada.lovelace@example.com\n"
LARGE = LINE * 200_000  # 5 MB


@pytest.fixture
def upload() -> Iterator[Callable[[bytes], Any]]:
    """Takes a file in as a request does; closed at its end."""
    requests = []

    def take(content: bytes) -> Any:
        requests.append(RequestFactory().post("/", {"file": SimpleUploadedFile("list.csv", content, "text/csv")}))
        return requests[-1].FILES["file"]

    yield take
    for request in requests:
        request.close()


def test_a_large_upload_lies_sealed_in_a_file_without_a_name(upload):
    uploaded = upload(LARGE)

    assert isinstance(uploaded, SealedUpload)
    on_disk = os.pread(uploaded._sealed.fileno(), len(LARGE) + 1_000_000, 0)
    assert len(on_disk) > len(LARGE)
    assert b"lovelace" not in on_disk
    assert os.fstat(uploaded._sealed.fileno()).st_nlink == 0
    assert not hasattr(uploaded, "temporary_file_path")


def test_it_is_read_whole_and_more_than_once(upload):
    uploaded = upload(LARGE)

    assert (uploaded.name, uploaded.size, uploaded.content_type) == ("list.csv", len(LARGE), "text/csv")
    assert b"".join(uploaded.chunks()) == b"".join(uploaded.chunks()) == LARGE
    assert uploaded.read() == LARGE


def test_a_small_upload_stays_in_memory(upload):
    assert not isinstance(upload(LINE), SealedUpload)
