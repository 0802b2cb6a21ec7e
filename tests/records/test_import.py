"""Bringing records in: each item stands or falls alone, and no bad input costs the rest."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel.sources import registry
from privacycenter.records import domain
from privacycenter.records.errors import UnreadableFile
from privacycenter.records.items import MAX_BYTES
from privacycenter.records.models import FormSubmission, Interaction
from privacycenter.records.readers import Found, form_of, read_items
from privacycenter.subjects.domain import lift_restriction, restrict_subject
from tests.factories.preferences import STAFF, make_person
from tests.records.builders import bring_in, interaction, ndjson, results, submission

CARD = "4111 1111 1111 1111"


@pytest.mark.django_db
def test_items_become_rows_with_normalised_identifiers():
    outcomes = bring_in(ndjson([interaction(), submission()]))

    assert results(outcomes) == [(1, "created"), (2, "created")]
    assert list(Interaction.objects.values_list("identifier_kind", "identifier_value", "channel", "summary", "body", "origin")) == [
        ("email", "ada@example.com", "phone", "Asked about an invoice", "All is well.", "helpdesk")
    ]
    assert list(FormSubmission.objects.values_list("identifier_value", "form", "answers", "submitted_at")) == [
        ("ada@example.com", "webinar", {"company": "Analytical Engines", "seats": 2}, datetime(2026, 3, 2, 8, 30, tzinfo=UTC))
    ]


@pytest.mark.django_db
def test_the_same_file_twice_changes_nothing():
    content = ndjson([interaction(), interaction(), interaction(idempotency_key="call-7"), submission()])
    first = results(bring_in(content))

    second = results(bring_in(content))

    assert first == [(1, "created"), (2, "unchanged"), (3, "created"), (4, "created")]
    assert second == [(1, "unchanged"), (2, "unchanged"), (3, "unchanged"), (4, "unchanged")]
    assert (Interaction.objects.count(), FormSubmission.objects.count()) == (2, 1)


@pytest.mark.django_db
def test_a_key_can_not_be_used_for_another_item():
    bring_in(ndjson([interaction(idempotency_key="call-7")]))

    outcomes = bring_in(ndjson([interaction(idempotency_key="call-7", origin="crm")]))

    assert results(outcomes) == [(1, "key_used")]
    assert list(Interaction.objects.values_list("origin", flat=True)) == ["helpdesk"]


@pytest.mark.django_db
def test_a_dry_run_says_the_same_and_brings_nothing_in():
    content = ndjson([interaction(), interaction(), submission(origin="")])

    outcomes = bring_in(content, dry_run=True)

    assert results(outcomes) == [(1, "created"), (2, "unchanged"), (3, "bad_origin")]
    assert (Interaction.objects.count(), FormSubmission.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)


@pytest.mark.django_db
def test_the_trail_tells_of_each_run_without_personal_data():
    bring_in(ndjson([interaction(), {"no": "item"}]))

    entries = list(AuditEntry.objects.order_by("id").values_list("verb", "parameters"))

    run = entries[0][1]["run"]
    assert entries == [
        ("records.import_started", {"run": run}),
        ("records.imported", {"run": run, "created": 1, "unchanged": 0, "refused": 1}),
    ]


BAD_ITEMS = {
    "a text instead of an object": (b'"hello"', "not_an_object"),
    "no JSON": (b"{oops", "not_json"),
    "a value that is no number": (json.dumps(interaction(payload={"channel": float("nan")})).encode(), "not_json"),
    "a number without end": (b'{"identifier": 1e999}', "not_json"),
    "a number of 5,000 digits": (b'{"identifier": ' + b"9" * 5_000 + b"}", "not_json"),
    "a repeated key": (b'{"category": "interactions", "category": "interactions"}', "duplicate_key"),
    "brackets without end": (b"[" * 100_000, "too_deep"),
    "deep objects": (json.dumps(submission(payload={"form": "x", "answers": {"a": json.loads("[" * 60 + "]" * 60)}})).encode(), "too_deep"),
    "bytes that are no UTF-8": (ndjson([interaction()]).strip().replace(b"invoice", b"\xff\xfe"), "not_utf8"),
    "a missing field": (b'{"category": "interactions"}', "missing_field"),
    "an unknown field": (json.dumps(interaction(password="x")).encode(), "unknown_field"),
    "an unknown category": (json.dumps(interaction(category="gossip")).encode(), "unknown_category"),
    "a bad identifier": (json.dumps(interaction(identifier={"kind": "email", "value": "nobody"})).encode(), "bad_identifier"),
    "an unknown kind": (json.dumps(interaction(identifier={"kind": "shoe size", "value": "44"})).encode(), "bad_identifier"),
    "a list of identifiers": (json.dumps(interaction(identifier=["ada@example.com"])).encode(), "bad_identifier"),
    "a time without zone": (json.dumps(interaction(occurred_at="2026-03-01T12:00:00")).encode(), "bad_time"),
    "a day that is none": (json.dumps(interaction(occurred_at="2026-02-31T12:00:00Z")).encode(), "bad_time"),
    "a time in the future": (json.dumps(interaction(occurred_at="2999-01-01T00:00:00Z")).encode(), "bad_time"),
    "a time before time": (json.dumps(interaction(occurred_at="0001-01-01T00:00:00+14:00")).encode(), "bad_time"),
    "an empty origin": (json.dumps(interaction(origin=" ")).encode(), "bad_origin"),
    "a payload of another category": (json.dumps(interaction(payload=submission()["payload"])).encode(), "bad_payload"),
    "an unknown payload field": (json.dumps(interaction(payload={"channel": "chat", "summary": "x", "mood": "y"})).encode(), "bad_payload"),
    "a card number": (json.dumps(interaction(payload={"channel": "chat", "summary": f"My card is {CARD}"})).encode(), "card_number"),
    "a card number as a number": (
        json.dumps(submission(payload={"form": "x", "answers": {"n": 4111111111111111}})).encode(),
        "card_number",
    ),
    "a card number as a key": (json.dumps(submission(payload={"form": "x", "answers": {CARD: "mine"}})).encode(), "card_number"),
    "a card number as idempotency key": (json.dumps(interaction(idempotency_key=CARD)).encode(), "card_number"),
}


@pytest.mark.django_db
@pytest.mark.obligation("C-04")
@pytest.mark.parametrize(("line", "code"), BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_a_bad_item_is_refused_and_the_rest_comes_in(line: bytes, code: str):
    content = ndjson([interaction()]) + line + b"\n" + ndjson([submission()])

    outcomes = bring_in(content)

    assert results(outcomes) == [(1, "created"), (2, code), (3, "created")]
    assert "ada" not in outcomes[1].message
    assert "4111" not in outcomes[1].message


@pytest.mark.django_db
def test_signs_that_no_database_takes_are_kept_as_visible_marks():
    outcomes = bring_in(ndjson([interaction(payload={"channel": "chat", "summary": "a\x00b\ud800c\u202ed", "body": "<b>{{ x }}</b>"})]))

    assert results(outcomes) == [(1, "created")]
    assert Interaction.objects.values_list("summary", "body").get() == ("a⟨U+0000⟩b⟨U+D800⟩c\u202ed", "<b>{{ x }}</b>")


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["ndjson", "json", "csv"])
def test_a_byte_order_mark_and_windows_line_ends_are_no_trouble(form: str):
    content = {"ndjson": ndjson([interaction()]), "json": b"[\r\n" + ndjson([interaction()]) + b"]", "csv": as_csv([interaction()])}[form]

    outcomes = bring_in(b"\xef\xbb\xbf" + content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), form=form)

    assert results(outcomes) == [({"ndjson": 1, "json": 2, "csv": 2}[form], "created")]


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["ndjson", "json", "csv"])
def test_a_line_of_200_megabytes_costs_no_memory_and_no_other_item(form: str):
    good = {"ndjson": ndjson([interaction()]), "json": ndjson([interaction()]), "csv": as_csv([interaction()])}[form]
    separator = b"," if form == "json" else b""
    first = (b"[" if form == "json" else b"") + good + separator
    last = ({"json": ndjson([submission()]) + b"]", "csv": as_csv([submission()], header=False)}).get(form, ndjson([submission()]))
    tracemalloc.start()

    outcomes: list = []
    stream = _Long(first + b'"', b'"' + separator + b"\n" + last, size=200_000_000)
    for found in read_items(stream, form=form):
        outcomes.append((found.value is not None, found.problem.code if found.problem else ""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert outcomes == [(True, ""), (False, "too_long"), (True, "")]
    assert peak < 8 * MAX_BYTES


class _Long:
    """A stream with `size` bytes of text between a beginning and an end."""

    def __init__(self, first: bytes, last: bytes, *, size: int) -> None:
        self._parts = iter([first, *[b"x" * 65_536] * (size // 65_536), last])

    def read(self, size: int) -> bytes:
        return next(self._parts, b"")


def as_csv(items: list[dict], *, header: bool = True) -> bytes:
    columns = ["identifier_kind", "identifier_value", "category", "origin", "occurred_at", "payload"]
    target = io.StringIO()
    writer = csv.writer(target)
    if header:
        writer.writerow(columns)
    for item in items:
        identifier = item["identifier"]
        rest = [item[name] for name in columns[2:-1]]
        writer.writerow([identifier["kind"], identifier["value"], *rest, json.dumps(item["payload"])])
    return target.getvalue().encode()


@pytest.mark.django_db
def test_csv_takes_a_column_per_answer():
    content = (
        "identifier_kind,identifier_value,category,origin,occurred_at,payload.form,payload.answers.company,payload.answers.note\n"
        'email,ada@example.com,form_submissions,website,2026-03-02T08:30:00Z,webinar,Analytical Engines,"two\nlines, ""quoted"""\n'
        "email,ada@example.com,form_submissions,website,2026-03-02T08:30:00Z,webinar,No note,\n"
        "email,ada@example.com,form_submissions,website,2026-03-02T08:30:00Z,webinar,too few\n"
    )

    outcomes = bring_in(content.encode(), form="csv")

    assert results(outcomes) == [(2, "created"), (4, "created"), (5, "wrong_columns")]
    assert list(FormSubmission.objects.order_by("id").values_list("answers", flat=True)) == [
        {"company": "Analytical Engines", "note": 'two\nlines, "quoted"'},
        {"company": "No note"},
    ]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "name,email",
        "identifier_kind,identifier_value,category,origin",
        "identifier_kind,identifier_value,category,origin,origin,occurred_at",
    ],
)
def test_csv_with_wrong_columns_is_refused_as_a_whole(header: str):
    with pytest.raises(UnreadableFile, match="identifier_kind, identifier_value, category, origin, occurred_at"):
        list(read_items(io.BytesIO(header.encode() + b"\n1,2\n"), form="csv"))


