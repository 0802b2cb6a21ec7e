"""Reads of the outbox."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from privacycenter.kernel.hashing import candidates
from privacycenter.mail.models import OutboxMessage

ADDRESS_CONTEXT = "mail.address"


def address_hashes(addresses: list[str]) -> list[str]:
    """Every hash under which messages to these (normalised) addresses may be found."""
    return [hashed.digest for address in addresses for hashed in candidates(address, context=ADDRESS_CONTEXT)]


def messages_to(*, subject_keys: list[str], hashes: list[str]) -> list[QuerySet[OutboxMessage]]:
    """Messages that were for this person, in disjoint querysets: by their public ids, and by address where none was known."""
    found = [OutboxMessage.objects.filter(~Q(subject_key=""), subject_key=subject_key) for subject_key in subject_keys]
    return [*found, OutboxMessage.objects.filter(address_hash__in=hashes, subject_key="")] if hashes else found


def messages_of_ticket(ticket: str) -> QuerySet[OutboxMessage]:
    """Messages about a ticket, newest first, without what they said."""
    return OutboxMessage.objects.filter(~Q(ticket=""), ticket=ticket).defer("to", "subject", "body", "headers").order_by("-pk")


def mask_address(address: str) -> str:
    """An address by which a colleague may recognise it but nobody could write to it: `m…@e…com`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain[:1]}…{domain.rpartition('.')[2]}" if local else ""
