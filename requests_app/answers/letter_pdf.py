"""The letter of a decision as a PDF, made by the child process that makes the PDFs of bundles."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import override

from requests_app.answers.letters import sections_of
from requests_app.models import Request
from requests_app.pdf.client import shared_renderer
from requests_app.pdf.documents import Controller, LetterDocument, LetterSection

SECONDS = 20.0  # somebody waits for the page


def render_letter(request: Request) -> bytes:
    """The PDF of the letter of a decided request, in the person's language. Raises RenderFailed, RenderTimeout."""
    return shared_renderer().render(letter_document(request), timeout_seconds=SECONDS)


def letter_document(request: Request) -> LetterDocument:
    """The letter as the child process takes it."""
    at = (request.decided_at or request.received_at).astimezone(ZoneInfo(settings.TIME_ZONE))
    with override(request.language):
        return LetterDocument(
            reference=request.ref,
            created=at.isoformat(),
            created_text=formats.date_format(at, "j F Y"),
            language=request.language,
            title=_("Decision on your request"),
            controller=Controller(settings.OPERATOR_NAME, settings.OPERATOR_CONTACT, [], settings.OPERATOR_COUNTRY),
            sections=[LetterSection(each.heading, each.paragraphs) for each in sections_of(request.letter or "")],
        )