@pytest.mark.django_db
def test_a_list_that_is_cut_off_keeps_what_came_before():
    outcomes = bring_in(b"[" + json.dumps(interaction()).encode() + b",\n" + json.dumps(submission()).encode()[:40], form="json")

    assert results(outcomes) == [(1, "created"), (2, "cut_off")]


@pytest.mark.parametrize(
    ("name", "start", "form"),
    [
        ("people.csv", b"[1]", "csv"),
        ("people.ndjson", b"", "ndjson"),
        ("-", b" \n[", "json"),
        ("-", b'\xef\xbb\xbf{"a"', "ndjson"),
        ("people.txt", b"identifier_kind,", "csv"),
        ("../../x", b"", "ndjson"),
    ],
)
def test_the_form_of_a_file_is_told_by_name_or_start(name: str, start: bytes, form: str):
    assert form_of(name, start) == form


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=6), st.integers(0, 3), st.booleans(), st.integers(1, 50))
def test_every_json_value_comes_back_from_a_list_however_it_is_cut_and_indented(values: list, indent: int, ascii_only: bool, cut: int):
    content = json.dumps(values, indent=indent or None, ensure_ascii=ascii_only).encode()

    found = list(read_items(_Cut(content, cut), form="json"))

    assert [(item.value, item.problem) for item in found] == [(value, None) for value in values]


