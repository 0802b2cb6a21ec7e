"""Optional photos: looked at before they are decoded, made anew, stored encrypted."""

from __future__ import annotations

import io
import threading
import warnings

from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.client import Client
from accounts.domain.events import note_security_event
from accounts.enums import SecurityEventKind
from accounts.errors import PhotoNotUsable
from accounts.models import ProfilePhoto, User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.encryption import encrypt

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
SIDE = 512
_FORMATS = ("JPEG", "PNG", "WEBP")
# A picture of MAX_PIXELS takes some hundred MB while it is made small: one at a time in each process.
_decoding = threading.Lock()


def set_photo(user: User, *, content: bytes, client: Client, actor: Actor) -> ProfilePhoto:
    """Store a photo: decoded and encoded again, so that nothing of the file but its picture survives (no place, no device).

    Raises PhotoNotUsable for a file that is too large, no picture, or would unfold to too many pixels (MAX_PIXELS).
    """
    encoded, size = encode_anew(content)
    with transaction.atomic():
        photo = ProfilePhoto(user=user, width=size[0], height=size[1], added_at=clock.now())
        photo.sealed = encrypt(encoded, context=photo.context)
        ProfilePhoto.objects.filter(user=user).delete()
        photo.save(force_insert=True)
        note_security_event(user, kind=SecurityEventKind.PROFILE_CHANGED, client=client)
        record("accounts.photo_changed", actor=actor, subject=str(user.subject.public_id), change="set")
    return photo


def remove_photo(user: User, *, client: Client, actor: Actor) -> None:
    """Remove the photo; does nothing when there is none."""
    with transaction.atomic():
        removed, _details = ProfilePhoto.objects.filter(user=user).delete()
        if removed:
            note_security_event(user, kind=SecurityEventKind.PROFILE_CHANGED, client=client)
            record("accounts.photo_changed", actor=actor, subject=str(user.subject.public_id), change="removed")


def encode_anew(content: bytes) -> tuple[bytes, tuple[int, int]]:
    """A small JPEG of a picture, upright and without metadata, and its size. Raises PhotoNotUsable; nothing too large is decoded."""
    if len(content) > MAX_BYTES:
        raise PhotoNotUsable
    try:
        with _decoding, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # open() reads the header only; the size is judged before anything is unfolded
            with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS or min(opened.size) < 1:
                    raise PhotoNotUsable
                opened.draft("RGB", (SIDE * 2, SIDE * 2))
                # made small before anything copies it; the square it has to fit is the same upright
                opened.thumbnail((SIDE, SIDE))
                flat = _on_white(ImageOps.exif_transpose(opened))
    except (
        MemoryError,
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise PhotoNotUsable from error
    # a new image carries over none of the old one's metadata
    fresh = Image.new("RGB", flat.size)
    fresh.paste(flat)
    target = io.BytesIO()
    fresh.save(target, "JPEG", quality=88, optimize=True)
    return target.getvalue(), fresh.size


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    background = Image.new("RGBA", rgba.size, "white")
    background.alpha_composite(rgba)
    return background.convert("RGB")
