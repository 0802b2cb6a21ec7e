"""Files as people send them."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pikepdf

_PLACES = (1111111111, 2111111111, 1211111111)


@cache
def pdf(*, author: str = "", script: str = "", password: str = "", is_signed: bool = False) -> bytes:
    """A PDF of one page with what is asked for."""
    target = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page(page_size=(200, 200))
    if author:
        document.docinfo["/Author"] = author
        with document.open_metadata() as metadata:
            metadata["dc:creator"] = [author]
        document.pages[0]["/PieceInfo"] = pikepdf.Dictionary({"/Maker": pikepdf.Dictionary({"/Private": author})})
    if script:
        action = pikepdf.Dictionary({"/S": pikepdf.Name("/JavaScript"), "/JS": script})
        document.Root["/OpenAction"] = action
        note = pikepdf.Dictionary({"/Type": pikepdf.Name("/Annot"), "/Subtype": pikepdf.Name("/Link"), "/Rect": [0, 0, 9, 9], "/A": action})
        document.pages[0]["/Annots"] = pikepdf.Array([document.make_indirect(note)])
        document.attachments["note.txt"] = script.encode()
    if is_signed:
        _sign(document)
    if password:
        document.save(target, encryption=pikepdf.Encryption(owner=password, user=password))
    else:
        document.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False)
    return _reaching_to_the_end(target.getvalue()) if is_signed else target.getvalue()


def _sign(document: pikepdf.Pdf) -> None:
    """Something that looks like a signature to whoever does not check its certificate."""
    numbers = pikepdf.Array([0, *_PLACES])
    value = pikepdf.Dictionary({"/Type": pikepdf.Name("/Sig"), "/ByteRange": numbers, "/Contents": pikepdf.String(b"\0" * 64)})
    field = pikepdf.Dictionary({"/FT": pikepdf.Name("/Sig"), "/T": "Signature", "/V": document.make_indirect(value)})
    document.Root["/AcroForm"] = pikepdf.Dictionary({"/Fields": pikepdf.Array([document.make_indirect(field)]), "/SigFlags": 3})


def _reaching_to_the_end(content: bytes) -> bytes:
    """With the range that its signature covers written in, in as many digits as stood there."""
    first = content.index(b"<" + b"00" * 64 + b">")
    second = first + 130
    for place, number in zip(_PLACES, (first, second, len(content) - second), strict=True):
        content = content.replace(str(place).encode(), str(number).zfill(10).encode())
    return content


def with_annotation(entries: dict[str, Any]) -> bytes:
    """A PDF with an annotation that stands in its page itself, without a number of its own."""
    target = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page(page_size=(200, 200))
    note = {"/Type": "/Annot", "/Subtype": "/Link", "/Rect": [0, 0, 9, 9], **entries}
    document.pages[0]["/Annots"] = pikepdf.Array([_as_object(note)])
    document.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False)
    return target.getvalue()


def _as_object(value: Any) -> Any:
    if isinstance(value, dict):
        return pikepdf.Dictionary({key: _as_object(each) for key, each in value.items()})
    if isinstance(value, list):
        return pikepdf.Array([_as_object(each) for each in value])
    return pikepdf.Name(value) if isinstance(value, str) and value.startswith("/") else value