@given(st.lists(st.dictionaries(st.text(max_size=8), json_values, max_size=4), max_size=6), st.integers(1, 50))
def test_every_json_value_comes_back_from_lines_with_its_line_number(values: list, cut: int):
    found = list(read_items(_Cut(ndjson(values), cut), form="ndjson"))

    assert [(item.line, item.value, item.problem) for item in found] == [
        (number, value, None) for number, value in enumerate(values, start=1)
    ]


@example(b'""a\n', "csv", 50)
@example(b'"\n' * 3, "csv", 50)
@given(st.binary(max_size=400), st.sampled_from(["ndjson", "json", "csv"]), st.integers(1, 50))
def test_no_bytes_break_the_reader(content: bytes, form: str, cut: int):
    try:
        for found in read_items(_Cut(content, cut), form=form):
            assert found.line >= 1
    except UnreadableFile:
        assert form == "csv"


class _Cut:
    """A stream that hands out a few bytes at a time, whatever it is asked for."""

    def __init__(self, content: bytes, size: int) -> None:
        self._stream = io.BytesIO(content)
        self._size = size

    def read(self, size: int) -> bytes:
        return self._stream.read(self._size)


def test_a_batch_holds_fewer_items_where_they_are_large():
    def batch_sizes(text: str, count: int) -> list[int]:
        return [len(batch) for batch in domain._batches(Found(line, {"text": text}) for line in range(count))]

    assert batch_sizes("short", 1_100) == [500, 500, 100]
    assert batch_sizes("x" * 1_000_000, 11) == [5, 5, 1]


