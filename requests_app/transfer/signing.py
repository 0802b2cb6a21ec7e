"""Every request to a receiver is signed: HTTP Message Signatures (RFC 9421) with the Ed25519 key that signs bundles.

The signature covers the method, the whole address, each header that says what is uploaded, and by Content-Digest (RFC 9530) the
bytes. Receivers verify it with the public keys at /.well-known/privacy-bundle-keys.json: docs/transfer.md.
"""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

from privacycenter.kernel import clock
from requests_app.bundle.signing import signing_key_id

TAG = "privacy-transfer"
LABEL = "sig"
SECONDS = 300  # as long as one request may take
_COVERED = frozenset(
    {"content-type", "idempotency-key", "tus-resumable", "upload-checksum", "upload-length", "upload-metadata", "upload-offset"}
)


@dataclass
class Message:
    """A request as the library wants to see it."""

    method: str
    url: str
    headers: MutableMapping[str, str]


def sign_message(message: Message, *, body: bytes | None) -> None:
    """Add Content-Digest (where there is a body, an empty one too), Signature-Input and Signature to the headers."""
    key_id = signing_key_id()
    key = Ed25519PrivateKey.from_private_bytes(settings.BUNDLE_SIGNING_KEYS[key_id])
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519, key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: key})
    )
    now = clock.now()
    signer.sign(
        message,
        key_id=key_id,
        created=now,
        expires=now + timedelta(seconds=SECONDS),
        nonce=secrets.token_urlsafe(16),
        label=LABEL,
        tag=TAG,
        covered_component_ids=("@method", "@target-uri", *sorted(name.lower() for name in message.headers if name.lower() in _COVERED)),
        body=body,
    )
