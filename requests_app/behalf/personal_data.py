"""What requests for somebody else hold about people: who asks for whom, and the documents that were sent as proof."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.db.models import QuerySet

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.classification import classify
from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.labels import label_in
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import (
    Erased,
    ErasureRule,
    FileItem,
    Item,
    Locator,
    Record,
    Sensitivity,
    SourceDescription,
    SourceField,
    Treatment,
    registry,
)
from privacycenter.subjects.models import Subject
from requests_app.behalf.documents import remove_documents
from requests_app.domain.sealing import unseal
from requests_app.enums import Behalf, Capacity, Decision, DocumentKind
from requests_app.models import ProofDocument, Representation

_RETAINED = "They show that we looked who asked, and that they might. They go with the records of your requests."


class RepresentationSource(ModelSource):
    """Who asked for whom: what a requester said of themselves and of the person, given to either of them."""

    description = SourceDescription(
        key="requests.representations",
        title="Requests for somebody else",
        category="requests",
        fields=(
            SourceField("reference", "Request"),
            SourceField("capacity", "What let them ask"),
            SourceField("requester_name", "Name of the one who asked"),
            SourceField("person_name", "Name of the person"),
            SourceField("person_address", "Address of the person", Sensitivity.CONTACT),
            SourceField("known_by", "What else the person is known by"),
            SourceField("of_age_on", "Day the child comes of age"),
            SourceField("shown_at", "Requester showed who they are"),
            SourceField("submitted_at", "Documents came"),
            SourceField("asked_at", "Person asked"),
            SourceField("confirmed_at", "Confirmed by the person"),
            SourceField("accepted_at", "Accepted by staff"),
            SourceField("ended_at", "Authority ended"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="given by the one who asked for somebody else, and noted while it was checked",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(Treatment.RETAIN, _RETAINED, 1461, order=900),
    )
    columns = {
        "reference": "request__ref",
        "capacity": "capacity",
        "requester_name": "requester_name",
        "person_name": "person_name",
        "person_address": "person_address",
        "known_by": "known_by",
        "of_age_on": "of_age_on",
        "shown_at": "shown_at",
        "submitted_at": "submitted_at",
        "asked_at": "asked_at",
        "confirmed_at": "confirmed_at",
        "accepted_at": "accepted_at",
        "ended_at": "ended_at",
    }
    dated_by = "shown_at"
    treatments = frozenset({Treatment.RETAIN})

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        asked = Representation.objects.filter(request__filed_by_id=locator["subject"])
        return [asked, Representation.objects.filter(request__subject_id=locator["subject"]).exclude(pk__in=asked.values("pk"))]

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"capacity": label_in(Capacity, values["capacity"])})


class DocumentSource(ModelSource):
    """Documents that somebody sent as proof, as long as the files are here; afterwards that they were seen, and when."""

    description = SourceDescription(
        key="requests.proof_documents",
        title="Documents you sent as proof",
        category="requests",
        fields=(
            SourceField("reference", "Request"),
            SourceField("kind", "What it shows"),
            SourceField("name", "Name of the file"),
            SourceField("sent_at", "Sent"),
            SourceField("seen_at", "Seen by our staff"),
            SourceField("decision", "Decision"),
            SourceField("decided_at", "Decided"),
            SourceField("removed_at", "File removed"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="sent by you to show who you are, or that you may ask for somebody else",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(Treatment.RETAIN, f"The files are removed. {_RETAINED}", 1461, order=840),
    )
    columns = {
        "reference": "request__ref",
        "kind": "kind",
        "name": "original_name",
        "sent_at": "sent_at",
        "seen_at": "seen_at",
        "decision": "decision",
        "decided_at": "decided_at",
        "removed_at": "removed_at",
    }
    dated_by = "sent_at"
    treatments = frozenset({Treatment.RETAIN})

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        own = ProofDocument.objects.filter(request__subject_id=locator["subject"], request__behalf=Behalf.SELF)
        return [own, ProofDocument.objects.filter(request__filed_by_id=locator["subject"]).exclude(request__behalf=Behalf.SELF)]

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        words = {"kind": label_in(DocumentKind, values["kind"]), "decision": label_in(Decision, values["decision"])}
        return Record(str(primary_key), values | words)

    def export(self, locator: Locator) -> Iterator[Item]:
        yield from super().export(locator)
        for queryset in self.querysets(locator):
            for key in queryset.filter(removed_at=None).order_by("pk").values_list("pk", flat=True):
                try:
                    document = ProofDocument.objects.get(pk=key)
                except DecryptionFailed:
                    continue  # its row above says so
                yield _file_item(document)

    def _retain(self, queryset: QuerySet[Any]) -> Erased:
        """The files go at once; that they were seen stays."""
        for document in queryset.filter(removed_at=None).select_related("request__subject"):
            one = ProofDocument.objects.filter(pk=document.pk)
            remove_documents(one, request=document.request, actor=Actor.system("requests"))
        return super()._retain(queryset)


def _file_item(document: ProofDocument) -> FileItem:
    def opened() -> BinaryIO:
        content = unseal(object_name=document.object_name, key=document.key or "", sealed_size=document.sealed_size)
        return io.BytesIO(b"".join(content))

    return FileItem(f"file {document.pk}", document.original_name or "", document.media_type, opened)


for _source in (RepresentationSource, DocumentSource):
    registry.register(_source())

classify(
    "requests_app.Representation",
    source="requests.representations",
    fields={
        "request": Sensitivity.ORDINARY,
        "capacity": Sensitivity.ORDINARY,
        "requester_name": Sensitivity.ORDINARY,
        "person_name": Sensitivity.ORDINARY,
        "person_address": Sensitivity.CONTACT,
        "known_by": Sensitivity.ORDINARY,
        "of_age_on": Sensitivity.ORDINARY,
        "shown_at": Sensitivity.ORDINARY,
        "submitted_at": Sensitivity.ORDINARY,
        "asked_at": Sensitivity.ORDINARY,
        "confirmed_at": Sensitivity.ORDINARY,
        "accepted_at": Sensitivity.ORDINARY,
        "ended_at": Sensitivity.ORDINARY,
        # Either would tell a requester who exports their own data whether we know the person. Whom it concerns has their mail, or said it.
        "declined_at": None,
        "notified_at": None,
    },
)
classify(
    "requests_app.ProofDocument",
    source="requests.proof_documents",
    fields={
        "request": Sensitivity.ORDINARY,
        "public_id": None,
        "kind": Sensitivity.ORDINARY,
        "sent_at": Sensitivity.ORDINARY,
        "original_name": Sensitivity.ORDINARY,
        "media_type": None,
        "size": None,
        "object_name": None,
        "key": Sensitivity.SECRET,
        "sealed_size": None,
        "seen_at": Sensitivity.ORDINARY,
        "seen_by": None,
        "decision": Sensitivity.ORDINARY,
        "decided_at": Sensitivity.ORDINARY,
        "removed_at": Sensitivity.ORDINARY,
    },
)
