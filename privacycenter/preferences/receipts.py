"""Receipts: what a consent event says, by the field names of ISO/IEC TS 27560:2023 and the terms of the W3C Data Privacy Vocabulary.

The shape is ours (docs/choices.md lists it); its version is its first field. `dpv:` is https://w3id.org/dpv#, `eu-gdpr:` is
https://w3id.org/dpv/legal/eu/gdpr#.
A receipt is canonical JSON (sorted keys, no spaces, UTF-8); its SHA-256 stands in the event. Whoever holds the receipt can
check it on a public page that knows only the hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from privacycenter.preferences.enums import OBJECTION, EventKind
from privacycenter.preferences.models import ConsentEvent, ConsentText
from privacycenter.preferences.texts import ShownText, shown

# Under this key the statements of who is responsible are kept among the texts; "zxx" is BCP 47 for no language.
CONTROLLER, _NO_LANGUAGE = "controller", "zxx"
SCHEMA = "urn:privacycenter:consent-receipt:1"
# The status of consent after an event (dpv:ConsentStatus). An objection is none: it is a right (GDPR Art. 21), and how the person takes
# part (dpv:EntityPermissiveInvolvement); the vocabulary has no word for taking it back.
STATUS: dict[EventKind, str | None] = {
    EventKind.REQUESTED: "dpv:ConsentRequested",
    EventKind.GIVEN: "dpv:ConsentGiven",
    EventKind.REFUSED: "dpv:ConsentRefused",
    EventKind.WITHDRAWN: "dpv:ConsentWithdrawn",
    EventKind.RENEWED: "dpv:RenewedConsentGiven",
    EventKind.EXPIRED: "dpv:ConsentExpired",
    EventKind.INVALIDATED: "dpv:ConsentInvalidated",
    EventKind.OBJECTED: "dpv:ObjectingToProcess",
    EventKind.OBJECTION_LIFTED: None,
}

_HASH = "sha256:"
_IS_HASH = re.compile(_HASH + "[0-9a-f]{64}")


def receipt_of(event: ConsentEvent, text: ShownText, controller: dict[str, str] | None = None) -> dict[str, Any]:
    """The receipt of an event: nothing in it names the person; who holds it knows whose it is.

    `controller` is who was responsible when the receipt was made; by default who is now.
    """
    scope = {name: value for name in ("topic", "channel", "service", "recipient") if (value := getattr(event, name))}
    return {
        "schema_version": SCHEMA,
        "record_id": str(event.record_id),
        "event_id": str(event.event_id),
        "pii_controllers": [controller or _controller()],
        "purpose": event.purpose,
        "scope": scope,
        "privacy_notice": {"key": text.key, "version": text.version, "language": text.language, "sha256": text.sha256},
        "collection_method": {"method": str(event.method), "control": event.control, "page": event.page},
        "event_type": str(event.kind),
        "event_state": STATUS[EventKind(event.kind)],
        "privacy_right": "eu-gdpr:A21" if event.kind in OBJECTION else None,
        "event_time": _time(event.at),
        # an interval of ISO 8601, where the choice ends by itself
        "validity_duration": f"{_time(event.at)}/{_time(event.valid_until)}" if event.valid_until else None,
        "entity_id": str(event.actor_kind),
        "evidence_sha256": evidence_hash(event.evidence).removeprefix(_HASH) if event.evidence else None,
    }


def evidence_hash(evidence: str) -> str:
    """What stands in place of evidence when its words are erased, so that the receipt can still be made again."""
    return evidence if _IS_HASH.fullmatch(evidence) else _HASH + hashlib.sha256(evidence.encode()).hexdigest()


def kept_receipt(event: ConsentEvent) -> dict[str, Any] | None:
    """The receipt of a stored event made again, with the very hash that stands in the event; None if none has: the row was changed.

    `event.text` is read. One more query: the operator may have been renamed since.
    """
    row = event.text
    text = ShownText(row.pk, row.key, row.version, row.language, row.sha256)
    for stated in ConsentText.objects.filter(key=CONTROLLER).order_by("-version").values_list("text", flat=True):
        receipt = receipt_of(event, text, json.loads(stated))
        if sha256_of(receipt) == event.receipt_sha256:
            return receipt
    return None


def canonical(receipt: dict[str, Any]) -> bytes:
    """The bytes that are hashed (RFC 8785 for the values that occur here: strings, integers, null, nested objects)."""
    return json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256_of(receipt: dict[str, Any]) -> str:
    """The hash of a receipt in lower-case hex."""
    return hashlib.sha256(canonical(receipt)).hexdigest()


def _controller() -> dict[str, str]:
    """Who is responsible by the settings of today. Kept like a text that was shown: receipts outlive the settings."""
    stated = {"name": settings.OPERATOR_NAME, "contact": settings.OPERATOR_CONTACT, "country": settings.OPERATOR_COUNTRY}
    shown(CONTROLLER, canonical(stated).decode(), language=_NO_LANGUAGE)
    return stated


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
