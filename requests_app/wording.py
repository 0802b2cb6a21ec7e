"""Placeholders in the templates of answers: few, fixed, and none for data about the person."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.translation import gettext as _

from requests_app.models import Request

PLACEHOLDERS = ("reference", "right", "received_on", "due_on", "operator", "contact")
_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")


def check_placeholders(text: str) -> None:
    """Raise ValidationError for a placeholder that doesn't exist, or for a brace that opens or closes none."""
    unknown = sorted({name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS})
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    if unknown:
        raise ValidationError(
            _("There is no placeholder {%(name)s}. These can be used: %(known)s."),
            code="unknown_placeholder",
            params={"name": unknown[0][:40], "known": known},
        )
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        raise ValidationError(
            _("A brace stands alone. These placeholders can be used: %(known)s."), code="stray_brace", params={"known": known}
        )


def filled(text: str, request: Request) -> str:
    """A template's text with what is known of the request, in one pass: what a value holds is never read as a placeholder."""
    values: dict[str, Any] = {
        "reference": request.ref,
        "right": request.get_kind_display(),
        "received_on": formats.date_format(request.received_at, "l, j F Y"),
        "due_on": formats.date_format(request.due_at, "l, j F Y") if request.due_at else "",
        "operator": settings.OPERATOR_NAME,
        "contact": settings.OPERATOR_CONTACT,
    }
    return _PLACEHOLDER.sub(lambda match: str(values.get(match.group(1), match.group())), text)
