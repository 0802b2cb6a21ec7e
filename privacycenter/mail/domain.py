"""Putting a message into the outbox. Sending it: privacycenter.mail.delivery."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue
from privacycenter.jobs.enums import Priority
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.hashing import keyed_hash
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.mail import kinds
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.queries import ADDRESS_CONTEXT
from privacycenter.mail.rendering import Paragraphs, render_words

__all__ = ["Paragraphs", "queue_message"]

SEND = "mail.send"


@transaction.atomic
def queue_message(
    kind: str,
    *,
    to: str,
    context: Mapping[str, Any],
    language: str = "",
    subject_key: str = "",
    ticket: str = "",
    actor: Actor,
) -> OutboxMessage:
    """Put a message into the outbox, in the caller's transaction; a job sends it after the commit.

    It is rendered now, so that what is sent is what was true when it was decided, and encrypted until it has left.
    `subject_key` is str(Subject.public_id) where the person is known. Raises InvalidIdentifier for an impossible address,
    UnknownMessageKind and UnfitTemplate.
    """
    message_kind = kinds.get(kind)
    address = normalise(IdentifierKind.EMAIL, to)
    language = language or settings.LANGUAGE_CODE
    words = render_words(message_kind.template_name, context, language=language)
    hashed = keyed_hash(address, context=ADDRESS_CONTEXT)
    message = OutboxMessage.objects.create(
        kind=kind,
        language=language,
        message_id=new_message_id(),
        to=address,
        subject=words.subject,
        body=words.body,
        address_key_id=hashed.key_id,
        address_hash=hashed.digest,
        subject_key=subject_key,
        ticket=ticket,
        queued_at=clock.now(),
    )
    record("mail.message_queued", actor=actor, subject=subject_key, ticket=ticket, kind=kind)
    priority = Priority.URGENT if message_kind.essential else Priority.BULK
    enqueue(SEND, key=str(message.pk), payload={"message": message.pk}, priority=priority)
    return message


def new_message_id() -> str:
    """A Message-ID of our own domain (RFC 5322, section 3.6.4)."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    domain = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    return f"<{secrets.token_hex(16)}@{domain}>"
