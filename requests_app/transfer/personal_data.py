"""What transfers hold about people: that they chose a receiver, and what went there when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from privacycenter.kernel.attachments import stays
from privacycenter.kernel.classification import classify
from privacycenter.kernel.labels import label_in
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import ErasureRule, Locator, Record, Sensitivity, SourceDescription, SourceField, Treatment, registry
from privacycenter.subjects.models import Subject
from requests_app.domain.retention import also_forget
from requests_app.models import Transfer
from requests_app.transfer.enums import TransferState


class TransferSource(ModelSource):
    """The receivers that somebody chose for copies of their data, and the proof of each transfer."""

    description = SourceDescription(
        key="requests.transfers",
        title="Services you had your data sent to",
        category="requests",
        fields=(
            SourceField("request", "Request"),
            SourceField("receiver", "Receiver"),
            SourceField("address", "Address of the receiver"),
            SourceField("state", "State"),
            SourceField("chosen_at", "Receiver chosen"),
            SourceField("confirmed_at", "Confirmed by you"),
            SourceField("begun_at", "First bytes left"),
            SourceField("ended_at", "Ended"),
            SourceField("size", "Size of the copy in bytes"),
            SourceField("received", "Bytes the receiver has"),
            SourceField("sha256", "SHA-256 of the copy"),
            SourceField("receipt", "Receipt of the receiver"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="chosen by you, and noted while your copy was sent",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(
            Treatment.RETAIN, "Proof of what went where because you wanted it. It goes with the records of your requests.", 1096, order=900
        ),
    )
    treatments = frozenset({Treatment.RETAIN})
    columns = {
        "request": "request__ref",
        "receiver": "receiver__name",
        "address": "receiver__url",
        "state": "state",
        "chosen_at": "named_at",
        "confirmed_at": "confirmed_at",
        "begun_at": "begun_at",
        "ended_at": "ended_at",
        "size": "size",
        "received": "sent",
        "sha256": "sha256",
        "receipt": "receipt",
    }
    dated_by = "named_at"

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [Transfer.objects.filter(request__subject_id=locator["subject"])]

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"state": label_in(TransferState, values["state"])})


def forget_transfers(requests: Sequence[int]) -> None:
    """What the receiver gave as its receipt may name a person; when, to whom and how much stays as the proof."""
    Transfer.objects.filter(request__in=requests).update(receipt=None, upload_url=None)


registry.register(TransferSource())
also_forget(forget_transfers)

classify(
    "requests_app.Transfer",
    source="requests.transfers",
    fields={
        "public_id": None,
        "request": None,
        "receiver": Sensitivity.ORDINARY,
        "bundle": None,
        "state": Sensitivity.ORDINARY,
        "named_at": Sensitivity.ORDINARY,
        "confirmed_at": Sensitivity.ORDINARY,
        "begun_at": Sensitivity.ORDINARY,
        "ended_at": Sensitivity.ORDINARY,
        "size": None,
        "sha256": None,
        "sent": None,
        "upload_url": Sensitivity.SECRET,
        "uploads": None,
        "error_code": None,
        "receipt": Sensitivity.ORDINARY,
    },
)
classify(
    "requests_app.Receiver",
    because="companies that take data over; who named or chose one stands with their transfers",
    fields={
        "public_id": None,
        "name": Sensitivity.ORDINARY,
        "url": Sensitivity.ORDINARY,
        "state": None,
        "proposed_at": None,
        "added_by": None,
        "decided_at": None,
        "decided_by": None,
        "reason": Sensitivity.ORDINARY,
    },
)
stays("requests_app.Receiver.added_by", because="which member of staff added it; the account names nobody then")
stays("requests_app.Receiver.decided_by", because="which member of staff decided; the account names nobody then")