@pytest.mark.django_db
@pytest.mark.obligation("R-04")
def test_records_of_a_restricted_person_are_refused_with_the_reason_and_the_rest_is_done():
    ada = make_person("ada@example.com")
    restrict_subject(ada, reason="objection", actor=STAFF)
    content = ndjson([interaction(), interaction(identifier={"kind": "email", "value": "bob@example.com"}), submission()])

    outcomes = bring_in(content)

    assert results(outcomes) == [(1, "gate_restriction"), (2, "created"), (3, "gate_restriction")]
    assert outcomes[0].message == "The use of this person's data is restricted at present."
    assert "ada" not in outcomes[0].message
    lift_restriction(ada, reason="assessed", actor=STAFF)
    assert results(bring_in(content)) == [(1, "created"), (2, "unchanged"), (3, "created")]


@pytest.mark.django_db
def test_a_record_that_is_there_already_stays_unchanged_under_a_restriction():
    bring_in(ndjson([interaction()]))
    restrict_subject(make_person("ada@example.com"), reason="objection", actor=STAFF)

    assert results(bring_in(ndjson([interaction()]))) == [(1, "unchanged")]


@pytest.mark.django_db
def test_the_gate_is_asked_for_a_whole_batch_at_once(django_assert_max_num_queries):
    content = ndjson(interaction(identifier={"kind": "email", "value": f"person{number}@example.com"}) for number in range(200))

    with django_assert_max_num_queries(20):
        bring_in(content)


@pytest.mark.django_db
def test_every_category_is_taken_in_for_a_purpose_of_its_source():
    described = {source.describe().key: source.describe() for source in registry.all()}

    assert set(domain.PURPOSES) == set(domain.Category)
    for category, purpose in domain.PURPOSES.items():
        assert purpose in described[f"records.{category.value}"].purposes
