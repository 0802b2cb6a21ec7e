"""Putting a message into the outbox. Sending it: privacycenter.mail.delivery."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.translation import override

from privacycenter.audit.domain import Event, record, record_many
from privacycenter.jobs.domain import NewJob, enqueue, enqueue_many
from privacycenter.jobs.enums import Priority
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.hashing import keyed_hash
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.mail import kinds
from privacycenter.mail.decorators import Decoration, decorate
from privacycenter.mail.guards import Outgoing
from privacycenter.mail.kinds import MessageKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.queries import ADDRESS_CONTEXT
from privacycenter.mail.rendering import Paragraphs, render_words
from privacycenter.mail.site import wire_host

__all__ = ["Paragraphs", "Recipient", "queue_message", "queue_messages"]

SEND = "mail.send"


class Recipient(NamedTuple):
    """Whom one of many messages is for: the address, and the person's public id where they are known."""

    to: str
    subject_key: str = ""


@transaction.atomic
def queue_message(
    kind: str,
    *,
    to: str,
    context: Mapping[str, Any],
    language: str = "",
    subject_key: str = "",
    ticket: str = "",
    topic: str = "",
    campaign: str = "",
    actor: Actor,
) -> OutboxMessage:
    """Put a message into the outbox, in the caller's transaction; a job sends it after the commit.

    It is rendered now, so that what is sent is what was true when it was decided, and encrypted until it has left.
    `subject_key` is str(Subject.public_id) where the person is known. A non-essential message is about `topic` (by default that
    of its kind; empty for none) and may belong to a `campaign`; it gets what the registered decorators add.
    Raises InvalidIdentifier for an impossible address, UnknownMessageKind, UnfitTemplate, UnfitHeader and NoWayOut.
    """
    message_kind = kinds.get(kind)
    message = _written(message_kind, Recipient(to, subject_key), context, language, ticket, topic, campaign)
    message.save(force_insert=True)
    record("mail.message_queued", actor=actor, subject=subject_key, ticket=ticket, kind=kind)
    enqueue(SEND, key=str(message.pk), payload={"message": message.pk}, priority=_priority(message_kind))
    return message


@transaction.atomic
def queue_messages(
    kind: str,
    recipients: Iterable[Recipient],
    *,
    context: Mapping[str, Any],
    language: str = "",
    topic: str = "",
    campaign: str = "",
    actor: Actor,
) -> list[OutboxMessage]:
    """`queue_message` for many people who get the same words, each with their own ways out; in order. A few statements for all."""
    message_kind = kinds.get(kind)
    wanted = list(recipients)
    written = [_written(message_kind, recipient, context, language, "", topic, campaign) for recipient in wanted]
    messages = OutboxMessage.objects.bulk_create(written)
    record_many(Event("mail.message_queued", actor, recipient.subject_key, parameters={"kind": kind}) for recipient in wanted)
    priority = _priority(message_kind)
    enqueue_many(NewJob(SEND, str(message.pk), {"message": message.pk}, priority=priority) for message in messages)
    return messages


def _written(
    kind: MessageKind, recipient: Recipient, context: Mapping[str, Any], language: str, ticket: str, topic: str, campaign: str
) -> OutboxMessage:
    """A message as it goes into the outbox, not saved."""
    address = normalise(IdentifierKind.EMAIL, recipient.to)
    language = language or settings.LANGUAGE_CODE
    topic = topic or kind.topic
    decoration = Decoration()
    if not kind.essential:
        with override(language):
            decoration = decorate(Outgoing(kind.key, address, recipient.subject_key, kind.purpose, topic, campaign))
    words = render_words(kind.template_name, context, language=language, footer=decoration.footer)
    hashed = keyed_hash(address, context=ADDRESS_CONTEXT)
    return OutboxMessage(
        kind=kind.key,
        language=language,
        message_id=new_message_id(),
        to=address,
        subject=words.subject,
        body=words.body,
        headers=json.dumps(dict(decoration.headers)) if decoration.headers else "",
        address_key_id=hashed.key_id,
        address_hash=hashed.digest,
        subject_key=recipient.subject_key,
        ticket=ticket,
        topic=topic,
        campaign=campaign,
        queued_at=clock.now(),
    )


def _priority(kind: MessageKind) -> Priority:
    return Priority.URGENT if kind.essential else Priority.BULK


def new_message_id() -> str:
    """A Message-ID of our own domain (RFC 5322, section 3.6.4)."""
    return f"<{secrets.token_hex(16)}@{wire_host()}>"
