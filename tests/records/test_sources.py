"""What the sources of this room find: by proven identifiers, nobody else's, in few queries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacycenter.datamap.queries import facts_for
from privacycenter.kernel import model_source, page_size
from privacycenter.kernel.sources import CarriesIdentifiers, Record, registry
from privacycenter.records.models import Interaction
from privacycenter.subjects.domain import add_identifier, create_subject
from privacycenter.subjects.models import Subject
from tests.records.builders import SYSTEM, bring_in, interaction, ndjson, submission

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("R-01", "C-03", "C-06")]


@pytest.fixture
def ada() -> Subject:
    subject = create_subject(actor=SYSTEM)
    add_identifier(subject, kind="email", value="ada@example.com", source="test", proven=True, actor=SYSTEM)
    add_identifier(subject, kind="phone", value="+49 30 901820", source="test", proven=True, actor=SYSTEM)
    add_identifier(subject, kind="email", value="eve@example.com", source="test", proven=False, actor=SYSTEM)
    return Subject.objects.get(pk=subject.pk)


def of(address: str, **changes):
    return interaction(identifier={"kind": "email", "value": address}, **changes)


def test_conversations_are_found_by_every_proven_identifier_and_no_other(ada: Subject):
    by_phone = interaction(identifier={"kind": "phone", "value": "+49 (30) 901820"}, occurred_at="2026-04-01T00:00:00Z")
    bring_in(ndjson([of("ada@example.com"), of("eve@example.com"), of("bob@example.com"), by_phone]))
    source = registry.get("records.interactions")
    locator = source.locate(ada)

    records = list(source.export(locator))

    assert [record.values["identifier"] for record in records] == ["ada@example.com", "+4930901820"]
    assert records[0].values == {
        "occurred_at": datetime(2026, 3, 1, 11, tzinfo=UTC),
        "channel": "phone",
        "summary": "Asked about an invoice",
        "body": "All is well.",
        "identifier": "ada@example.com",
        "origin": "helpdesk",
    }
    assert (source.count(locator), source.newest(locator)) == (2, datetime(2026, 4, 1, tzinfo=UTC))


def test_forms_keep_their_answers_as_they_were_given(ada: Subject):
    bring_in(ndjson([submission()]))
    source = registry.get("records.form_submissions")

    (record,) = source.export(source.locate(ada))

    assert isinstance(record, Record)
    assert record.values["answers"] == {"company": "Analytical Engines", "seats": 2}


def test_somebody_without_a_proven_identifier_finds_nothing():
    bring_in(ndjson([of("eve@example.com")]))
    subject = create_subject(actor=SYSTEM)
    add_identifier(subject, kind="email", value="eve@example.com", source="test", proven=False, actor=SYSTEM)

    for key in ("records.interactions", "records.form_submissions"):
        source = registry.get(key)
        locator = source.locate(subject)
        assert (locator, source.count(locator), list(source.export(locator))) == ({}, 0, [])


@pytest.mark.parametrize("rows", [1, 3])
def test_an_export_takes_a_query_per_identifier_and_page(ada: Subject, rows: int):
    bring_in(ndjson([of("ada@example.com", idempotency_key=str(number)) for number in range(rows)]))
    source = registry.get("records.interactions")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = len(list(source.export(source.locate(ada))))

    assert (found, len(queries)) == (rows, 3)


def test_pages_neither_lose_nor_repeat_a_row(ada: Subject, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model_source, "PAGE", 3)
    bring_in(ndjson([of("ada@example.com", idempotency_key=str(number)) for number in range(10)]))
    source = registry.get("records.interactions")

    keys = [int(record.key) for record in source.export(source.locate(ada))]

    assert (len(keys), keys) == (10, sorted(set(keys)))


@pytest.mark.obligation("R-05")
def test_forms_are_portable_and_conversations_are_not():
    descriptions = {key: registry.get(key).describe() for key in ("records.interactions", "records.form_submissions")}
    facts = facts_for(descriptions.values())

    assert {key: description.portable for key, description in descriptions.items()} == {
        "records.interactions": False,
        "records.form_submissions": True,
    }
    assert {"consent", "contract"} <= {str(basis) for basis in facts["records.form_submissions"].legal_bases}


def test_pages_of_large_records_are_small(ada: Subject, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_size, "PAGE_BYTES", 20_000)
    bring_in(ndjson([of("ada@example.com", idempotency_key=str(number)) for number in range(130)]))
    Interaction.objects.update(body="x" * 2_000)
    source = registry.get("records.interactions")
    locator = source.locate(ada)

    with CaptureQueriesContext(connection) as queries:
        assert len(list(source.export(locator))) == 130

    limits = [int(query["sql"].rpartition("LIMIT ")[2]) for query in queries if "records_interaction" in query["sql"]]
    assert limits == [100, 9, 9, 9, 9, 100]  # then the phone number's


@pytest.mark.obligation("K-03")
@pytest.mark.parametrize("page", [1, 2, 1_000])
def test_identifiers_that_stand_in_rows_are_told_once_each_however_they_fall_into_pages(monkeypatch, page: int):
    monkeypatch.setattr(model_source, "PAGE", page)
    phone = interaction(identifier={"kind": "phone", "value": "+49 (30) 901820"})
    twice = of("ada@example.com", occurred_at="2026-05-01T00:00:00Z")
    bring_in(ndjson([of("ada@example.com"), twice, of("bob@example.com"), of("cleo@example.com"), phone, submission()]))
    source = registry.get("records.interactions")

    assert isinstance(source, CarriesIdentifiers)
    assert sorted(source.identifiers()) == [
        ("email", "ada@example.com"),
        ("email", "bob@example.com"),
        ("email", "cleo@example.com"),
        ("phone", "+4930901820"),
    ]
    for kind, value in source.identifiers():
        assert source.count({"identifiers": [[kind, value]]}) == (2 if value == "ada@example.com" else 1)
