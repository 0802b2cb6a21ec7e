"""Files that people send: judged by their content, made anew where that is possible, looked at by a scanner where one is set.

Pictures are decoded and encoded again, so that nothing but the picture survives: no place, no device, no script. PDFs lose what tells of
their maker and what acts by itself, in a process of its own (requests_app.pdf.bare). Plain text is kept as it came. All of them are only
ever downloaded, never shown.
"""

from __future__ import annotations

import io
import shlex
import subprocess
import sys
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings
from PIL import Image, ImageOps

from privacycenter.kernel.cards import contains_card_number, mask_card_numbers
from privacycenter.kernel.text import visible
from requests_app.errors import FileNotUsable, ScannerAway

log = structlog.get_logger("privacycenter.requests")

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 5
# More than cameras make by themselves; at four bytes each these bound what one file can take. The decoder of WebP takes four times that.
MAX_PIXELS, MAX_PIXELS_WEBP = 25_000_000, 8_000_000
NAME_LENGTH = 100
SCAN_SECONDS = 60
PDF_SECONDS = 30
_ROOT = Path(__file__).resolve().parents[1]
_BARE_PDF = (sys.executable, "-P", "-m", "requests_app.pdf.bare")
_LOCKED = 5  # its exit code for a file that opens only with a password
_READ = ("JPEG", "PNG", "WEBP")
_PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png"}
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf", "text/plain": ".txt"}


@dataclass(frozen=True)
class Checked:
    """A file as it may be kept: its name, what it is by its content, and what of it is kept."""

    name: str
    media_type: str
    content: bytes


def check_file(*, name: str, content: bytes) -> Checked:
    """What of a file may be kept. Raises FileNotUsable with the reason in plain words, ScannerAway."""
    if len(content) > MAX_BYTES:
        raise FileNotUsable("too_large")
    if not content:
        raise FileNotUsable("empty")
    media_type, kept = _recognised(content)
    _scan(content)  # as it came: what is taken out of it would be a finding, too
    return Checked(_tidy_name(name, media_type), media_type, kept)


def _recognised(content: bytes) -> tuple[str, bytes]:
    if content.startswith(b"%PDF-"):
        return "application/pdf", _bare_pdf(content)
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return _picture(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        if _webp_pixels(content) > MAX_PIXELS_WEBP:
            raise FileNotUsable("too_many_pixels")
        return _picture(content)
    if _is_plain_text(content):
        if contains_card_number(content.decode("utf-8-sig")):
            raise FileNotUsable("card_number")
        return "text/plain", content
    raise FileNotUsable("kind")


def _bare_pdf(content: bytes) -> bytes:
    """The same pages without what tells of their maker or acts by itself, made in a process of its own (requests_app.pdf.bare)."""
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            _BARE_PDF, input=content, capture_output=True, timeout=PDF_SECONDS, env=environment, cwd="/", check=False
        )
    except subprocess.TimeoutExpired as error:
        raise FileNotUsable("broken_document") from error
    if done.returncode:
        raise FileNotUsable("locked" if done.returncode == _LOCKED else "broken_document")
    return done.stdout


def _picture(content: bytes) -> tuple[str, bytes]:
    """The picture alone, in the same format. Its size is judged by its header, before anything is unfolded.

    Decoders fail on damaged files in ways of their own (struct.error, TypeError, KeyError): whatever they raise, the file is broken.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _made_anew(content)
    except (FileNotUsable, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileNotUsable("too_many_pixels") from error
    except Exception as error:
        log.info("picture_broken", error=type(error).__name__)
        raise FileNotUsable("broken") from error


def _made_anew(content: bytes) -> tuple[str, bytes]:
    """Decode and encode again. The points are held once, and a second time only while a picture is turned or its colours converted.

    WebP becomes JPEG: to encode it takes six times the memory.
    """
    with Image.open(io.BytesIO(content), formats=_READ) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise FileNotUsable("too_many_pixels")
        form = "PNG" if picture.format == "PNG" else "JPEG"
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        picture.info.clear()  # what the encoders would write beside the points: place, device, comments, profiles
        target = io.BytesIO()
        (_on_white(picture) if form == "JPEG" else picture).save(target, form)
    return _PICTURES[form], target.getvalue()


def _webp_pixels(content: bytes) -> int:
    """Width times height as the header says: the decoder of WebP takes its memory as soon as it is opened."""
    if content[12:16] == b"VP8X":
        sides = [int.from_bytes(content[start : start + 3], "little") + 1 for start in (24, 27)]
    elif content[12:16] == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        sides = [(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1]
    else:
        sides = [int.from_bytes(content[start : start + 2], "little") & 0x3FFF for start in (26, 28)]
    return sides[0] * sides[1]


def _on_white(picture: Image.Image) -> Image.Image:
    """As JPEG can have it: without transparency, in colours or greys."""
    if picture.mode == "RGBA":
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    return picture if picture.mode in ("RGB", "L") else picture.convert("RGB")


def _is_plain_text(content: bytes) -> bool:
    """Text in UTF-8 without control characters, and none that a browser or a program would take for something else."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if any(unicodedata.category(sign) == "Cc" and sign not in "\t\r\n" for sign in text):
        return False
    return not text.lstrip().startswith(("<", "#!", "%!", "{\\rtf"))


def _scan(content: bytes) -> None:
    """Ask the scanner that ATTACHMENT_SCANNER names: the file on its standard input, exit code 0 for clean, 1 for refused."""
    command = shlex.split(settings.ATTACHMENT_SCANNER)
    if not command:
        return
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SCAN_SECONDS, check=False)  # noqa: S603 - set by the operator
    except (OSError, subprocess.TimeoutExpired) as error:
        log.error("scanner_away", error=type(error).__name__)
        raise ScannerAway from error
    if done.returncode == 1:
        raise FileNotUsable("infected")
    if done.returncode != 0:
        log.error("scanner_away", exit_code=done.returncode)
        raise ScannerAway


def _tidy_name(name: str, media_type: str) -> str:
    """A name that is safe to show and to save: no folders, nothing hidden, short, with the ending of what the file is."""
    last = visible(name).replace("\\", "/").rsplit("/", 1)[-1]
    base = mask_card_numbers(last).rpartition(".")[0] or last
    base = "".join(sign if sign.isalnum() or sign in " -_()" else "_" for sign in base).strip(" _.")
    while len(base.encode()) > NAME_LENGTH:
        base = base[:-1]
    return (base or "file") + _ENDINGS[media_type]
