"""A campaign as it will arrive: made by the real path of the outbox, with a link that leads nowhere."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern_policy
from typing import NamedTuple

from django.db import transaction

from privacycenter.kernel.actor import Actor
from privacycenter.mail.domain import queue_message
from privacycenter.mail.rendering import build_message
from privacycenter.preferences.campaigns.sending import MESSAGE
from privacycenter.preferences.campaigns.words import context_of
from privacycenter.preferences.models import Campaign

SAMPLE_ADDRESS = "reader@example.com"


class Preview(NamedTuple):
    """The header lines as they go over the wire, the subject and the plain text."""

    headers: tuple[str, ...]
    subject: str
    text: str


def preview_of(campaign: Campaign, *, actor: Actor) -> Preview:
    """What one recipient will get. Nothing of it stays: message, job and link are made in a transaction that is rolled back."""
    with transaction.atomic():
        message = queue_message(
            MESSAGE,
            to=SAMPLE_ADDRESS,
            context=context_of(campaign),
            language=campaign.language,
            topic=campaign.topic_id,
            campaign=campaign.reference,
            actor=actor,
        )
        raw = build_message(message).message().as_bytes()
        transaction.set_rollback(True)
    head = raw.partition(b"\n\n")[0].decode("utf-8", "replace")
    parsed: EmailMessage = message_from_bytes(raw, policy=modern_policy)
    body = parsed.get_body(preferencelist=("plain",))
    return Preview(tuple(head.splitlines()), message.subject, str(body.get_content()) if body else "")
