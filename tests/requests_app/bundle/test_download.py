"""Downloads that resume: any range is the same range of the file (RFC 9110, 14)."""

from __future__ import annotations

import secrets

import pytest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from privacycenter.kernel.streams import SealedReader, encrypt_stream
from requests_app.bundle.download import bundle_response

DATA = secrets.token_bytes(200_000)
SEALED = b"".join(encrypt_stream([DATA], key=bytes(32)))
SIZE = len(DATA)


def reader():
    return SealedReader(lambda start, length: SEALED[start : start + length], len(SEALED), bytes(32))


def ask(method="get", filename="privacy-bundle-PR-1.zip", **headers):
    request = getattr(RequestFactory(), method)("/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    return bundle_response(request, reader(), filename)


def body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_whole_file():
    response = ask()

    assert (response.status_code, body(response)) == (200, DATA)
    assert response.headers == {
        "Content-Type": "application/zip",
        "Content-Length": str(SIZE),
        "Content-Disposition": "attachment; filename=\"privacy-bundle-PR-1.zip\"; filename*=UTF-8''privacy-bundle-PR-1.zip",
        "Accept-Ranges": "bytes",
        "ETag": f'"{reader().tag}"',
        "Cache-Control": "no-store, private",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }


def test_head_says_the_same_and_sends_nothing():
    response = ask("head", Range="bytes=0-9")

    assert (response.status_code, body(response), response["Content-Length"], "Content-Range" in response) == (200, b"", str(SIZE), False)


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=5-9", 5, 10),
        ("bytes=65535-65536", 65535, 65537),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes=10-{SIZE * 9}", 10, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        ("BYTES = 1 - 2 ", 1, 3),
        (f"bytes=0-{'9' * 400}", 0, SIZE),
    ],
)
def test_one_range_is_answered_in_part(header, start, end):
    response = ask(Range=header)

    assert (response.status_code, response["Content-Range"]) == (206, f"bytes {start}-{end - 1}/{SIZE}")
    assert (body(response), response["Content-Length"]) == (DATA[start:end], str(end - start))


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0", f"bytes={'9' * 400}-"])
def test_a_range_beyond_the_end_is_not_satisfiable(header):
    response = ask(Range=header)

    assert (response.status_code, response["Content-Range"], body(response)) == (416, f"bytes */{SIZE}", b"")


@pytest.mark.parametrize(
    "header", ["bytes=0-1,5-6", "bytes=9-5", "bytes=-", "bytes", "lines=1-2", "bytes=a-b", "bytes=--1", "bytes=٣-٥", ""]
)
def test_what_is_no_single_range_is_answered_with_the_whole(header):
    response = ask(Range=header)

    assert (response.status_code, body(response)) == (200, DATA)


@pytest.mark.parametrize(
    ("tag", "status"),
    [(f'"{reader().tag}"', 206), ('"other"', 200), (f'W/"{reader().tag}"', 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200)],
    ids=["same", "other", "weak", "date"],
)
def test_a_range_of_another_file_is_answered_with_the_whole(tag, status):
    assert ask(Range="bytes=1-2", If_Range=tag).status_code == status


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(method):
    response = ask(method)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("filename", ['a"; x="', "a\r\nSet-Cookie: x", "../../etc/passwd", "ü\u202e.zip", ""])
def test_no_name_can_end_the_header(filename):
    disposition = ask(filename=filename)["Content-Disposition"]

    assert disposition.startswith('attachment; filename="')
    assert not set("\r\n/\\;") & set(disposition.split('"')[1])
    assert disposition.count('"') == 2


@given(first=st.integers(0, SIZE - 1), more=st.integers(0, SIZE))
@settings(max_examples=60, deadline=None)
def test_any_range_is_that_range_of_the_file(first, more):
    response = ask(Range=f"bytes={first}-{first + more}")

    assert body(response) == DATA[first : first + more + 1]


@given(st.lists(st.integers(1, SIZE - 1), max_size=6))
@settings(max_examples=30, deadline=None)
def test_a_download_that_breaks_and_resumes_gives_the_file(breaks):
    received = b""
    for position in [*sorted(breaks), SIZE]:
        received += body(ask(Range=f"bytes={len(received)}-", If_Range=f'"{reader().tag}"'))[: position - len(received)]

    assert received == DATA
