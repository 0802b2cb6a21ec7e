"""The file as the person gets it: exactly the entries of the contract, true to what was found, the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.sources import FileItem, Problem, Record, SourceField
from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import SealedReader
from requests_app.bundle import assemble
from requests_app.bundle.assemble import schema_bytes
from requests_app.bundle.readable import main_document, volume_document, volumes_of
from requests_app.bundle.signing import jwks, keys_from_jwks
from requests_app.bundle.start_page import start_page
from requests_app.bundle.step_output import VolumePlan
from requests_app.bundle.views import bundle_keys
from requests_app.pdf.client import shared_renderer
from requests_app.pdf.documents import MainDocument, RecordProblem
from requests_app.pdf.volumes import MAIN_RECORDS, MAIN_RECORDS_PER_SOURCE, VOLUME_RECORDS
from tests.requests_app.bundle.facts import KEY, facts_of, make, opened, paper, result, result_of
from tests.requests_app.bundle.sources import ListSource

pytestmark = pytest.mark.usefixtures("bundles")


def rows(count, **values):
    return (Record(str(number), {"text": f"row {number}", **values}) for number in range(count))


def document_of(data):
    return json.loads(opened(data).read("personal-data.json").decode("utf-8", "strict"))


def check_schema(document):
    schema = json.loads(schema_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


@pytest.fixture
def full():
    """One source of every kind."""
    withheld, failed = ListSource(key="legal.hold", title="Fraud").describe(), ListSource(key="shop.orders", title="Orders").describe()
    fields = (SourceField("text", "Text"), SourceField("note", "Note", withheld="It tells of others."))
    return facts_of(
        result_of(*rows(3, note="hidden", at=datetime(2024, 1, 1, tzinfo=UTC), sum=Decimal("1.50")), key="accounts.profile", fields=fields),
        result_of(*rows(2 * VOLUME_RECORDS + 1), key="records.visits"),
        result_of(FileItem("7", "../../x", "image/png", lambda: io.BytesIO(b"\x89PNG")), Problem("8", "unreadable"), key="accounts.photo"),
        result_of(key="records.forms"),
        result(withheld, status="withheld", reason="An investigation is under way."),
        result(failed, status="failed", reason="The shop could not be reached."),
    )


@pytest.mark.obligation("R-01")
def test_a_bundle_holds_exactly_the_entries_of_the_contract(full):
    bundle, data = make(full)

    names = opened(data).namelist()
    assert names == [
        "index.html",
        "personal-data.pdf",
        "pdf/records.visits-001.pdf",
        "pdf/records.visits-002.pdf",
        "pdf/records.visits-003.pdf",
        "personal-data.json",
        "schema/personal-data.schema.json",
        "files/accounts.photo/1.png",
        "manifest.json",
        "manifest.sig",
    ]
    assert (bundle.size, bundle.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert bundle.summary == {
        "entries": 10,
        "volumes": 3,
        "sources": {"found": 3, "nothing_held": 1, "withheld": 1, "failed": 1},
        "records": 2 * VOLUME_RECORDS + 4,
        "files": 1,
        "problems": 1,
    }
    assert bundle.sealed_size == storage().size("bundle")


@pytest.mark.obligation("R-01")
def test_the_json_tells_everything_and_keeps_to_its_schema(full):
    document = document_of(make(full)[1])

    check_schema(document)
    assert list(document) == [
        "format", "reference", "created", "controller", "subject", "sources", "consents", "disclosures", "access_log", "rights",
        "automated_decisions", "transfers",
    ]  # fmt: skip
    assert document["format"] == "urn:privacycenter:personal-data:1"
    assert document["created"] == "2025-11-22T10:01:00+00:00"
    assert document["subject"] == {
        "identifiers": [{"kind": "email", "value": "amira@example.com"}],
        "account": {"username": "amira", "at": "2025-11-22T10:01:00+00:00"},
    }
    assert document["sources"][0] == {
        "key": "accounts.profile",
        "title": "A list",
        "category": "other",
        "status": "found",
        "reason": None,
        "origin": "from a test",
        "purposes": [{"key": "support", "title": "Support", "legal_basis": "Contract"}],
        "recipients": [{"key": "service_providers", "name": "Service providers"}],
        "retention": {"rule": "Three years", "until": None},
        "portable": False,
        "fields": [
            {"name": "text", "label": "Text", "sensitivity": "ordinary"},
            {"name": "note", "label": "Note", "sensitivity": "ordinary", "withheld": "It tells of others."},
        ],
        "count": 3,
        "records": [{"key": str(n), "text": f"row {n}", "at": "2024-01-01T00:00:00+00:00", "sum": "1.50"} for n in range(3)],
        "problems": [],
        "files": [],
    }
    visits, photo, forms, hold, shop = document["sources"][1:]
    assert [record["text"] for record in visits["records"]] == [f"row {number}" for number in range(2 * VOLUME_RECORDS + 1)]
    assert photo["problems"] == [{"record": "8", "reason": "unreadable"}]
    assert photo["files"] == [
        {
            "path": "files/accounts.photo/1.png",
            "original_name": "../../x",
            "media_type": "image/png",
            "size": 4,
            "sha256": hashlib.sha256(b"\x89PNG").hexdigest(),
            "record": "7",
        }
    ]
    assert (forms["status"], forms["count"], forms["records"]) == ("nothing_held", 0, [])
    assert (hold["status"], hold["reason"]) == ("withheld", "An investigation is under way.")
    assert (shop["status"], shop["reason"]) == ("failed", "The shop could not be reached.")


def test_the_manifest_names_every_other_entry_and_its_signature_holds(full):
    _, data = make(full)
    archive = opened(data)

    manifest = json.loads(archive.read("manifest.json"))
    listed = {entry["name"]: (entry["size"], entry["sha256"]) for entry in manifest["entries"]}
    found = {name: archive.read(name) for name in archive.namelist() if not name.startswith("manifest.")}
    assert listed == {name: (len(body), hashlib.sha256(body).hexdigest()) for name, body in found.items()}
    assert (manifest["ref"], manifest["created"], manifest["format_version"]) == ("PR-7K3M-Q9XA", "2025-11-22T10:01:00+00:00", 1)
    # the way of anybody else: the published key set, and nothing of ours
    published = json.loads(bundle_keys(RequestFactory().get("/")).content)
    (key,) = [key for key in published["keys"] if key["kid"] == manifest["key_id"]]
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
    public.verify(base64.b64decode(archive.read("manifest.sig"), validate=True), archive.read("manifest.json"))


def test_the_same_data_gives_the_same_bytes(full):
    assert make(full, name="a")[1] == make(full, name="b")[1]


def test_nothing_of_it_lies_about_in_the_clear(full, bundles):
    make(full)

    stored = b"".join(path.read_bytes() for path in bundles.rglob("*") if path.is_file())
    assert b"row 1" not in stored
    assert b"PK\x03\x04" not in stored
    store = storage()
    with pytest.raises(DecryptionFailed):
        SealedReader(lambda start, length: store.read_range("bundle", start, length), store.size("bundle"), bytes(32))


def test_an_empty_bundle_is_a_bundle():
    bundle, data = make(facts_of(access_log=(), rights=(), authority=None))

    check_schema(document_of(data))
    assert bundle.summary == {"entries": 6, "volumes": 0, "sources": {}, "records": 0, "files": 0, "problems": 0}


def test_a_portability_bundle_takes_portable_sources_only():
    portable = result_of(Record("1", {"text": "x"}), key="a.b", portable=True)

    document = document_of(make(facts_of(portable, kind="portability"))[1])
    check_schema(document)
    assert (document["rights"]["exercised"], document["sources"][0]["portable"]) == ("portability", True)
    with pytest.raises(ValueError, match="portable"):
        facts_of(result_of(key="c.d"), kind="portability")


def test_facts_that_contradict_themselves_are_refused():
    described = ListSource().describe()
    with pytest.raises(ValueError, match="twice"):
        facts_of(result_of(), result_of())
    with pytest.raises(ValueError, match="zone"):
        facts_of(created=datetime(2025, 1, 1))  # noqa: DTZ001 - the mistake itself
    with pytest.raises(ValueError, match="reason"):
        result(described, status="withheld")
    with pytest.raises(ValueError, match="no output"):
        result(described, status="failed", reason="x", output=result_of().output)


NASTY = [
    "</script><img src=x onerror=alert(1)>",
    "{{ 7|add:7 }}{% debug %}",
    '"quotes"\\back\nnew\ttab\x00nul\x1b\x7f\x85',
    "\u202eexe.gnp\u2066",
    "lone \ud800",
    "\u2028\u2029",
    "مرحبا שלום नमस्ते 你好 안녕 👩‍👩‍👧",
    "file:///etc/passwd http://169.254.169.254/",
    "4111 1111 1111 1111",
    "],\n",
    '      "records": [',
    "x" * 5_000_000,
]


def test_whatever_stands_in_the_data_the_document_stays_whole():
    described = ListSource(title=NASTY[0]).describe()
    held = result_of(*(Record(text[:50], {"text": text, text[:60]: [text]}) for text in NASTY), key="a.b", title=NASTY[3])
    refused = result(described, status="failed", reason=NASTY[2] + NASTY[4] + NASTY[8])

    _, data = make(facts_of(held, refused, access_log=[{"at": None, "who": NASTY[4], "what": NASTY[2]}]))

    document = document_of(data)
    check_schema(document)
    texts = [record["text"] for record in document["sources"][0]["records"]]
    marked = NASTY[2].replace("\x00", "⟨U+0000⟩")
    assert texts == [*NASTY[:2], marked, NASTY[3], "lone ⟨U+D800⟩", *NASTY[5:8], "[card number ending 1111]", *NASTY[9:]]
    assert b"4111" not in opened(data).read("personal-data.json")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals()
    | st.datetimes(timezones=st.just(UTC))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(min_size=1), VALUES, max_size=4), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_records_make_a_valid_document(values):
    _, data = make(facts_of(result_of(*(Record(str(number), item) for number, item in enumerate(values)))))

    document = document_of(data)
    check_schema(document)
    assert document["sources"][0]["count"] == len(document["sources"][0]["records"]) == len(values)


# ---------------------------------------------------------------- PDF documents


def test_the_pdf_gets_the_same_facts(full):
    document = main_document(full, key=KEY)

    profile, visits, photo, forms, hold, shop = document.sources
    assert profile.records[0] == {"text": "row 0", "at": "2024-01-01T00:00:00+00:00", "sum": "1.50"}
    assert [(item.name, item.sensitivity) for item in profile.fields] == [("text", ""), ("note", "not given: It tells of others.")]
    assert (visits.records, [volume.path for volume in visits.volumes]) == ([], [f"pdf/records.visits-00{n}.pdf" for n in (1, 2, 3)])
    assert [(item.record, item.reason) for item in photo.problems] == [("8", "unreadable")]
    assert [item.path for item in photo.files] == ["files/accounts.photo/1.png"]
    assert [source.status for source in (forms, hold, shop)] == ["nothing_held", "withheld", "failed"]
    assert (document.kind, document.created_text) == ("access", "Saturday, 22 November 2025, 10:01 (UTC)")
    assert [row["who"] for row in document.access_log.rows] == ["Staff"]


def test_a_volume_reads_its_slice_alone(full):
    visits = full.sources[1]
    plan = visits.output.volumes[1]

    document = volume_document(full, visits, plan, key=KEY)

    assert (document.number, document.total, document.first, len(document.records)) == (2, 3, VOLUME_RECORDS + 1, VOLUME_RECORDS)
    assert document.records[0] == {"text": f"row {VOLUME_RECORDS}"}


def test_volumes_come_from_where_they_were_rendered(full):
    asked = []

    def read_volume(key, number):
        asked.append((key, number))
        return b"%PDF whole" if number == 1 else iter([b"%PDF in ", b"pieces"])

    _, data = make(full, read_volume=read_volume)

    assert asked == [("records.visits", number) for number in (1, 2, 3)]
    assert [opened(data).read(f"pdf/records.visits-00{n}.pdf") for n in (1, 2, 3)] == [b"%PDF whole", b"%PDF in pieces", b"%PDF in pieces"]


def test_a_volume_that_could_not_be_rendered_is_a_page_that_says_so(full):
    rendered = []

    def note(document):
        rendered.append(document)
        return paper(document)

    make(full, read_volume=lambda key, number: None if number == 2 else b"%PDF", render=note)

    _, replacement = rendered
    assert (replacement.number, replacement.records) == (2, [None] * VOLUME_RECORDS)


def test_what_could_not_be_printed_is_named_in_the_json_on_the_start_page_and_in_the_summary(full):
    def poisoned(document):
        missing = [RecordProblem("tests.list:2", "renderer_died")] if isinstance(document, MainDocument) else []
        return paper(document)[0], missing

    bundle, data = make(full, render=poisoned, read_volume=lambda key, number: b"%PDF", unprinted={"records.visits": [VOLUME_RECORDS + 2]})
    small = facts_of(result_of(*rows(3)))
    _, again = make(small, render=poisoned)

    reason = "It could not be printed. It stands in personal-data.json."
    visits = next(item for item in json.loads(opened(data).read("personal-data.json"))["sources"] if item["key"] == "records.visits")
    assert visits["problems"] == [{"record": visits["records"][VOLUME_RECORDS + 1]["key"], "reason": reason}]
    assert bundle.summary["problems"] >= 1
    (listed,) = json.loads(opened(again).read("personal-data.json"))["sources"]
    assert listed["problems"] == [{"record": listed["records"][1]["key"], "reason": reason}]
    assert opened(again).read("index.html") != opened(make(small)[1]).read("index.html")


def test_when_the_main_pdf_is_full_later_sources_get_a_volume():
    each = MAIN_RECORDS_PER_SOURCE
    sources = [result_of(*rows(each), key=f"tests.s{number}") for number in range(MAIN_RECORDS // each + 2)]

    volumes = volumes_of(sources)
    _, data = make(facts_of(*sources))

    last = [source.key for source in sources[MAIN_RECORDS // each :]]
    assert volumes == {key: (VolumePlan(1, 1, each, 0, sources[-1].output.size),) for key in last}
    assert [name for name in opened(data).namelist() if name.startswith("pdf/")] == [f"pdf/{key}-001.pdf" for key in last]


def test_real_pdfs_are_made():
    try:
        _, data = make(facts_of(result_of(*rows(3))), render=assemble.render)
    finally:
        shared_renderer().close()

    assert opened(data).read("personal-data.pdf").startswith(b"%PDF-")


# ---------------------------------------------------------------- start page


def test_the_start_page_loads_nothing_and_allows_only_its_own_style(full):
    page = start_page(full, volumes_of(full.sources)).decode()

    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert re.findall(r"<(?:script|img|link|iframe|object|form)\b", page) == []
    assert {link for link in re.findall(r'href="([^"]+)"', page) if "://" in link} == set()


def test_the_start_page_says_what_is_in_it_what_is_not_and_why(full):
    page = start_page(full, volumes_of(full.sources)).decode()

    for text in (
        "PR-7K3M-Q9XA",
        "amira@example.com",
        "An investigation is under way.",
        "The shop could not be reached.",
        "It tells of others.",
        'href="pdf/records.visits-003.pdf"',
        "You may ask.",
        "The authority",
        "/.well-known/privacy-bundle-keys.json",
    ):
        assert text in page
    assert page.count("<h1>") == 1


def test_every_link_of_the_start_page_leads_into_the_bundle(full):
    archive = opened(make(full)[1])

    links = re.findall(r'href="([^"]+)"', archive.read("index.html").decode())

    assert len(links) > 5
    assert set(links) <= set(archive.namelist())


def test_the_start_page_shows_hostile_text_as_text():
    described = ListSource(title=NASTY[0]).describe()
    facts = facts_of(
        result(described, status="failed", reason=NASTY[1] + NASTY[3] + NASTY[4]), failure_reason="<b>because</b>", language="ar"
    )

    page = start_page(facts, {}).decode("utf-8", "strict")

    assert "&lt;/script&gt;&lt;img" in page
    assert "{{ 7|add:7 }}" in page
    assert "⟨U+202E⟩" in page
    assert "&lt;b&gt;because&lt;/b&gt;" in page
    assert "<img" not in page
    assert 'dir="rtl"' in page


def test_a_portability_page_says_what_it_leaves_out():
    page = start_page(facts_of(kind="portability"), {}).decode()

    assert "Your data to take with you" in page
    assert "a request for access gives you everything else" in page


# ---------------------------------------------------------------- keys


def test_the_key_set_holds_public_parts_of_every_key_and_no_private_one(settings):
    settings.BUNDLE_SIGNING_KEYS = {"new": bytes(range(32)), "old": bytes(32)}

    document = jwks()

    assert [key["kid"] for key in document["keys"]] == ["new", "old"]
    assert {name for key in document["keys"] for name in key} == {"kty", "crv", "x", "kid", "use", "alg"}
    assert len(set(keys_from_jwks(document).values()) - set(settings.BUNDLE_SIGNING_KEYS.values())) == 2


@pytest.mark.parametrize("document", [None, [], {}, {"keys": {}}])
def test_what_is_no_key_set_is_refused(document):
    with pytest.raises(ValueError, match="no key set"):
        keys_from_jwks(document)


def test_progress_is_told_while_it_is_written(full, monkeypatch):
    moments = iter(range(0, 10_000, 2))
    monkeypatch.setattr(assemble.time, "monotonic", lambda: float(next(moments)))
    told = []

    make(full, on_progress=told.append)

    assert len(told) > 5
    assert told == sorted(told)


def test_a_storage_that_fails_leaves_no_bundle(full, bundles):
    def read_volume(key, number):
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        make(full, name="half", read_volume=read_volume)

    with pytest.raises(FileNotFoundError):
        storage().size("half")
    assert list(bundles.rglob("*.part")) == []
