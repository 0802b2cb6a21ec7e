"""Talking to one receiver: https to an address that was checked, no redirects, bounded in time and memory, every request signed.

The upload is that of tus 1.0.0 (core, creation, checksum, termination). Errors are those of jobs: Retryable where it may work later,
Permanent where the receiver, or the way to it, has said no. Their codes have words for people in `transfer/words.py`.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings
from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from privacycenter.jobs.errors import HandlerError, Permanent, Retryable
from privacycenter.kernel.errors import HostNotFound, PrivateAddress
from privacycenter.kernel.outbound import at_most, public_addresses
from requests_app.transfer.signing import SECONDS, Message, sign_message

VERSION = "1.0.0"
CONNECT_SECONDS = 10.0
WAIT_SECONDS = 60.0  # for the next byte; a whole request has SECONDS
WAIT_AT_MOST = 3600.0  # what a Retry-After may ask of us
_ADDRESSES = 4
_URL_LENGTH = 2000
_RECEIPT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")
_LATER = frozenset({408, 423, 425, 429})


class UploadLost(HandlerError):
    """The receiver does not know the upload any more: it has to begin anew."""


@dataclass(frozen=True)
class Answer:
    """What came back, without its body: nothing in one is ours to read."""

    status: int
    headers: Mapping[str, str]

    def number(self, name: str) -> int:
        """A header that must be a number of bytes. Raises Permanent."""
        text = self.headers.get(name, "").strip()
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise Permanent("not_the_protocol")
        return int(text)


class Line:
    """A connection to the receiver at `url`, opened when it is first needed. Use it in a with statement."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._origin = urlsplit(url)
        self._host, self._port = self._origin.hostname or "", self._origin.port or 443
        self._connection: HTTPSConnection | None = None
        self._address = ""

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def create(self, *, size: int, metadata: Mapping[str, str], key: str) -> str:
        """Open an upload. Answers its address, which lies with the same host. Asked twice with one key, a receiver may answer the same."""
        headers = {
            "Upload-Length": str(size),
            "Upload-Metadata": ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in metadata.items()),
            "Idempotency-Key": f'"{key}"',
        }
        answer = self._ask("POST", self.url, headers, b"")
        if answer.status in {404, 410}:
            raise Permanent("no_such_address")
        _require(answer, {201})
        return self._own(answer.headers.get("Location", ""))

    def offset(self, upload: str, *, size: int) -> tuple[int, str]:
        """How many bytes the receiver has, and its receipt once it has them all. Raises UploadLost."""
        answer = self._ask("HEAD", self._own(upload), {})
        _require_upload(answer, {200, 204})
        has = answer.number("Upload-Offset")
        if has > size or ("Upload-Length" in answer.headers and answer.number("Upload-Length") != size):
            raise Permanent("not_the_protocol")
        return has, _receipt(answer)

    def append(self, upload: str, offset: int, piece: bytes) -> tuple[int, str]:
        """Send the bytes from `offset`. Answers what the receiver has then, and its receipt. Raises UploadLost."""
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {base64.b64encode(hashlib.sha256(piece).digest()).decode()}",
        }
        answer = self._ask("PATCH", self._own(upload), headers, piece)
        if answer.status in {409, 460}:
            raise Retryable("out_of_step" if answer.status == 409 else "damaged_on_the_way")
        _require_upload(answer, {200, 204})
        if answer.number("Upload-Offset") != offset + len(piece):
            raise Retryable("out_of_step")
        return offset + len(piece), _receipt(answer)

    def give_up(self, upload: str) -> None:
        """Ask the receiver to throw away what it has of an upload. One that does not know it, or how to, is fine."""
        answer = self._ask("DELETE", self._own(upload), {})
        if answer.status >= 500 or answer.status in _LATER:
            raise Retryable(f"answered_{answer.status}", _wait(answer))

    def _own(self, location: str) -> str:
        """An address of this receiver and of no other. Raises Permanent."""
        try:
            found = urljoin(self.url, location)
            parts = urlsplit(found)
            is_ours = _same_origin(parts, self._origin)
        except ValueError as error:
            raise Permanent("leads_elsewhere") from error
        if not location or not is_ours or parts.fragment or not found.isascii() or not found.isprintable() or " " in found:
            raise Permanent("leads_elsewhere")
        if len(found) > _URL_LENGTH:
            raise Permanent("not_the_protocol")
        return found

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        message = Message(method, url, HTTPHeaderDict(headers))
        message.headers["Tus-Resumable"] = VERSION
        sign_message(message, body=body)
        message.headers["Host"] = self._origin.netloc
        message.headers["User-Agent"] = "privacy-center"
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection = self._connected()
            with at_most(SECONDS, connection.sock):
                connection.request(method, target, body=body, headers=message.headers, preload_content=False, decode_content=False)
                response = connection.getresponse()
                answer = Answer(response.status, HTTPHeaderDict(response.headers))
        except ssl.SSLCertVerificationError as error:
            self._close()
            raise Retryable("certificate") from error
        except (OSError, HTTPError, http.client.HTTPException, ValueError) as error:
            self._close()
            raise Retryable("not_reached") from error
        # Bodies are not read: what the receiver says is in its headers. A connection with an unread body is of no more use.
        if method != "HEAD" and answer.status != 204 and answer.headers.get("Content-Length", "").strip() != "0":
            self._close()
        else:
            response.release_conn()
            response.close()
        return answer

    def _connected(self) -> HTTPSConnection:
        if self._connection is not None and self._connection.sock is not None:
            return self._connection
        self._close()
        error: Exception | None = None
        for address in self._addresses():
            connection = HTTPSConnection(
                address,
                self._port,
                timeout=CONNECT_SECONDS,
                server_hostname=self._host,
                ssl_context=ssl.create_default_context(),
                cert_reqs="CERT_REQUIRED",
            )
            try:
                connection.connect()
            except ssl.SSLError:
                connection.close()
                raise
            except (OSError, HTTPError) as problem:
                connection.close()
                error = problem
            else:
                connection.sock.settimeout(WAIT_SECONDS)
                connection.timeout = WAIT_SECONDS
                self._connection, self._address = connection, address
                return connection
        raise OSError("none of its addresses answers") from error

    def _addresses(self) -> list[str]:
        """Looked up and judged once for a line; connected to as they are, so that another look-up can't lead elsewhere."""
        if self._address:
            return [self._address]
        try:
            return public_addresses(self._host, self._port, allow_loopback=settings.TRANSFER_ALLOW_LOOPBACK)[:_ADDRESSES]
        except PrivateAddress as error:
            raise Permanent("private_address") from error
        except HostNotFound as error:
            raise Retryable("host_not_found") from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _same_origin(first: SplitResult, second: SplitResult) -> bool:
    names = [(parts.scheme, (parts.hostname or "").lower(), parts.port or 443, parts.username) for parts in (first, second)]
    return names[0] == names[1]


