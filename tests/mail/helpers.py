"""Mail as the person gets it: work the outbox, then read what arrived."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern_policy

from django.core import mail

from privacycenter.jobs.domain import run_until_idle


def delivered(address: str = "") -> list[EmailMessage]:
    """Send what is in the outbox and answer everything that was delivered (to `address`), oldest first, parsed from its bytes.

    For tests on Django's in-memory backend; over a real connection use the `smtp_server` fixture.
    """
    run_until_idle()
    parsed: list[EmailMessage] = [message_from_bytes(sent.message().as_bytes(), policy=modern_policy) for sent in mail.outbox]  # type: ignore[misc]
    return [message for message in parsed if not address or address in str(message["To"])]


def text_of(message: EmailMessage) -> str:
    """The plain part."""
    part = message.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(message: EmailMessage) -> str:
    """The HTML part."""
    part = message.get_body(preferencelist=("html",))
    assert part is not None
    return str(part.get_content())


def link_in(message: EmailMessage) -> str:
    """The one link that stands on a line of its own."""
    [link] = re.findall(r"^https?://\S+$", text_of(message), re.MULTILINE)
    return str(link)


def code_in(message: EmailMessage) -> str:
    """The code that stands on an indented line of its own."""
    [code] = re.findall(r"^    (\S+)$", text_of(message), re.MULTILINE)
    return str(code)
