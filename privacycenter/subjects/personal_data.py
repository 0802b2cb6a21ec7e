"""What this room holds about people: identifiers, which accounts exports as `accounts.identities`, and their locale."""

from __future__ import annotations

from typing import Any

from privacycenter.kernel.classification import classify
from privacycenter.kernel.labels import language_label
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import Locator, Record, Sensitivity, SourceDescription, SourceField, registry
from privacycenter.subjects.enums import IDENTIFIER_LABELS, source_label
from privacycenter.subjects.models import Identifier, Subject


class IdentifierSource(ModelSource):
    """The addresses, numbers and names that point to the person, and how we came to know them."""

    description = SourceDescription(
        key="subjects.identifiers",
        title="Addresses and numbers that identify you",
        category="identity",
        fields=(
            SourceField("kind", "Kind"),
            SourceField("value", "Address or number", Sensitivity.CONTACT),
            SourceField("source", "Where it came from"),
            SourceField("added_at", "Added"),
            SourceField("proven_at", "Confirmed by you"),
        ),
        purposes=("account_and_service", "fraud_prevention_and_rights"),
        origin="given by you, or received together with a record about you",
        retention="account_life",
        recipients=("staff_and_contractors",),
        portable=True,
    )
    columns = {"kind": "kind", "value": "value", "source": "source", "added_at": "created_at", "proven_at": "proven_at"}
    dated_by = "created_at"

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        words = {"kind": str(IDENTIFIER_LABELS.get(values["kind"], values["kind"])), "source": source_label(values["source"])}
        return Record(str(primary_key), values | words)

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[Any]:
        return [Identifier.objects.filter(subject_id=locator["subject"])]


class LocaleSource(ModelSource):
    """The person's time zone and language, which serve people without an account as well."""

    description = SourceDescription(
        key="subjects.locale",
        title="Your time zone and language",
        category="identity",
        fields=(SourceField("created_at", "Known since"), SourceField("time_zone", "Time zone"), SourceField("language", "Language")),
        purposes=("account_and_service",),
        origin="given by you",
        retention="account_life",
        recipients=("staff_and_contractors",),
        portable=True,
    )
    columns = {"created_at": "created_at", "time_zone": "time_zone", "language": "language"}
    dated_by = "created_at"

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"language": language_label(values["language"])})

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[Any]:
        return [Subject.objects.filter(pk=locator["subject"])]


registry.register(IdentifierSource())
registry.register(LocaleSource())

classify(
    "subjects.Subject",
    source="subjects.locale",
    fields={"public_id": None, "created_at": None, "former_ids": None, "time_zone": Sensitivity.ORDINARY, "language": Sensitivity.ORDINARY},
)
classify(
    "subjects.Identifier",
    source="subjects.identifiers",
    fields={
        "subject": Sensitivity.ORDINARY,
        "kind": None,
        "value": Sensitivity.CONTACT,
        "source": None,
        "created_at": None,
        "proven_at": None,
    },
)
