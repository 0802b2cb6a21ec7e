"""Take from somebody's PDF what says who made it, where and when, and what acts by itself; the pages stay as they are.

The file comes in on standard input and goes out on standard output, without document information, XMP metadata, data of the program
that made it, scripts, embedded files and actions. The exit code says whether that went well: 0, `BROKEN` or `LOCKED`.

This is a process of its own (requests_app.attachments starts it), with little memory and time and without network, because a file may
have been made to hurt whoever opens it. A signed file in which nothing acts stays as it came: any change would break the signature
that makes it evidence.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import pikepdf

from requests_app.pdf import sandbox

CPU_SECONDS = 20
BROKEN, LOCKED = 4, 5
_TELLS = ("/Metadata", "/PieceInfo", "/LastModified", "/Thumb")
_ACTS = ("/AA", "/OpenAction", "/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/RichMediaContent", "/XFA")
_HARMLESS = ("/URI", "/GoTo", "/Named", "/Thread", "/SetOCGState")  # actions that lead to a page or an address (ISO 32000-2, table 201)
_HARMFUL = (
    *("/Launch", "/JavaScript", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE"),
    *("/Rendition", "/RichMediaExecute", "/Movie", "/Sound"),
)
_DEEPEST = 50


def undress(content: bytes) -> bytes:
    """The same pages without what tells of their maker or acts by itself.

    Raises pikepdf.PdfError; pikepdf.PasswordError where it only opens with a password.
    """
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        acted = sum(_disarm(item) for item in document.objects)
        if not acted and any(_is_signature(item, content) for item in document.objects):
            return content
        if "/Info" in document.trailer:
            del document.trailer["/Info"]
        for item in document.objects:
            _silence(item)
        document.remove_unreferenced_resources()
        document.save(target, deterministic_id=not document.is_encrypted, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return target.getvalue()


def _is_signature(item: Any, content: bytes) -> bool:
    """Whether this is the value of a signature that covers the file up to its end, but for the signature itself (table 255)."""
    if not isinstance(item, pikepdf.Dictionary) or "/ByteRange" not in item or "/Contents" not in item:
        return False
    reach = [int(number) for number in item["/ByteRange"]]
    if len(reach) != 4 or reach[0] != 0:
        return False
    _start, first, second, rest = reach
    return (
        0 < first < second < second + rest <= len(content) and content[first : first + 1] == b"<" and content[second - 1 : second] == b">"
    )


def _disarm(item: Any, depth: int = 0) -> int:
    """Take out what acts by itself, from an object and all that stands directly in it. Answers how much that was."""
    if not isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
        return sum(_disarm(each, depth + 1) for each in _directly_in(item, depth))
    gone = [key for key in _ACTS if key in item]
    if str(item.get("/S", "")) in _HARMFUL:
        gone += set(item.keys()).difference(("/S", "/Type", *gone))
    for key in ("/A", "/Next"):
        if key in item and key not in gone and _acts(item[key]):
            gone.append(key)
    for key in gone:
        del item[key]
    return len(gone) + sum(_disarm(each, depth + 1) for each in _directly_in(item, depth))


def _acts(value: Any) -> bool:
    """Whether this is an action, or a row of them, with more than a way to a page. `/Next` of an outline is no action."""
    if isinstance(value, pikepdf.Array):
        return any(_acts(each) for each in value)
    return isinstance(value, pikepdf.Dictionary) and "/S" in value and str(value["/S"]) not in _HARMLESS


def _silence(item: Any, depth: int = 0) -> None:
    if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
        for key in _TELLS:
            if key in item:
                del item[key]
    for each in _directly_in(item, depth):
        _silence(each, depth + 1)


def _directly_in(item: Any, depth: int) -> list[Any]:
    """What stands in an object itself. What has a number of its own is looked at by itself."""
    if depth > _DEEPEST:
        raise pikepdf.PdfError("nested too deeply")
    if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
        found = [value for _key, value in item.items()]
    else:
        found = list(item) if isinstance(item, pikepdf.Array) else []
    return [each for each in found if isinstance(each, (pikepdf.Dictionary, pikepdf.Array)) and not each.is_indirect]


def main() -> int:
    """Give up what is not needed, then do the work. Prints nothing else: a message could quote the file."""
    content = sys.stdin.buffer.read()
    sandbox.enter()
    sandbox.allow_cpu_seconds(CPU_SECONDS)
    try:
        result = undress(content)
    except pikepdf.PasswordError:
        return LOCKED
    except Exception:
        return BROKEN
    sys.stdout.buffer.write(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
