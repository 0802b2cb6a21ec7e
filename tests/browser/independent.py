"""A second opinion on a bundle, from its published layout alone: shares no code with the product."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def check(bundle: Path, jwks: dict[str, Any]) -> dict[str, Any]:
    """Raise unless every entry is in the manifest with its size and hash and one published key signed the manifest.

    Returns personal-data.json.
    """
    with zipfile.ZipFile(bundle) as archive:
        manifest_bytes = archive.read("manifest.json")
        signature = base64.b64decode(archive.read("manifest.sig"))
        signers = 0
        for key in jwks["keys"]:
            assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
            public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))
            try:
                public.verify(signature, manifest_bytes)
                signers += 1
            except Exception:
                continue
        assert signers == 1
        listed = json.loads(manifest_bytes)["entries"]
        by_name = listed if isinstance(listed, dict) else {entry["name"]: entry for entry in listed}
        names = [name for name in archive.namelist() if not name.startswith("manifest.")]
        assert sorted(names) == sorted(by_name)
        for name in names:
            content = archive.read(name)
            assert len(content) == by_name[name]["size"], name
            assert hashlib.sha256(content).hexdigest() == by_name[name]["sha256"], name
        return dict(json.loads(archive.read("personal-data.json")))