def _require_upload(answer: Answer, good: set[int]) -> None:
    if answer.status in {404, 410}:
        raise UploadLost("upload_lost")
    _require(answer, good)


def _require(answer: Answer, good: set[int]) -> None:
    """Raise what an answer means that is none of the good ones."""
    status = answer.status
    if status in good:
        if answer.headers.get("Tus-Resumable", "").strip() != VERSION:
            raise Permanent("not_the_protocol")
        return
    if status >= 500 or status in _LATER:
        raise Retryable(f"answered_{status}", _wait(answer))
    if 300 <= status < 400:
        raise Permanent("redirected")
    if status in {401, 403, 407}:
        raise Permanent("not_let_in")
    if status == 413:
        raise Permanent("too_large")
    raise Permanent(f"refused_{status}" if status >= 400 else "not_the_protocol")


def _wait(answer: Answer) -> float | None:
    """Seconds of a Retry-After, within bounds; a date is left to the usual backoff."""
    text = answer.headers.get("Retry-After", "").strip()
    return min(float(text), WAIT_AT_MOST) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _receipt(answer: Answer) -> str:
    """What the receiver calls this upload on its side, if it says so in a readable form."""
    text = answer.headers.get("Transfer-Receipt", "").strip()
    return text if _RECEIPT.fullmatch(text) else ""
