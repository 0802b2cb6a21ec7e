"""What this room holds about people: that a message was sent to them, and until it has left, what it says."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from privacycenter.kernel.classification import classify
from privacycenter.kernel.labels import language_label
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.kernel.sources import (
    Erased,
    ErasureRule,
    Locator,
    Record,
    Sensitivity,
    SourceDescription,
    SourceField,
    Treatment,
    registry,
)
from privacycenter.mail.delivery import drop_waiting
from privacycenter.mail.enums import MessageState
from privacycenter.mail.kinds import label_of
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.queries import address_hashes, messages_to
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers, public_ids


class MessageSource(ModelSource):
    """Messages that were sent to the person: kind, times and what became of them. Their text is not kept."""

    description = SourceDescription(
        key="mail.messages",
        title="Messages we sent you",
        category="interactions",
        fields=(
            SourceField("kind", "What it was about"),
            SourceField("topic", "Topic"),
            SourceField("campaign", "Mailing"),
            SourceField("queued_at", "Written"),
            SourceField("sent_at", "Sent"),
            SourceField("state", "What became of it"),
            SourceField("language", "Language"),
        ),
        purposes=("service_messages",),
        origin="sent by us",
        retention="interactions",
        recipients=("service_providers",),
        erasure=ErasureRule(
            Treatment.ANONYMISE,
            "That a message of a kind was sent stays as a number in our records; nothing shows that it was for you, or what it said. "
            "What was not sent yet is not sent any more.",
        ),
    )
    columns = {
        "kind": "kind",
        "topic": "topic",
        "campaign": "campaign",
        "queued_at": "queued_at",
        "sent_at": "sent_at",
        "state": "state",
        "language": "language",
    }
    dated_by = "queued_at"
    treatments = frozenset({Treatment.ANONYMISE, Treatment.RETAIN})
    anonymous = {"address_key_id": "", "address_hash": "", "subject_key": ""}

    def locate(self, subject: Subject) -> Locator:
        addresses = [value for kind, value in proven_identifiers(subject) if kind == IdentifierKind.EMAIL]
        return {"subjects": public_ids(subject), "addresses": address_hashes(addresses)}

    def querysets(self, locator: Locator) -> list[QuerySet[OutboxMessage]]:
        return messages_to(subject_keys=locator["subjects"], hashes=locator["addresses"])

    def _anonymise(self, queryset: QuerySet[Any]) -> Erased:
        drop_waiting(queryset)
        return super()._anonymise(queryset)

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        words = {
            "kind": label_of(values["kind"]),
            "state": str(MessageState(values["state"]).label),
            "language": language_label(values["language"]),
        }
        return Record(str(primary_key), values | words)


registry.register(MessageSource())

classify(
    "mail.OutboxMessage",
    source="mail.messages",
    fields={
        "kind": Sensitivity.ORDINARY,
        "language": Sensitivity.ORDINARY,
        "message_id": None,
        "to": Sensitivity.CONTACT,
        "subject": Sensitivity.ORDINARY,
        "body": Sensitivity.ORDINARY,
        "headers": None,
        "address_key_id": None,
        "address_hash": Sensitivity.ORDINARY,
        "subject_key": Sensitivity.ORDINARY,
        "ticket": Sensitivity.ORDINARY,
        "topic": Sensitivity.ORDINARY,
        "campaign": Sensitivity.ORDINARY,
        "state": Sensitivity.ORDINARY,
        "last_error": None,
        "queued_at": Sensitivity.ORDINARY,
        "sent_at": Sensitivity.ORDINARY,
    },
)
