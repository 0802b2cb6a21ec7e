"""The page at the desk where other people's data is found and hidden, and what the person reads of it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.sources import FileItem, Record, registry
from requests_app.domain import release_bundle
from requests_app.models import BundleScan, Redaction, Request
from requests_app.redaction import scanning
from requests_app.redaction.candidates import Found, find_candidates
from requests_app.redaction.deciding import hide_text
from requests_app.roles import AGENT, AUDITOR, DPO
from tests.factories.accounts import make_account, signed_in
from tests.factories.requests import ToldSource, bundle_of, fresh, staff_actor, worked
from tests.requests_app.redaction.test_deciding import made_anew
from tests.requests_app.test_desk import at_desk, ticket

pytestmark = pytest.mark.django_db

PERSON = {"full_name": "Ana Beispiel", "username": "ana", "email": "ana@people.example", "phone": "+4930901820", "country": "DE"}
ITEMS = [
    Record("1", {"note": "From Bo M\u00fcller <bo@others.example> to Ana Beispiel <ana@people.example>, 2024-01-02 08:30"}),
    Record("2", {"note": "Bo M\u00fcller asked to be called at 030 23125 012, not at 030/901820. Order 0815, 01.02.2024."}),
    Record("3", {"note": "bo@others.example again; Kim Desk <kim@desk.example> answered", "deep": [{"x": "BO@others.example"}]}),
    FileItem("3", "scan.png", "image/png", lambda: io.BytesIO(b"png")),
]


@pytest.fixture
def request_in_review() -> Any:
    make_account(full_name="Kim Desk", username="kim", email="kim@desk.example", password=None, is_staff=True)
    with registry.temporarily(ToldSource(items=ITEMS)):
        yield worked(make_account(**PERSON, password=None))


def look(client: Client, request: Request) -> None:
    client.post(ticket(request, "look/"), {"reason": "prepare_answer", "note": "Check for data of others."})


def post(client: Client, request: Request, path: str, **data: str) -> Any:
    return client.post(ticket(request, f"redactions/{path}/"), data, follow=True)


@pytest.mark.obligation("R-01")
def test_what_may_be_somebody_elses_is_suggested_and_what_is_the_persons_own_never(request_in_review: Request) -> None:
    found = {item.text: item for item in find_candidates(bundle_of(request_in_review)).candidates}

    told = {text: item for text, item in found.items() if any(place["source"] == "tests.told" for place in item.contexts)}
    assert {text: (item.form, item.count, item.is_staff) for text, item in told.items()} == {
        "bo@others.example": ("email", 3, False),
        "kim@desk.example": ("email", 1, True),
        "030 23125 012": ("phone", 1, False),
        "Bo M\u00fcller": ("words", 2, False),
        "Kim Desk": ("words", 1, True),
    }
    assert told["Bo M\u00fcller"].with_ == "bo@others.example"
    assert not any("ana" in text.lower() or "901820" in text for text in found)


@pytest.mark.parametrize(("role", "opens"), [(DPO, True), (AGENT, True), (AUDITOR, False)])
def test_who_may_open_the_page(request_in_review: Request, role: str, opens: bool) -> None:
    client = at_desk(role)
    look(client, request_in_review)

    answers = [client.get(ticket(request_in_review, "redactions/"))]
    answers += [
        client.post(ticket(request_in_review, f"redactions/{path}/"), {"text": "Bo M\u00fcller"}) for path in ("hide-text", "hide-place")
    ]

    assert [answer.status_code != 403 for answer in answers] == [opens] * 3


@pytest.mark.obligation("D-07")
def test_nothing_is_shown_or_hidden_without_a_reason(request_in_review: Request) -> None:
    client = at_desk()

    page = client.get(ticket(request_in_review, "redactions/"), follow=True).content.decode()
    post(client, request_in_review, "hide-text", text="Bo M\u00fcller")

    assert "bo@others.example" not in page
    assert "Give a reason first." in page
    assert not Redaction.objects.exists()
    assert not BundleScan.objects.exists()


def test_one_click_hides_and_the_page_shows_before_and_after(request_in_review: Request) -> None:
    client = at_desk()
    look(client, request_in_review)
    page = client.get(ticket(request_in_review, "redactions/")).content.decode()
    assert "Hide as Person A" in page
    assert "Hide as Staff member A" in page

    page = post(client, request_in_review, "hide-text", text="bo@others.example", label="person:new").content.decode()
    assert "Hidden as Person A when the copy is made anew." in page
    assert "Hide as Person A: Bo M\u00fcller" in page, "the name that stands beside the address"
    page = post(client, request_in_review, "hide-text", text="Bo M\u00fcller", label="person:1").content.decode()
    assert "From [Person A] &lt;[Person A]&gt; to Ana Beispiel" in page
    assert "not made yet" in page

    refused = client.post(ticket(request_in_review, "act/released/"), {"sure": "on"}, follow=True).content.decode()
    assert "Collect everything again first." in refused
    client.post(ticket(request_in_review, "act/collected_again/"), {"sure": "on"})
    run_until_idle()
    page = client.get(ticket(request_in_review, "redactions/")).content.decode()
    assert "The present copy was made with what is hidden below." in page
    assert 'data-label="Places in the copy">3</td>' in page
    assert 'data-label="Places in the copy">2</td>' in page
    opened = AuditEntry.objects.filter(verb="requests.redactions_opened")
    assert len(opened) == 1, "once for a look, however often the page is loaded"
    assert {entry.ticket for entry in opened} == {request_in_review.ref}
    assert {str(entry.parameters) for entry in opened} == {"{'reason': 'prepare_answer'}"}


def test_bad_input_is_answered_and_kept(request_in_review: Request) -> None:
    client = at_desk()
    look(client, request_in_review)

    own = post(client, request_in_review, "hide-text", text="Ana Beispiel")
    nothing = post(client, request_in_review, "hide-place", kind="field", source="tests.told", record_key="1")
    unknown = post(client, request_in_review, "hide-text", text="Bo M\u00fcller", label="person:9")

    assert [answer.status_code for answer in (own, nothing, unknown)] == [422] * 3
    assert "never hidden from them" in own.content.decode()
    assert 'value="Ana Beispiel"' in own.content.decode()
    assert "Name the field of the record" in nothing.content.decode()
    assert not Redaction.objects.exists()


def test_what_is_not_in_the_copy_is_hidden_only_where_it_is_meant_for_later(request_in_review: Request) -> None:
    client = at_desk()
    look(client, request_in_review)
    place = {"kind": "record", "source": "tests.told", "record_key": "1"}

    wrong = [
        post(client, request_in_review, "hide-text", text="Nobody Here"),
        post(client, request_in_review, "hide-place", **place | {"record_key": "nonsense"}),
        post(client, request_in_review, "hide-place", **place | {"kind": "field", "field": "nothing"}),
        post(client, request_in_review, "hide-place", **place | {"kind": "file"}),
    ]
    assert ["This is not found in this copy." in answer.content.decode() for answer in wrong] == [True] * 4
    assert post(client, request_in_review, "hide-place", **place | {"source": ""}).status_code == 422
    assert not Redaction.objects.exists()

    post(client, request_in_review, "hide-text", text="Nobody Here", also_later="on")
    post(client, request_in_review, "hide-place", **place)
    assert Redaction.objects.count() == 2


def test_the_records_of_the_copy_can_be_picked_from(request_in_review: Request) -> None:
    client = at_desk()
    look(client, request_in_review)
    page = client.get(ticket(request_in_review, "redactions/")).content.decode()
    assert "<code>2</code> Bo M\u00fcller asked to be called" in page
    assert '<option value="" selected>Choose …</option>' in page


def test_a_file_and_a_record_are_left_out_and_shown_again(request_in_review: Request) -> None:
    client = at_desk()
    look(client, request_in_review)
    post(client, request_in_review, "hide-place", kind="file", source="tests.told", record_key="3")
    post(client, request_in_review, "hide-place", kind="record", source="tests.told", record_key="1")

    page = client.get(ticket(request_in_review, "redactions/")).content.decode()
    assert "<em>left out</em>" in page
    request = made_anew(request_in_review)
    assert bundle_of(request).summary["hidden"] | {"by": 0} == {"places": 0, "records": 1, "files": 1, "sources": ["tests.told"], "by": 0}

    look(client, request)
    for redaction in Redaction.objects.all():
        post(client, request, f"{redaction.pk}/show-again")
    assert "hidden" not in bundle_of(made_anew(fresh(request))).summary


def test_a_large_copy_is_looked_through_by_a_worker(request_in_review: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "AT_ONCE_BYTES", 0)
    client = at_desk()
    look(client, request_in_review)

    page = client.get(ticket(request_in_review, "redactions/")).content.decode()
    run_until_idle()
    later = client.get(ticket(request_in_review, "redactions/")).content.decode()

    assert "is being looked through" in page
    assert "bo@others.example" in later
    scan = BundleScan.objects.get()
    assert any(item.text == "bo@others.example" for item in Found.from_json(scan.found or "").candidates)


def test_what_was_found_goes_with_the_copy(request_in_review: Request) -> None:
    scanning.see_to_scan(bundle_of(request_in_review))
    assert BundleScan.objects.exists()

    request = made_anew(request_in_review)
    assert not BundleScan.objects.exists()
    scanning.see_to_scan(bundle_of(request))
    release_bundle(request, actor=staff_actor())

    assert not BundleScan.objects.exists()


def test_a_later_request_suggests_what_was_hidden_before_by_the_same_label(request_in_review: Request) -> None:
    hide_text(request_in_review, text="asked to be called", label="person:new", actor=staff_actor())
    request = made_anew(request_in_review)
    release_bundle(request, actor=staff_actor())
    assert request.subject is not None
    source = ToldSource("tests.portable", items=ITEMS, portable=True)
    with registry.temporarily(source):
        later = worked(request.subject.account, kind="portability")
        client = at_desk()
        look(client, later)
        page = client.get(ticket(later, "redactions/")).content.decode()

    assert "Hide as Person A: asked to be called" in page
    assert "has this label already" in page


@pytest.mark.obligation("R-01")
def test_the_person_reads_how_much_was_hidden_and_what_they_can_do(request_in_review: Request) -> None:
    hide_text(request_in_review, text="Bo M\u00fcller", actor=staff_actor())
    request = made_anew(request_in_review)
    release_bundle(request, actor=staff_actor())
    assert request.subject is not None

    page = signed_in(request.subject.account).get(f"/requests/{request.ref}/").content.decode()

    assert "In 2 places, data about other people was replaced by labels such as “Person A”." in page
    assert "Article 15(4)" in page
    assert "Where to complain" in page
    assert "M\u00fcller" not in page
