"""In what encoding a file's text is. Most are UTF-8; older programs write Windows-1252 and its kin, spreadsheets UTF-16."""

from __future__ import annotations

import codecs
import re
from email.message import Message

from privacycenter.kernel.sources import FileItem

_CHUNK = 256 * 1024
_UTF8, _WESTERN = "utf-8", "cp1252"
_MARKS = (  # UTF-32 first: its mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHERS = ("cp1250", "iso8859-2", "cp1251", "koi8-r", "cp1253", "cp1254", "cp1257", "cp850", "mac-roman")
# Western languages put at most two letters with marks in a row; more are another script, read wrongly.
_NOT_WESTERN = re.compile("[\u00c0-\u00ff]{3}|[\x01-\x08\x0e-\x1f]")


class Reader:
    """Reads a file in one encoding, piece by piece; each piece begins with the end of the one before it. Never fails."""

    def __init__(self, encoding: str, overlap: int) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._overlap, self._rest = overlap, ""

    def more(self, data: bytes, *, final: bool = False) -> str:
        """The text of the next bytes. Without NUL, so that UTF-16 without a mark reads as Western text does."""
        text = self._rest + self._decoder.decode(data, final).replace("\0", "")
        self._rest = text[-self._overlap :]
        return text


def plain_type(media_type: str) -> str:
    """A media type without its parameters."""
    return media_type.lower().partition(";")[0].strip()


def is_text(media_type: str) -> bool:
    """Whether a file says that it is text to be read."""
    return plain_type(media_type).startswith("text/")


def encodings_to_try(head: bytes, encoding: str | None) -> list[str]:
    """The encodings in which something is looked for in a file that begins with `head` and is text in `encoding`, if it is any."""
    likely = [_marked(head) or _UTF8, _UTF8, _WESTERN, encoding or _UTF8]
    return list(dict.fromkeys([*likely, *(_OTHERS if encoding and not encoding.startswith("utf") else ())]))


def encoding_of(item: FileItem) -> str | None:
    """The encoding of a file of text; None where that can't be said for sure. Reads the file, in pieces."""
    with item.open() as stream:
        marked = _marked(stream.read(4))
    declared = _declared(item.media_type)
    wanted = [marked] if marked else [*([declared] if declared else []), _UTF8, _WESTERN]
    return next((name for name in wanted if _reads_as(item, name)), None)


def encoded(text: str, encoding: str) -> bytes:
    """The text in the encoding it came in, or in UTF-8 with its mark where that does not know every letter."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode("utf-8-sig")


def _marked(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _declared(media_type: str) -> str | None:
    message = Message()
    message["Content-Type"] = media_type
    try:
        return codecs.lookup(str(message.get_content_charset() or "")).name
    except (LookupError, ValueError):
        return None


def _reads_as(item: FileItem, encoding: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        with item.open() as stream:
            while chunk := stream.read(_CHUNK):
                text = decoder.decode(chunk)
                if "\0" in text or (encoding == _WESTERN and _NOT_WESTERN.search(text)):
                    return False
            decoder.decode(b"", True)
    except (UnicodeError, LookupError, TypeError):
        return False
    return True
