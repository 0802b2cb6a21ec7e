"""From a template and values to words; from words to a message with a plain part and an HTML part that says the same.

A template is plain text: `Subject: …` on its first line, an empty line, the body. In the body a line that is nothing but an
address of ours becomes a link, a line indented by four spaces is shown large (a code), lines that start with `- ` a list.
In the footer a line that ends with a colon and an address of ours becomes a link under its words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.translation import override

from privacycenter.kernel.cards import mask_card_numbers
from privacycenter.kernel.text import visible
from privacycenter.mail.decorators import FooterLine
from privacycenter.mail.errors import UnfitTemplate
from privacycenter.mail.models import OutboxMessage

MAX_SUBJECT = 150
MAX_VALUE = 2_000
_BLANK_LINES = re.compile(r"\n{3,}")


class Words(NamedTuple):
    """What a message says."""

    subject: str
    body: str


class Paragraphs(str):
    """A value that keeps its line breaks: a message that a colleague wrote. Any other value is put on one line."""

    __slots__ = ()


def render_words(template_name: str, context: Mapping[str, Any], *, language: str, footer: Sequence[FooterLine] = ()) -> Words:
    """Render a template in `language`, with more lines of the footer. Raises UnfitTemplate when there is no subject or no body.

    Values can't add header lines or paragraphs: line breaks in them become spaces, hidden characters visible marks, card
    numbers their last four digits.
    """
    values = {name: tame(value) for name, value in context.items()}
    values |= {"operator": settings.OPERATOR_NAME, "operator_contact": settings.OPERATOR_CONTACT, "site_url": settings.SITE_URL}
    # The text is no markup, so nothing is escaped here; the HTML part escapes all of it.
    plain: Any = get_template(template_name)
    closing: Any = get_template("mail/footer.txt")
    with override(language):
        text = plain.template.render(Context(values, autoescape=False)).replace("\r\n", "\n").strip("\n")
        end = closing.template.render(Context(values, autoescape=False)).strip("\n")
        further = [f"{tame(line.words)}: {line.href}" if line.href else tame(line.words) for line in footer]
    first, _, rest = text.partition("\n")
    subject = " ".join(first.removeprefix("Subject:").split())
    body = _BLANK_LINES.sub("\n\n", rest.strip("\n"))
    if not first.startswith("Subject:") or not subject or not body or not rest.startswith("\n"):
        raise UnfitTemplate
    return Words(subject[:MAX_SUBJECT], "\n".join((f"{body}\n\n-- ", *further, end, "")))


def tame(value: Any) -> Any:
    """A value as a template may use it: strings made harmless, inside lists and dicts too.

    Raises TypeError for anything but plain values: the attributes of an object would reach the text untamed.
    """
    if isinstance(value, Promise):
        value = force_str(value)
    if isinstance(value, str):
        text = visible(mask_card_numbers(value[:MAX_VALUE]))
        return text if isinstance(value, Paragraphs) else " ".join(text.split())
    if isinstance(value, list | tuple):
        return [tame(item) for item in value]
    if isinstance(value, dict):
        return {name: tame(item) for name, item in value.items()}
    if value is None or isinstance(value, int | float | Decimal | date | time | timedelta | UUID):
        return value
    raise TypeError(f"a message takes plain values, not {type(value).__name__}")


class Unfolded(EmailMultiAlternatives):
    """A message whose header lines stay in one piece.

    Python folds a header of 79 signs and more before its first word, which leaves `List-Unsubscribe:` alone on its line; some
    programs that read headers line by line then find no link. 998 is the longest line that RFC 5322 (section 2.1.1) allows.
    """

    def message(self, **further: Any) -> Any:
        built: Any = super().message(**further)
        built.policy = built.policy.clone(max_line_length=998)
        return built


def build_message(message: OutboxMessage) -> EmailMultiAlternatives:
    """The message as it goes over the wire. The same row gives the same Message-ID and Date on every try."""
    with override(message.language):
        html = render_to_string(
            "mail/base.html", {"subject": message.subject, "language": message.language, "blocks": blocks_of(message.body)}
        )
    built = Unfolded(
        subject=message.subject,
        body=message.body,
        to=[message.to],
        headers={
            "Message-ID": message.message_id,
            "Date": format_datetime(message.queued_at),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no auto-replies, please
            "X-Auto-Response-Suppress": "All",
            "Content-Language": message.language,
            **(json.loads(message.headers) if message.headers else {}),
        },
    )
    built.attach_alternative(html, "text/html")
    return built


class Block(NamedTuple):
    """A piece of the body for the HTML part: paragraph, link, code, list or footer."""

    form: str
    lines: tuple[str, ...]
    footer: tuple[FooterLine, ...] = ()


def blocks_of(body: str) -> list[Block]:
    """Cut a plain body into blocks, losing no word."""
    text, _, footer = body.partition("\n-- \n")
    blocks: list[Block] = []
    for paragraph in text.strip("\n").split("\n\n"):
        for line in paragraph.split("\n"):
            form, words = _form_of(line)
            if not words:
                continue
            if blocks and blocks[-1].form == form and form in {"paragraph", "list"} and line is not paragraph.split("\n")[0]:
                blocks[-1] = Block(form, (*blocks[-1].lines, words))
            else:
                blocks.append(Block(form, (words,)))
    if footer.strip():
        lines = tuple(line for line in footer.strip().split("\n") if line)
        blocks.append(Block("footer", lines, tuple(_footer_line(line) for line in lines)))
    return blocks


def _footer_line(line: str) -> FooterLine:
    words, colon, href = line.rpartition(": ")
    is_link = colon and href.startswith(f"{settings.SITE_URL}/") and " " not in href
    return FooterLine(words, href) if is_link else FooterLine(line)


def _form_of(line: str) -> tuple[str, str]:
    words = line.strip()
    if words.startswith(f"{settings.SITE_URL}/") and " " not in words:
        return "link", words
    if line.startswith("    "):
        return "code", words
    if words.startswith("- "):
        return "list", words[2:]
    return "paragraph", words
