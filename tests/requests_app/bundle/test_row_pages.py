"""The quick way through many rows gives what the slow way gives, on either database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacycenter.kernel import model_source
from privacycenter.kernel.row_pages import row_pages
from privacycenter.kernel.sources import Record, registry
from privacycenter.records.models import FormSubmission, Interaction
from requests_app.bundle.outputs import export_source, read_records
from tests.requests_app.bundle.facts import KEY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bundles")]

LOCATOR = {"identifiers": [["email", "amira@example.com"], ["phone", "+60123456789"]]}
START = datetime(2024, 1, 1, 10, 11, 12, 345678, tzinfo=UTC)

ANSWERS = [
    {"question": "Where?", "nested": {"list": [1, 2.5, None, True, "ü مرحبا 你好"]}},
    {"line": 'break\nand\ttab "quoted" \\ back', "empty": {}, "none": None},
    {"control": "\x1b", "bidi": "\u202e", "separator": "\u2028"},
    {"card": "4111 1111 1111 1111", "number": 4111111111111111},
    {"seams": [{"a": 1}, {"key": 2}, {"key": [{"b": 1}, {"key": 3}]}]},
    ["a", "list"],
    "text",
    7,
    [None],
    {"big": 10**30, "small": 1e-7, "large": 1e300},
]


def deep(levels):
    value = "end"
    for _ in range(levels):
        value = [value]
    return value


def fill(count=0):
    people = LOCATOR["identifiers"]
    common = {"origin": "crm", "received_at": START, "item_digest": "x"}
    Interaction.objects.bulk_create(
        Interaction(
            identifier_kind=people[number % 2][0], identifier_value=people[number % 2][1], item_key=f"i{number}", channel="email",
            summary=f"row {number} <b>", body="" if number % 3 else "two\nlines ü",
            occurred_at=START + timedelta(hours=number), **common,
        )
        for number in range(count)
    )  # fmt: skip
    FormSubmission.objects.bulk_create(
        FormSubmission(
            identifier_kind="email", identifier_value="amira@example.com", item_key=f"f{number}", form="contact", answers=answers,
            submitted_at=START + timedelta(microseconds=number), **common,
        )
        for number, answers in enumerate([*ANSWERS, deep(70), deep(300)])
    )  # fmt: skip


class OneByOne:
    """The same source without its pages."""

    def __init__(self, source):
        self.describe, self.locate, self.count, self.newest = source.describe, source.locate, source.count, source.newest
        self.export = source.export


@pytest.mark.parametrize("key", ["records.interactions", "records.form_submissions"])
@pytest.mark.parametrize("page", [3, 12, 2000])
def test_pages_give_what_records_give(key, page, monkeypatch):
    monkeypatch.setattr(model_source, "PAGE", page)
    fill(25)
    source = registry.get(key)

    quick = export_source(source, LOCATOR, key=KEY, name_prefix="quick")
    slow = export_source(OneByOne(source), LOCATOR, key=KEY, name_prefix="slow")

    assert source.export_pages(LOCATOR) is not None
    assert quick.count == slow.count == source.count(LOCATOR) > 10
    assert quick.problems == slow.problems
    assert [_plain(record) for record in read_records(quick, key=KEY)] == [_plain(record) for record in read_records(slow, key=KEY)]


def _plain(record):
    # A number that JSON has and no 64-bit integer holds stays a number where the database wrote it, and is text otherwise.
    answers = record.get("answers")
    if isinstance(answers, dict) and "big" in answers:
        answers["big"] = str(answers["big"])
    return record


def test_moments_are_those_of_the_database():
    fill(3)

    (page,) = row_pages(Interaction.objects.all(), {"at": "occurred_at"}, size=10)

    assert [(row[0], row[1]) for row in page.rows] == [
        (str(pk), at) for pk, at in Interaction.objects.order_by("pk").values_list("pk", "occurred_at")
    ]
    assert {row[1].utcoffset() for row in page.rows} == {timedelta(0)}
    assert Interaction.objects.order_by("pk").first().occurred_at.tzinfo is UTC  # the usual reader is the usual one again


def test_every_page_is_one_query():
    fill(25)

    with CaptureQueriesContext(connection) as captured:
        pages = list(row_pages(Interaction.objects.all(), {"summary": "summary"}, size=10))

    assert ([len(page.rows) for page in pages], len(captured)) == ([10, 10, 5], 3)


def test_a_kept_statement_gives_each_person_their_own_rows():
    from django.db.models import Q, Value

    fill(8)

    def rows_of(queryset):
        return [row[:-1] for page in row_pages(queryset, {"kind": "identifier_kind"}, size=10) for row in page.rows]

    def expected(queryset):
        return [(str(pk), kind) for pk, kind in queryset.order_by("pk").values_list("pk", "identifier_kind")]

    people = [Interaction.objects.filter(identifier_kind=kind, identifier_value=value) for kind, value in LOCATOR["identifiers"]]
    others = [
        Interaction.objects.filter(identifier_kind="email"),
        Interaction.objects.filter(~Q(pk__in=[])),
        Interaction.objects.filter(pk__in=[]),
        Interaction.objects.annotate(one=Value(1)).filter(identifier_kind="phone", one=1),
        Interaction.objects.filter(identifier_value__in=["+60123456789"]),
        Interaction.objects.filter(identifier_value__in=["+60123456789", "amira@example.com"]),
    ]

    for queryset in (*people, *others, *reversed(people), *reversed(others)):
        assert rows_of(queryset) == expected(queryset)
    assert len(rows_of(people[0])) == len(rows_of(people[1])) == 4


def test_nobody_has_no_pages():
    assert list(row_pages(Interaction.objects.none(), {"summary": "summary"}, size=10)) == []


def test_a_key_that_is_no_number_is_text_as_python_has_it():
    from privacycenter.subjects.models import Subject

    subject = Subject.objects.create(created_at=START)

    (page,) = row_pages(Subject.objects.all(), {"who": "public_id"}, size=10)

    assert page.rows[0][:2] == (str(subject.pk), subject.public_id)


def test_a_withheld_column_is_not_even_asked_for():
    fill(1)

    with CaptureQueriesContext(connection) as captured:
        (page,) = registry.get("records.interactions").export_pages(LOCATOR, without={"body"})

    assert "body" not in page.names
    assert not any('"body"' in query["sql"] for query in captured)


def test_a_source_that_shapes_its_records_has_no_pages():
    class Shaped(type(registry.get("records.interactions"))):
        def record(self, primary_key, values):
            return Record(str(primary_key), {"shaped": True})

    assert Shaped().export_pages(LOCATOR) is None
