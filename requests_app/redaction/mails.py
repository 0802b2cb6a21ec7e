"""The text of stored e-mail messages (RFC 5322): base64 and quoted-printable hide most of it from a plain search."""

from __future__ import annotations

import html
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from typing import IO

from requests_app.redaction.encodings import plain_type

MAIL_BYTES = 16 * 1024 * 1024
_PARTS, _HEADERS = 1_000, 2_000
_FALLBACKS = ("utf-8", "cp1252")


class NotReadable(Exception):
    """A message that is larger than MAIL_BYTES, or nested deeper or into more parts than anybody reads."""


def is_mail(media_type: str, name: str) -> bool:
    """Whether a file is a stored message, by what it says of itself."""
    return plain_type(media_type) == "message/rfc822" or name.lower().endswith(".eml")


def texts_of(stream: IO[bytes]) -> Iterator[str]:
    """The headers of a message and of its parts, and every part of text, decoded. Pictures and other files in it are not text.

    Takes a few times MAIL_BYTES of memory at most. Raises NotReadable.
    """
    data = stream.read(MAIL_BYTES + 1)
    if len(data) > MAIL_BYTES:
        raise NotReadable
    try:
        yield from _texts(message_from_bytes(data, policy=compat32))
    except Exception as error:  # what is wrong with a message shows in many ways, and each means: not readable
        raise NotReadable from error


def _texts(message: Message) -> Iterator[str]:
    parts = _parts_of(message)
    headers = 0
    for part in parts:
        headers += len(part)
        if headers > _HEADERS:
            raise NotReadable
        for name, value in part.items():
            yield f"{name}: {_header(str(value))}"
        if part.get_content_maintype() == "text":
            text = _body(part)
            yield html.unescape(text) if part.get_content_subtype() == "html" else text


def _parts_of(message: Message) -> list[Message]:
    parts: list[Message] = []
    for part in message.walk():
        if len(parts) == _PARTS:
            raise NotReadable
        parts.append(part)
    return parts


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return _text(payload, _charset(part)) if isinstance(payload, bytes) else ""


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except (LookupError, ValueError):  # its name is broken, its text may well be read
        return None


def _header(value: str) -> str:
    """A header with its encoded words (RFC 2047) decoded; as it stands where they are none."""
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(piece if isinstance(piece, str) else _text(piece, charset) for piece, charset in pieces)


def _text(data: bytes, charset: str | None) -> str:
    """The bytes as text in the charset they claim, else in the first that reads them. Never fails."""
    for name in (charset, *_FALLBACKS):
        try:
            return data.decode(name or "utf-8")
        except (LookupError, ValueError):
            continue
    return data.decode("utf-8", "replace")
