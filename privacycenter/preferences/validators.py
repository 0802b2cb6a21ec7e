"""What names, addresses and words in the register of cookies may look like."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

# A token of RFC 6265 in which * may stand for anything, or a storage key: no blanks, no separators of headers.
validate_storage_name = RegexValidator(
    r"\A[A-Za-z0-9!#$%&'*+.^_`|~:/@-]{1,120}\Z",
    _("Use letters, digits and signs without spaces; * stands for anything."),
    code="invalid_name",
)
validate_path = RegexValidator(r"\A/[A-Za-z0-9/._~-]*\Z", _("Use a path that begins with /."), code="invalid_path")

_ORIGIN = re.compile(r"\A(https?)://((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?::\d{1,5})?\Z")
_LOOPBACK = {"localhost", "127.0.0.1"}


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as a policy names them; empty where it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""


def validate_origins(value: Any) -> None:
    """A JSON column that lists origins: https://host, on a machine of one's own also http://localhost. They go into a policy header."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value) or len(set(value)) != len(value):
        raise ValidationError(_("This must be a list of addresses, none twice."), code="invalid_list")
    for item in value:
        found = _ORIGIN.match(item)
        is_local = bool(found) and found[2] in _LOOPBACK and settings.SITE_IS_LOOPBACK and not settings.SITE_IS_SECURE  # type: ignore[index]
        if not found or (found[1] != "https" and not is_local):
            raise ValidationError(_("Use addresses like https://video.example, without a path."), code="invalid_origin")


def is_hidden(text: str) -> bool:
    """Whether a text can't be read by everybody: fewer than two letters, or signs that show nothing or act on others."""
    letters = [sign for sign in text if unicodedata.category(sign).startswith("L")]
    return len(letters) < 2 or any(unicodedata.category(sign) in {"Cc", "Cf", "Cn", "Co", "Cs"} for sign in text)
