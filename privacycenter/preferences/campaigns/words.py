"""The words of a campaign: plain text with a few fixed placeholders that are the same for everybody."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from privacycenter.mail.domain import Paragraphs
from privacycenter.preferences.models import Campaign

MAX_PARAGRAPH = 2_000
PLACEHOLDERS = ("operator", "contact", "topic", "preferences")
_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
_BLANK = re.compile(r"\n[ \t]*\n\s*")


def check_text(text: str) -> None:
    """Raise ValidationError for a placeholder we don't know, a paragraph that is too long, or markup, which would be shown as it stands."""
    unknown = sorted({name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS})
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValidationError(
            _("There is no placeholder {%(name)s}. These can be used: %(known)s."),
            code="unknown_placeholder",
            params={"name": unknown[0][:40], "known": known},
        )
    if re.search(r"</?(a|img|p|br|div|span|table|html|style|script)\b[^>]*>", text, re.IGNORECASE):
        raise ValidationError(
            _("Write plain text. Marks like <a> or <img> would be shown as they stand; addresses are written out."), code="markup"
        )
    if any(len(paragraph) > MAX_PARAGRAPH for paragraph in _BLANK.split(text)):
        raise ValidationError(_("A paragraph has at most 2,000 characters. Put a blank line somewhere."), code="long_paragraph")


def context_of(campaign: Campaign) -> dict[str, Any]:
    """What the template of a campaign's mail is given."""
    values = {
        "operator": settings.OPERATOR_NAME,
        "contact": settings.OPERATOR_CONTACT,
        "topic": campaign.topic.title,
        "preferences": f"{settings.SITE_URL}{reverse('preferences:preferences')}",
    }
    body = campaign.body.replace("\r\n", "\n").strip()
    return {
        "subject": _filled(campaign.subject, values),
        "paragraphs": [Paragraphs(_filled(paragraph, values)) for paragraph in _BLANK.split(body) if paragraph.strip()],
    }


def _filled(text: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values.get(match.group(1), match.group()), text)
