"""Files that people send: what is taken, what is taken out of it, and what is refused whatever its name says."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shlex
import struct
import subprocess
import sys
import zipfile
import zlib
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from requests_app.attachments import check_file
from requests_app.errors import FileNotUsable, ScannerAway
from tests.factories.files import pdf, with_annotation
from tests.requests_app.desk.test_messages import PDF, picture

pytestmark = pytest.mark.django_db


# Files -----------------------------------------------------------------------------------------------------------------------


def test_a_picture_loses_place_and_device_and_keeps_its_look() -> None:
    exif = Image.Exif()
    exif[0x0110] = "Secret Phone 9"
    exif.get_ifd(0x8825)[2] = (47.0, 29.0, 0.0)
    sent = picture(exif=exif)
    assert b"Secret Phone 9" in sent

    kept = check_file(name="holiday.JPG", content=sent)

    assert (kept.name, kept.media_type) == ("holiday.jpg", "image/jpeg")
    assert b"Secret Phone" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as opened:
        assert (opened.size, dict(opened.getexif())) == ((40, 30), {})


def test_nothing_beside_the_points_of_a_picture_is_kept() -> None:
    png = PngInfo()
    png.add_text("Comment", "SECRET-TEXT")
    png.add_itxt("XML:com.adobe.xmp", "SECRET-XMP")
    exif = Image.Exif()
    exif[0x0110] = "SECRET-PHONE"
    sent = [
        picture("PNG", pnginfo=png, exif=exif, icc_profile=b"SECRET-PROFILE"),
        picture("JPEG", comment=b"SECRET-COMMENT", exif=exif, xmp=b"SECRET-XMP", icc_profile=b"SECRET-PROFILE"),
        picture("WEBP", exif=exif, xmp=b"SECRET-XMP", icc_profile=b"SECRET-PROFILE"),
    ]
    assert all(b"SECRET" in content or b"iCCP" in content for content in sent)

    kept = [check_file(name="a", content=content) for content in sent]

    assert [file.name for file in kept] == ["a.png", "a.jpg", "a.jpg"]
    for file in kept:
        assert b"SECRET" not in file.content
        with Image.open(io.BytesIO(file.content)) as opened:
            assert opened.size == (40, 30)
            assert not set(opened.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_kind_are_taken_and_turned_upright(mode: str) -> None:
    form, exif = ("JPEG" if mode == "CMYK" else "PNG"), Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    Image.new(mode, (40, 30)).save(target, form, exif=exif)

    with Image.open(io.BytesIO(check_file(name="a", content=target.getvalue()).content)) as opened:
        opened.load()
        assert opened.size == (30, 40)


def test_several_pictures_in_one_file_become_the_first() -> None:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(target, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 30), "blue")])

    kept = check_file(name="both.jpg", content=target.getvalue())

    assert kept.media_type == "image/jpeg"
    assert len(kept.content) < len(target.getvalue())


def test_what_is_transparent_in_webp_is_white() -> None:
    target = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(target, "WEBP")

    with Image.open(io.BytesIO(check_file(name="a", content=target.getvalue()).content)) as opened:
        assert opened.getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_damaged_pictures_are_called_damaged_whatever_the_decoder_says(form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (47.0, 29.0, 0.0)
    good = picture(form, exif=exif)
    wheel = random.Random(4)
    for _turn in range(400):
        bad = bytearray(good)
        for _spot in range(wheel.randint(1, 8)):
            bad[wheel.randrange(4, len(bad))] = wheel.randrange(256)
        with contextlib.suppress(FileNotUsable):
            check_file(name="a", content=bytes(bad[: wheel.randint(20, len(bad))]))


@pytest.mark.parametrize("error", [struct.error, TypeError, KeyError, RecursionError])
def test_an_error_of_the_decoder_is_no_error_of_the_page(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_named: Any) -> None:
        raise error("of the decoder")

    monkeypatch.setattr("requests_app.attachments.ImageOps.exif_transpose", fail)
    with pytest.raises(FileNotUsable) as caught:
        check_file(name="a.jpg", content=picture())

    assert str(caught.value) == "The picture is damaged: it can't be read."


def test_a_large_picture_takes_little_memory() -> None:
    """Its points once: 25 million at four bytes each, and not several times that."""
    script = (
        "import sys, resource\nfrom requests_app.attachments import _picture\n"
        "content = sys.stdin.buffer.read()\nopen('/proc/self/clear_refs', 'w').write('5')\n"
        "peak = lambda: next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "before = peak()\n_picture(content)\nprint((peak() - before) // 1024)"
    )
    command = [sys.executable, "-c", f"import django; django.setup()\n{script}"]
    around = {**os.environ, "DEBUG": "1", "DJANGO_SETTINGS_MODULE": "privacycenter.settings"}
    took = subprocess.run(command, input=picture("PNG", (5000, 4999)), capture_output=True, env=around, check=True).stdout

    assert int(took) < 150  # MB


def _large_webp(kind: str) -> bytes:
    """A header alone: a picture of 16,000 × 16,000 points."""
    side = 15_999
    heads = {
        "VP8X": b"\0\0\0\0" + side.to_bytes(3, "little") * 2,
        "VP8L": b"\x2f" + (side | side << 14).to_bytes(4, "little"),
        "VP8 ": b"\0\0\0\x9d\x01\x2a" + (side + 1).to_bytes(2, "little") * 2,
    }
    body = b"WEBP" + kind.encode() + struct.pack("<I", 10) + heads[kind].ljust(10, b"\0")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 1_000_000)
    return target.getvalue()


def _huge_png(width: int = 50_000, height: int = 50_000) -> bytes:
    """A valid picture of so many points, as far as anybody should read it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 9_000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("bomb.zip", _zip(), "kind"),
        ("bomb.pdf", _zip(), "kind"),
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "kind"),
        ("page.pdf", b"<!doctype html><script>alert(1)</script>", "kind"),
        ("script.txt", b"#!/bin/sh\nrm -rf /", "kind"),
        ("huge.png", _huge_png(), "too_many_pixels"),
        ("huge.webp", _large_webp("VP8X"), "too_many_pixels"),
        ("huge.webp", _large_webp("VP8L"), "too_many_pixels"),
        ("huge.webp", _large_webp("VP8 "), "too_many_pixels"),
        ("large.png", _huge_png(5001, 5000), "too_many_pixels"),
        ("half.jpg", picture()[:300], "broken"),
        ("empty.pdf", b"", "empty"),
        ("card.txt", b"Number: 4111 1111 1111 1111", "card_number"),
        ("torn.pdf", b"%PDF-1.7\n1 0 obj\n", "broken_document"),
        ("locked.pdf", pdf(password="a secret"), "locked"),
        ("large.pdf", PDF + b"0" * (10 * 1024 * 1024), "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_harmless_is_refused_whatever_its_name_says(name: str, content: bytes, why: str) -> None:
    with pytest.raises(FileNotUsable) as caught:
        check_file(name=name, content=content)

    assert caught.value.why == why


def test_a_pdf_loses_what_tells_of_its_maker_and_what_acts_by_itself() -> None:
    sent = pdf(author="Ana Kovac", script="app.alert(1)")
    assert sent.count(b"Ana Kovac") >= 3
    assert b"app.alert(1)" in sent

    kept = check_file(name="proof.pdf", content=sent).content

    with pikepdf.open(io.BytesIO(kept)) as document:
        everything = b"".join(item.unparse(resolved=True) for item in document.objects)
        streams = b"".join(item.read_bytes() for item in document.objects if isinstance(item, pikepdf.Stream))
        assert len(document.pages) == 1
        assert "/Info" not in document.trailer
    assert not any(word in everything + streams for word in (b"Ana Kovac", b"app.alert", b"/JavaScript", b"/OpenAction", b"/EmbeddedFiles"))


def test_a_pdf_that_bears_a_signature_stays_as_it_came() -> None:
    signed = pdf(author="A notary", is_signed=True)

    assert check_file(name="deed.pdf", content=signed).content == signed


@pytest.mark.parametrize(
    "sent",
    [
        pdf(author="A notary", script="app.alert(1)", is_signed=True),  # in a file that bears one, too
        pdf(script="app.alert(1)").replace(b"/Pages ", b"/AcroForm << /SigFlags 1 >> /Pages ", 1),  # or only says so
        with_annotation({"/A": {"/S": "/Launch", "/F": "app.alert(1)"}}),
        with_annotation({"/A": {"/S": "/URI", "/URI": "https://a.example", "/Next": {"/S": "/JavaScript", "/JS": "app.alert(1)"}}}),
        with_annotation({"/A": {"/S": "/URI", "/URI": "https://a.example", "/Next": [{"/S": "/JavaScript", "/JS": "app.alert(1)"}]}}),
        with_annotation({"/AA": {"/E": {"/S": "/JavaScript", "/JS": "app.alert(1)"}}}),
    ],
)
def test_nothing_in_a_pdf_acts_by_itself_wherever_it_stands(sent: bytes) -> None:
    assert b"app.alert" in sent

    kept = check_file(name="deed.pdf", content=sent).content

    assert b"app.alert" not in kept
    assert b"/JavaScript" not in kept.replace(b"/S /JavaScript", b"")


def test_a_pdf_that_unfolds_to_gigabytes_hurts_nobody() -> None:
    bomb = zlib.compress(b" " * 400_000_000, 9)
    head = b"%PDF-1.5\n1 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode] /Length " + str(len(bomb)).encode() + b" >>\nstream\n"
    content = head + bomb + b"\nendstream\nendobj\ntrailer << /Root 2 0 R >>\n%%EOF\n"

    with pytest.raises(FileNotUsable) as caught:
        check_file(name="bomb.pdf", content=content)

    assert caught.value.why == "broken_document"


@given(st.text(max_size=400))
def test_every_name_becomes_one_that_is_safe(name: str) -> None:
    kept = check_file(name=name, content=b"A few words").name

    assert kept.endswith(".txt")
    assert 0 < len(kept.encode()) <= 104
    assert not set(kept) & set('/\\:*?"<>|\0\n\r')
    assert not kept.startswith(".")


@pytest.mark.parametrize(("code", "error"), [("0", None), ("1", FileNotUsable), ("2", ScannerAway)])
def test_a_scanner_is_asked_where_one_is_set(code: str, error: Any, settings: Any) -> None:
    script = f"import sys; sys.exit({code} if sys.stdin.buffer.read().startswith(b'%PDF') else 9)"
    settings.ATTACHMENT_SCANNER = shlex.join([sys.executable, "-c", script])
    if error is None:
        assert check_file(name="a.pdf", content=PDF).content.startswith(b"%PDF-")
        return
    with pytest.raises(error):
        check_file(name="a.pdf", content=PDF)


def test_without_the_scanner_that_is_set_nothing_is_taken(settings: Any) -> None:
    settings.ATTACHMENT_SCANNER = "/nowhere/scanner"

    with pytest.raises(ScannerAway):
        check_file(name="a.pdf", content=PDF)
