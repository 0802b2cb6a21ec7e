"""What this room holds about people: identifiers, which accounts exports as `accounts.identities`, and their locale."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.db.models import QuerySet

from privacycenter.kernel import clock
from privacycenter.kernel.classification import classify
from privacycenter.kernel.labels import label_in, language_label
from privacycenter.kernel.model_source import ModelSource
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
from privacycenter.subjects import holding
from privacycenter.subjects.enums import IDENTIFIER_LABELS, RestrictionReason, source_label
from privacycenter.subjects.models import Identifier, PushDevice, Restriction, Subject
from privacycenter.subjects.queries import restricted_title

BY_PROVING = "Give the right one and show that it is yours; then remove the wrong one. It finds what is held about you."


class IdentifierSource(ModelSource):
    """The addresses, numbers and names that point to the person, and how we came to know them."""

    description = SourceDescription(
        key="subjects.identifiers",
        title="Addresses and numbers that identify you",
        category="identity",
        fields=(
            SourceField("kind", "Kind"),
            SourceField("value", "Address or number", Sensitivity.CONTACT, corrected_by=BY_PROVING),
            SourceField("source", "Where it came from"),
            SourceField("added_at", "Added"),
            SourceField("proven_at", "Confirmed by you"),
        ),
        purposes=("account_and_service", "fraud_prevention_and_rights"),
        origin="given by you, or received together with a record about you",
        retention="account_life",
        recipients=("staff_and_contractors",),
        portable=True,
        # Late: until everything else is gone, they are how a person is found if the work has to begin anew.
        erasure=ErasureRule(Treatment.DELETE, order=700),
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

    def _delete(self, queryset: QuerySet[Any]) -> Erased:
        """A no that stands under the person's number is noted under each address first: it must be recognised if that comes in again."""
        for identifier in queryset.exclude(proven_at=None).select_related("subject").order_by("pk"):
            holding.tell_leaving(identifier.subject, identifier.kind, identifier.value)
        return super()._delete(queryset)


class LocaleSource(ModelSource):
    """The person's time zone and language, which serve people without an account as well."""

    description = SourceDescription(
        key="subjects.locale",
        title="Your time zone and language",
        category="identity",
        fields=(
            SourceField("created_at", "Known since"),
            SourceField("time_zone", "Time zone", correctable=True),
            SourceField("language", "Language", correctable=True),
            SourceField("restricted_at", "Use of your data restricted"),
            SourceField("is_child", "Known to us as a child"),
        ),
        purposes=("account_and_service",),
        origin="given by you",
        retention="account_life",
        recipients=("staff_and_contractors",),
        portable=True,
        erasure=ErasureRule(
            Treatment.ANONYMISE,
            "A bare random number stays, to which your requests and the proof of what we did refer. Nothing leads from it to you.",
            order=900,
        ),
    )
    treatments = frozenset({Treatment.ANONYMISE, Treatment.RETAIN})
    correctable = {"time_zone": "time_zone", "language": "language"}
    anonymous = {"time_zone": "", "language": "", "restricted_at": None, "is_child": False, "erased_at": clock.now}
    columns = {
        "created_at": "created_at",
        "time_zone": "time_zone",
        "language": "language",
        "restricted_at": "restricted_at",
        "is_child": "is_child",
    }
    dated_by = "created_at"

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"language": language_label(values["language"])})

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[Any]:
        return [Subject.objects.filter(pk=locator["subject"])]

    def correction(self, field: str, value: Any) -> Any:
        """A time zone as IANA names it, a language by its code; both may be empty."""
        known = available_timezones() if field == "time_zone" else dict(settings.LANGUAGES)
        if value and (not isinstance(value, str) or value not in known):
            raise ValueError(field)
        return value

    def _leading(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(erased_at=None)


class PushDeviceSource(ModelSource):
    """Devices on which the person agreed to get push messages. The address at the maker's service is a secret and stays out."""

    description = SourceDescription(
        key="subjects.push_devices",
        title="Devices that get push messages",
        category="identity",
        fields=(
            SourceField("label", "Device"),
            SourceField("created_at", "Added"),
            SourceField("disabled_at", "Switched off"),
        ),
        purposes=("account_and_service", "news_and_offers"),
        origin="given by you",
        retention="account_life",
        recipients=("service_providers",),
        portable=True,
        erasure=ErasureRule(Treatment.DELETE),
    )
    model = PushDevice
    found_by = {"subject_id": "subject"}
    columns = {"label": "label", "created_at": "created_at", "disabled_at": "disabled_at"}
    dated_by = "created_at"

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}


class RestrictionSource(ModelSource):
    """What of the person's data is kept but not used, since when and why."""

    description = SourceDescription(
        key="subjects.restrictions",
        title="Restrictions of the use of your data",
        category="requests",
        fields=(
            SourceField("source", "What is restricted"),
            SourceField("since", "Since"),
            SourceField("reason", "Why"),
            SourceField("request", "Request"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="noted when you asked for it, or by our staff",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(order=890),  # what is still there stays restricted until it is gone
    )
    model = Restriction
    found_by = {"subject_id": "subject"}
    columns = {"source": "source", "since": "since", "reason": "reason", "request": "ref"}
    dated_by = "since"

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        words = {"reason": label_in(RestrictionReason, values["reason"]), "source": restricted_title(values["source"])}
        return Record(str(primary_key), values | words)

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}


registry.register(IdentifierSource())
registry.register(LocaleSource())
registry.register(PushDeviceSource())
registry.register(RestrictionSource())

classify(
    "subjects.Subject",
    source="subjects.locale",
    fields={
        "public_id": None,
        "created_at": None,
        "former_ids": None,
        "time_zone": Sensitivity.ORDINARY,
        "language": Sensitivity.ORDINARY,
        "restricted_at": Sensitivity.ORDINARY,
        "is_child": Sensitivity.ORDINARY,
        "erased_at": None,
    },
)
classify(
    "subjects.Restriction",
    source="subjects.restrictions",
    fields={"subject": Sensitivity.ORDINARY, "source": None, "since": None, "reason": Sensitivity.ORDINARY, "ref": None},
)
classify(
    "subjects.PushDevice",
    source="subjects.push_devices",
    fields={
        "public_id": None,
        "subject": Sensitivity.ORDINARY,
        "label": Sensitivity.ORDINARY,
        "endpoint": Sensitivity.SECRET,
        "endpoint_digest": None,
        "created_at": None,
        "disabled_at": None,
    },
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
