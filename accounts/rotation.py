"""How sealed values of this room that stand in ordinary columns move to a new key."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.models import Authenticator

from accounts.adapters.factors import CONTEXT
from accounts.models import ProfilePhoto
from privacycenter.kernel.encryption import decrypt, encrypt, needs_rotation
from privacycenter.kernel.rotation import register

_SEALED_IN_FACTORS = ("secret", "seed")


def reseal_photo(photo: ProfilePhoto) -> list[str]:
    sealed = bytes(photo.sealed)
    if not needs_rotation(sealed):
        return []
    photo.sealed = encrypt(decrypt(sealed, context=photo.context), context=photo.context)
    return ["sealed"]


def reseal_factor(factor: Authenticator) -> list[str]:
    """A passkey holds public keys only and is left alone."""
    changed = False
    data: dict[str, Any] = factor.data
    for name in _SEALED_IN_FACTORS:
        if name not in data:
            continue
        sealed = base64.b64decode(data[name])
        if needs_rotation(sealed):
            data[name] = base64.b64encode(encrypt(decrypt(sealed, context=CONTEXT), context=CONTEXT)).decode("ascii")
            changed = True
    return ["data"] if changed else []


register("accounts.ProfilePhoto", reseal_photo)
register("mfa.Authenticator", reseal_factor)
