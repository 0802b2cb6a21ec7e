"""Facts and bundles for tests."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import SealedReader
from requests_app.bundle.assemble import assemble
from requests_app.bundle.facts import (
    AuthorityFact,
    BundleFacts,
    ControllerFact,
    FieldFact,
    IdentifierFact,
    PurposeFact,
    RecipientFact,
    RightFact,
    SourceResult,
    SubjectFact,
)
from requests_app.bundle.outputs import export_source
from tests.requests_app.bundle.sources import ListSource

KEY = bytes(range(32))
CREATED = datetime(2025, 11, 22, 10, 1, tzinfo=UTC)


def result_of(*items, key="tests.list", **options):
    """Export items and describe them as the requests room would."""
    source = ListSource(*items, key=key, **options)
    output = export_source(source, {}, key=KEY, name_prefix=f"work/{key}")
    return result(source.describe(), status=output.status, output=output)


def result(description, *, status, reason=None, output=None, **changes):
    values = {
        "key": description.key,
        "title": description.title,
        "category": description.category,
        "origin": description.origin,
        "purposes": [PurposeFact("support", "Support", "Contract")],
        "recipients": [RecipientFact("service_providers", "Service providers")],
        "retention_rule": "Three years",
        "retention_until": None,
        "portable": description.portable,
        "fields": [FieldFact(item.name, item.label, str(item.sensitivity), item.withheld) for item in description.fields],
        "status": status,
        "reason": reason,
        "output": output,
    }
    return SourceResult(**values | changes)


def facts_of(*sources, **changes):
    values = {
        "reference": "PR-7K3M-Q9XA",
        "kind": "access",
        "created": CREATED,
        "language": "en",
        "controller": ControllerFact("Synorex", "hi@synorexcloud.com", "MY"),
        "subject": SubjectFact([IdentifierFact("email", "E-mail address", "amira@example.com")], {"username": "amira", "at": CREATED}),
        "sources": sources,
        "access_log": [{"at": CREATED, "who": "Staff", "what": "Opened", "reason": "work", "reference": "x"}],
        "rights": [RightFact("access", "Access", "You may ask.")],
        "authority": AuthorityFact("The authority", "https://authority.example/", "By letter."),
    }
    return BundleFacts(**values | changes)


def paper(document):
    """A renderer for tests of everything but the PDF: says what it was asked to print."""
    return f"%PDF {type(document).__name__} {getattr(document, 'number', 0)}".encode(), []


def make(facts, *, name="bundle", render=paper, **options):
    """Assemble, and read back the archive's bytes."""
    bundle = assemble(facts, key=KEY, name=name, render=render, **options)
    store = storage()
    reader = SealedReader(lambda start, length: store.read_range(name, start, length), bundle.sealed_size, KEY)
    return bundle, b"".join(reader.iter())


def opened(data):
    return zipfile.ZipFile(BytesIO(data))
