"""Events of the ledger and their texts, as the API gives them: without evidence and without who entered them."""

from __future__ import annotations

from typing import Any

from privacycenter.preferences.models import ConsentEvent, ConsentText
from privacycenter.preferences.texts import ShownText


def text_out(text: ConsentText | ShownText) -> dict[str, Any]:
    """By which a text is known."""
    return {"key": text.key, "version": text.version, "language": text.language, "sha256": text.sha256}


def event_out(event: ConsentEvent) -> dict[str, Any]:
    """One event."""
    return {
        "event_id": str(event.event_id),
        "record_id": str(event.record_id),
        "kind": event.kind,
        "purpose": event.purpose,
        "topic": event.topic,
        "channel": event.channel,
        "service": event.service,
        "recipient": event.recipient,
        "method": event.method,
        "at": event.at,
        "valid_until": event.valid_until,
        "text": text_out(event.text),
        "receipt_sha256": event.receipt_sha256,
    }
