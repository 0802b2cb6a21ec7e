"""Handing out a bundle: whole or from where a broken download stopped (RFC 9110, 13 and 14). Who may have it is decided before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, StreamingHttpResponse

from privacycenter.kernel.streams import SealedReader

_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII | re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def bundle_response(
    request: HttpRequest, bundle_reader: SealedReader, filename: str, *, etag: str = "", content_type: str = "application/zip"
) -> HttpResponseBase:
    """The answer to GET or HEAD, with a single Range. `etag` names the bytes: by default those of this sealed object.

    Several ranges at once, another unit, or an If-Range that names other bytes are answered with the whole (RFC 9110, 14.2
    and 13.1.5). Bytes are opened segment by segment while they are sent.
    """
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    size, tag = bundle_reader.size, f'"{_UNSAFE.sub("", etag or bundle_reader.tag)}"'
    wanted = _range_of(request, size, tag)
    if wanted is None:
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return _with_headers(response, tag)
    start, end, is_part = wanted
    status = 206 if is_part else 200
    if request.method == "HEAD":
        response = HttpResponse(status=status, content_type=content_type)
    else:
        response = StreamingHttpResponse(_pieces(bundle_reader, start, end), status=status, content_type=content_type)
    response["Content-Length"] = str(end - start)
    if is_part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["Content-Disposition"] = _disposition(filename)
    return _with_headers(response, tag)


def _pieces(reader: SealedReader, start: int, end: int) -> Iterator[bytes]:
    yield from reader.iter(start, end)


def _with_headers(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    response["Cache-Control"] = "no-store, private"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response


def _range_of(request: HttpRequest, size: int, tag: str) -> tuple[int, int, bool] | None:
    """(start, end, whether it is a part); None where the range can't be satisfied. Anything unclear means the whole."""
    whole = (0, size, False)
    header = request.headers.get("Range", "")
    # Range is defined for GET only (14.2).
    if not header or request.method != "GET" or request.headers.get("If-Range", tag).strip() != tag:
        return whole
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return whole
    first, last = match.groups()
    if not first:  # the last N bytes
        length = min(_number(last), size)
        return (size - length, size, True) if length else None
    start = _number(first)
    if last and _number(last) < start:
        return whole  # invalid, and so ignored (14.1.1)
    if start >= size:
        return None
    return start, min(_number(last) + 1, size) if last else size, True


def _number(digits: str) -> int:
    return int(digits[:19]) if len(digits) <= 19 else 10**19  # longer than any file


def _disposition(filename: str) -> str:
    """RFC 6266 with both forms; nothing of the name can end the header or mean a path."""
    plain = _UNSAFE.sub("-", filename).strip(".-") or "bundle.zip"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(plain)}"
