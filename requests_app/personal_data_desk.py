"""What the tools of the desk hold about people: messages with their files, and legal holds. Part of `personal_data`."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from django.db.models import QuerySet
from django.utils.translation import gettext

from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.labels import label_in
from privacycenter.kernel.model_source import PAGE, ModelSource
from privacycenter.kernel.sources import (
    ErasureRule,
    FileItem,
    Item,
    Locator,
    Problem,
    Record,
    Sensitivity,
    SourceDescription,
    SourceField,
    Treatment,
    registry,
)
from privacycenter.subjects.models import Subject
from requests_app.domain.messages import open_attachment
from requests_app.enums import Behalf, MessageSide
from requests_app.models import Attachment, LegalHold, Message
from requests_app.row_reading import Row, key_of, read_rows


class HoldSource(ModelSource):
    """What must stay for a while although an erasure was asked for. The note for the desk is named, not given (claims and litigation)."""

    description = SourceDescription(
        key="requests.holds",
        title="Data we must keep for a while",
        category="requests",
        fields=(
            SourceField("kept", "What is kept"),
            SourceField("ground", "Ground"),
            SourceField("until", "Until"),
            SourceField("placed_at", "Since"),
            SourceField("lifted_at", "Ended"),
            SourceField("note", "Note of our staff", withheld="it prepares or defends legal claims (GDPR Art. 23(1)(j))"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="noted by our staff",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(Treatment.RETAIN, "Proof why something was kept. It goes with the records of your requests.", 1096, order=900),
    )
    treatments = frozenset({Treatment.RETAIN})
    columns = {"kept": "source_key", "ground": "ground", "until": "until", "placed_at": "placed_at", "lifted_at": "lifted_at"}
    dated_by = "placed_at"

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [LegalHold.objects.filter(subject_id=locator["subject"])]

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"kept": values["kept"] or gettext("Everything")})


class MessageSource(ModelSource):
    """What the person and staff wrote to each other, what staff noted for each other, and the files that came along."""

    description = SourceDescription(
        key="requests.messages",
        title="Messages about your requests",
        category="requests",
        fields=(
            SourceField("reference", "Request"),
            SourceField("sent_at", "Sent"),
            SourceField("side", "From"),
            SourceField("text", "Text"),
            SourceField("files", "Files"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="written by you and by our staff while a request was answered",
        retention="rights_requests",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(
            Treatment.RETAIN, "They show how your requests were answered. They go with the records of your requests.", 1096, order=900
        ),
    )
    columns = {"reference": "request__ref", "sent_at": "sent_at", "side": "side", "text": "body"}
    dated_by = "sent_at"

    def locate(self, subject: Subject) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        # What a requester for somebody else wrote is theirs, not that person's.
        return [
            Message.objects.filter(request__subject_id=locator["subject"], request__behalf=Behalf.SELF),
            Message.objects.filter(request__filed_by_id=locator["subject"]).exclude(request__behalf=Behalf.SELF),
        ]

    def export(self, locator: Locator) -> Iterator[Item]:
        for queryset in self.querysets(locator):
            last = 0
            while page := read_rows(queryset.filter(pk__gt=last).order_by("pk").values_list("pk", *self.columns.values()), at_most=PAGE):
                last = key_of(page[-1])
                yield from self._with_files(page)

    def _with_files(self, page: Sequence[Row]) -> Iterator[Item]:
        files: dict[int, list[FileItem]] = {}
        problems: list[Problem] = []
        wanted = Attachment.objects.filter(message_id__in=[key_of(row) for row in page]).order_by("pk")
        for key, message in wanted.values_list("pk", "message_id"):
            try:
                attachment = Attachment.objects.get(pk=key)
            except DecryptionFailed:
                problems.append(Problem(f"file {key}", gettext("The file could not be decrypted.")))
            else:
                files.setdefault(message, []).append(_file_item(attachment))
        for row in page:
            if isinstance(row, tuple):
                values = dict(zip(self.columns, row[1:], strict=True))
                names = [item.original_name for item in files.get(row[0], [])]
                yield Record(str(row[0]), values | {"side": label_in(MessageSide, values["side"]), "files": names})
            else:
                yield Problem(str(row), gettext("The message could not be decrypted."))
        for found in files.values():
            yield from found
        yield from problems


def _file_item(attachment: Attachment) -> FileItem:
    def opened() -> BinaryIO:
        return io.BytesIO(b"".join(open_attachment(attachment)))

    return FileItem(f"file {attachment.pk}", attachment.original_name, attachment.media_type, opened)


for _source in (HoldSource, MessageSource):
    registry.register(_source())

classify(
    "requests_app.LegalHold",
    source="requests.holds",
    fields={
        "subject": Sensitivity.ORDINARY,
        "source_key": None,
        "ground": Sensitivity.ORDINARY,
        "note": Sensitivity.ORDINARY,
        "until": Sensitivity.ORDINARY,
        "placed_at": Sensitivity.ORDINARY,
        "placed_by": None,
        "lifted_at": Sensitivity.ORDINARY,
    },
)
classify(
    "requests_app.EmergencyStop",
    because="which source staff stopped and why; nothing about the people in it",
    fields={"source_key": None, "reason": None, "stopped_at": None, "stopped_by": None, "lifted_at": None, "lifted_by": None},
)
classify(
    "requests_app.SavedView",
    because="names that staff give to filters of the queue; gone with their account",
    fields={"user": None, "name": None, "query": None},
)
classify(
    "requests_app.LedgerEntry",
    because="keyed hashes of somebody who was erased, so that a restored backup can't bring them back",
    fields={
        "sequence": None,
        "hash": None,
        "event": None,
        "line": Sensitivity.ORDINARY,
        "key_id": None,
        "erasure": None,
        "reference": None,
        "request": None,
        "at": None,
        "gone_by": None,
        "gone_noted_at": None,
        "replayed_at": None,
    },
)
classify(
    "requests_app.Message",
    source="requests.messages",
    fields={
        "request": Sensitivity.ORDINARY,
        "side": Sensitivity.ORDINARY,
        "author": None,
        "body": Sensitivity.ORDINARY,
        "sent_at": Sensitivity.ORDINARY,
        "read_at": None,
    },
)
classify(
    "requests_app.Attachment",
    source="requests.messages",
    fields={
        "message": Sensitivity.ORDINARY,
        "public_id": None,
        "original_name": Sensitivity.ORDINARY,
        "media_type": None,
        "size": None,
        "object_name": None,
        "key": Sensitivity.SECRET,
        "sealed_size": None,
    },
)
holds_nothing("requests_app.AnswerTemplate", because="words that staff begin messages with; placeholders are fixed and stand for no data")
holds_nothing("requests_app.WebhookEndpoint", because="addresses of other systems, by API client")
holds_nothing("requests_app.WebhookDelivery", because="which system was told which state of which request; nothing of the person")
classify(
    "requests_app.ErasurePlan",
    because="what an erasure does, in counts; the address for its confirmation goes with that mail, and the certificate names nobody",
    fields={
        "request": None,
        "digest": None,
        "identifiers": None,  # a hash of keyed hashes
        "created_at": None,
        "superseded_at": None,
        "changes": None,
        "obstacle": None,
        "proposed_at": None,
        "proposed_by": None,
        "approved_at": None,
        "approved_by": None,
        "cooling_until": None,
        "waits_for": None,
        "begun_at": None,
        "contact": Sensitivity.CONTACT,
        "finished_at": None,
        "certificate": None,
        "signature": None,
        "token_digest": Sensitivity.SECRET,
        "token_until": None,
    },
)
classify(
    "requests_app.ErasureStep",
    because="how a source finds the person, until the erasure is done; then counts alone",
    fields={
        "plan": None,
        "position": None,
        "source_key": None,
        "title": None,
        "is_in_database": None,
        "locator": Sensitivity.CONTACT,
        "treatment": None,
        "reason": None,
        "until": None,
        "ground": None,
        "count": None,
        "status": None,
        "attempts": None,
        "error_code": None,
        "removed": None,
        "anonymised": None,
        "retained": None,
        "remainder": None,
    },
)
classify(
    "requests_app.Redaction",
    because="what staff hid of other people in a copy, about whom this person learns nothing by it; it goes with the request",
    fields={
        "request": None,
        "kind": None,
        "label_kind": None,
        "number": None,
        "ground": None,
        "text": Sensitivity.CONTACT,
        "text_hash": Sensitivity.CONTACT,
        "source_key": None,
        "record_key": Sensitivity.ORDINARY,
        "field_name": None,
        "decided_by": None,
        "decided_at": None,
        "ended_at": None,
    },
)
classify(
    "requests_app.BundleScan",
    because="what was found of other people in a copy that is being checked; it goes with that copy",
    fields={"bundle": None, "found": Sensitivity.CONTACT, "ordered_at": None, "finished_at": None},
)
