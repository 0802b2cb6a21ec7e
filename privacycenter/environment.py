"""Strict readers for settings: where a secret comes from, and what an address setting means.

A value comes from the environment variable NAME, else from the file named by NAME_FILE, else (development only) from
var/secrets.env, which is written once with random secrets. A NAME_FILE that can't be read is an error, not an absence.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SECRET_NAMES = ("SECRET_KEY", "DATA_KEYS", "HASH_KEYS", "BUNDLE_SIGNING_KEYS", "WEBHOOK_SECRET")


def load_secret_files() -> None:
    """Put the content of every NAME_FILE into NAME, unless NAME itself is set.

    Raises ImproperlyConfigured when a named file can't be read.
    """
    for variable, path in list(os.environ.items()):
        name = variable.removesuffix("_FILE")
        if name == variable or name in os.environ or not _is_ours(name):
            continue
        try:
            os.environ[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{variable} names a file that can't be read: {path}") from error


def _is_ours(name: str) -> bool:
    return name in {
        *SECRET_NAMES,
        "SECRET_KEY_FALLBACKS",
        "DATABASE_URL",
        "CELERY_BROKER_URL",
        "REDIS_URL",
        "EMAIL_URL",
        "BUNDLE_STORAGE",
        "ERASURE_LEDGER",
        "AUDIT_CHECKPOINTS",
        "GOOGLE_CLIENT_SECRET",
        "MICROSOFT_CLIENT_SECRET",
        "LINKEDIN_CLIENT_SECRET",
        "OIDC_PROVIDERS",
        "METRICS_TOKEN",
        "SENTRY_DSN",
    }


def load_development_secrets(path: Path, *, create: bool) -> list[str]:
    """Read NAME=value lines from `path` into the environment without overriding it; the names that were taken from there.

    With `create`, a missing file is written first, with mode 0600 and random secrets.
    """
    if not path.exists():
        if not create:
            return []
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}={_random_secret(name)}" for name in SECRET_NAMES]
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
        try:
            # link, not rename: the first process to get here decides, a second one must not replace its secrets
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    taken = []
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#") and name.strip() not in os.environ:
            os.environ[name.strip()] = value.strip()
            taken.append(name.strip())
    return taken


def _random_secret(name: str) -> str:
    if name.endswith("_KEYS"):
        return f"dev1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    return secrets.token_urlsafe(48)


def parse_keys(text: str) -> dict[str, bytes]:
    """Parse `id:base64,id:base64` (newest first) to an ordered mapping of key id to 32 bytes.

    Raises ImproperlyConfigured for a malformed, repeated or short key; the message never holds key material.
    """
    keys: dict[str, bytes] = {}
    for position, part in enumerate(filter(None, (piece.strip() for piece in text.split(","))), start=1):
        key_id, separator, encoded = part.partition(":")
        try:
            material = base64.b64decode(encoded, validate=True)
        except ValueError:
            material = b""
        if not separator or not key_id.isalnum() or len(key_id) > 16 or len(material) != 32:
            raise ImproperlyConfigured(
                f"key number {position} must read id:base64 with an alphanumeric id of at most 16 characters and exactly 32 bytes"
            )
        if key_id in keys:
            raise ImproperlyConfigured(f"key id {key_id} stands twice")
        keys[key_id] = material
    return keys


def parse_email_url(url: str) -> dict[str, Any]:
    """Turn EMAIL_URL into Django's mail settings.

    `file:///folder`, `smtp://user:password@host:port`, `smtp+tls://…` (STARTTLS), `smtps://…` (TLS from the start), or
    `anymail+NAME://?API_KEY=…` for an e-mail service that django-anymail knows.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if parts.scheme in {"smtp", "smtp+tls", "smtps"}:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname or "localhost",
            "EMAIL_PORT": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
            "EMAIL_USE_SSL": parts.scheme == "smtps",
            "EMAIL_TIMEOUT": 20,
        }
    if parts.scheme.startswith("anymail+"):
        service = parts.scheme.removeprefix("anymail+")
        return {
            "EMAIL_BACKEND": f"anymail.backends.{service}.EmailBackend",
            "ANYMAIL": {f"{service.upper()}_{key}": values[0] for key, values in parse_qs(parts.query).items()},
        }
    raise ImproperlyConfigured("EMAIL_URL must start with file://, smtp://, smtp+tls://, smtps:// or anymail+NAME://")
